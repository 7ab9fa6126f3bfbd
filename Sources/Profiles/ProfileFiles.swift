import Foundation
import JSON
package import Planning
import SettingsFiles

/// Why a profile or a model's figures are of no use: one line that says which file and what.
package struct ProfileFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Finds hardware profiles and models' figures, by path or by the name of one in a folder of
/// profiles, and reads them.
package struct ProfileFiles {
    private let folders: [String]

    /// - Parameter folders: Hold `models` and `hardware`; the first that has a profile is taken.
    package init(folders: [String]) {
        self.folders = folders
    }

    /// - Parameter name: a YAML file, or the name of a profile.
    package func hardware(_ name: String) throws(ProfileFileError) -> HardwareProfile {
        let path = try path(of: name, in: "hardware", endings: ["yaml", "yml"])
        do throws(SettingsError) {
            return try HardwareProfile(SettingsTable(contentsOf: path))
        } catch {
            throw ProfileFileError(error.description)
        }
    }

    /// - Parameter name: a `config.json`, a folder with one, or the name of a model. The model is
    ///   called as its file or folder is.
    package func model(_ name: String) throws(ProfileFileError) -> ModelShape {
        var path = try path(of: name, in: "models", endings: ["json"])
        var url = URL(filePath: path)
        if Self.isFolder(path) {
            path = url.appending(path: "config.json").path(percentEncoded: false)
        } else if url.lastPathComponent == "config.json" {
            url.deleteLastPathComponent()
        } else {
            url.deletePathExtension()
        }
        let object = try object(path)
        do throws(ConfigurationError) {
            return try ModelShape(name: url.lastPathComponent, configuration: object)
        } catch {
            throw ProfileFileError("\(path): \(error)")
        }
    }

    private func object(_ path: String) throws(ProfileFileError) -> JSONObject {
        let bytes = try bytes(path)
        do throws(JSONSyntaxError) {
            if case .object(let object) = try JSONValue(parsing: bytes) { return object }
        } catch {
            let line = bytes.prefix(error.offset).count { $0 == UInt8(ascii: "\n") } + 1
            throw ProfileFileError("\(path):\(line): not JSON: \(error.message)")
        }
        throw ProfileFileError("\(path): not a JSON object")
    }

    private func path(
        of name: String, in subfolder: String, endings: [String]
    ) throws(ProfileFileError) -> String {
        if FileManager.default.fileExists(atPath: name) { return name }
        let parents = folders.map { "\($0)/\(subfolder)" }
        if !name.contains("/") {
            for parent in parents {
                for ending in endings {
                    let path = "\(parent)/\(name).\(ending)"
                    if FileManager.default.fileExists(atPath: path) { return path }
                }
            }
        }
        throw missing(name, in: parents, endings: endings)
    }

    private func missing(
        _ name: String, in parents: [String], endings: [String]
    ) -> ProfileFileError {
        var known: [String] = []
        for parent in parents {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            for file in files.sorted() {
                guard let ending = endings.first(where: { file.hasSuffix(".\($0)") })
                else { continue }
                let found = String(file.dropLast(ending.count + 1))
                if !known.contains(found) { known.append(found) }
            }
        }
        let places = parents.joined(separator: " and ")
        let nearest = NearestName.nearest(to: name, among: known)
        let hint = nearest.map { "; the nearest is '\($0)'" } ?? ""
        let names = known.isEmpty ? "nothing" : known.joined(separator: ", ")
        return ProfileFileError(
            "there is no file or profile '\(name)'\(hint); in \(places) there is \(names)")
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    private static let byteCountMax = 1 << 22

    private func bytes(_ path: String) throws(ProfileFileError) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            let data = try handle.read(upToCount: Self.byteCountMax + 1) ?? Data()
            if data.count <= Self.byteCountMax { return [UInt8](data) }
        } catch {
            throw ProfileFileError("\(path): the file cannot be read")
        }
        throw ProfileFileError("\(path): the file has more than \(Self.byteCountMax) bytes")
    }
}
