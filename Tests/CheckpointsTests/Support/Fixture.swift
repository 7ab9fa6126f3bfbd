import CheckpointFiles
import Foundation

@testable import Checkpoints

/// Committed files, and the model that the test suite's set-up fetches.
enum Fixture {
    private static let tests = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()

    static let smolLM2 = tests.appending(path: "../../models/SmolLM2-135M-Instruct.Q4_1.gguf")
        .standardizedFileURL.path()

    static func path(_ name: String) -> String {
        tests.appending(path: "Fixtures").appending(path: name).path()
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path(name))))
    }

    static func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    /// A file of 32-bit floats.
    static func floats(_ name: String) throws -> [Float] {
        try bytes(name).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
            }
        }
    }
}

extension Tensor {
    /// The values of `rows`, or of all.
    func floats(_ rows: Range<Int>? = nil) throws -> [Float] {
        let rows = rows ?? 0..<self.rows
        var values = [Float](repeating: -1, count: rows.count * columns)
        try values.withUnsafeMutableBufferPointer { try dequantize(rows: rows, into: $0) }
        return values
    }

    /// The values of `rows`, or of all, as bfloat16 bit patterns.
    func bfloat16s(_ rows: Range<Int>? = nil) throws -> [UInt16] {
        let rows = rows ?? 0..<self.rows
        var values = [UInt16](repeating: 0xffff, count: rows.count * columns)
        try values.withUnsafeMutableBufferPointer { try dequantize(rows: rows, into: $0) }
        return values
    }
}

/// The bits of each value, with one pattern for all NaN, whose bits no format promises.
func bits(_ values: [Float]) -> [UInt32] {
    values.map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern }
}

/// The error that opening `path` gives, without the folder in front of file names; nil if it opens.
func openError(_ path: String, in folder: TemporaryFolder) -> String? {
    do {
        _ = try Checkpoint.open(path: path)
        return nil
    } catch {
        return error.description.replacing("\(folder.path)/", with: "")
    }
}
