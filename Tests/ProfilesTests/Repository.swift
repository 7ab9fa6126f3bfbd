import Foundation
import Profiles

enum Repository {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "profiles").path(percentEncoded: false)

    static let files = ProfileFiles(folders: [folder])

    /// The names of the files in one of its folders, without their endings.
    static func names(_ subfolder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(subfolder)")
            .filter { !$0.hasSuffix(".md") }
            .map { String($0[..<($0.lastIndex(of: ".") ?? $0.endIndex)]) }.sorted()
    }
}
