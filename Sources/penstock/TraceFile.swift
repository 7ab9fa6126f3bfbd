import Foundation
import Timelines

/// A file that is opened before there is anything to write, so that whoever asks for a trace learns
/// at once that it cannot be had.
final class TraceFile: Sendable {
    enum Mode {
        /// What was there is replaced when the trace is written, not before.
        case replace
        /// There must be no such file yet.
        case create
    }

    let path: String
    private let handle: FileHandle

    init(_ path: String, _ mode: Mode) throws(FileError) {
        let create = mode == .create ? O_EXCL | O_NOFOLLOW : 0
        handle = try PlainFile.open(path, O_WRONLY | O_CREAT | create, Self.action)
        self.path = path
    }

    private static let action = "write the trace to"

    /// Writes the trace on a thread where that holds up nobody, and closes the file.
    func write(_ timeline: Timeline) async throws(FileError) {
        let result: Result<Void, FileError> = await withCheckedContinuation { done in
            DispatchQueue.global(qos: .utility).async {
                done.resume(
                    returning: Result { () throws(FileError) in
                        try self.writeNow(timeline)
                    })
            }
        }
        try result.get()
    }

    private func writeNow(_ timeline: Timeline) throws(FileError) {
        do {
            // Pipes and the like cannot be shortened, and need not be.
            try? handle.truncate(atOffset: 0)
            try ChromeTrace.write(timeline) { try handle.write(contentsOf: Data($0)) }
            try handle.close()
        } catch {
            throw FileError(action: Self.action, path: path, error)
        }
    }
}
