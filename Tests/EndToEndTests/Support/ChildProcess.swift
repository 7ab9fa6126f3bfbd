import Foundation
import Synchronization

struct ChildProcessError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A program that a test starts, and what it writes, which goes to files: a pipe would have to be
/// read to its end.
///
/// Sendable: `Process` is started once, then only asked for its id.
final class ChildProcess: @unchecked Sendable {
    private let process = Process()
    private let folder: URL
    private let ending = Ending()

    init(_ program: String, _ arguments: [String]) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "penstock-child-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.emptyFile(folder.appending(path: "output"))
        process.standardError = try Self.emptyFile(folder.appending(path: "errors"))
        process.terminationHandler = { [ending] in ending.come($0.terminationStatus) }
        try process.run()
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs a program to its end.
    static func run(
        _ program: String, _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        let child = try ChildProcess(program, arguments)
        let status = await child.end()
        return (status, child.output, child.errors)
    }

    var processID: Int32 {
        process.processIdentifier
    }

    /// What the program has written so far.
    var output: String {
        text("output")
    }

    var errors: String {
        text("errors")
    }

    func signal(_ number: Int32) {
        Foundation.kill(processID, number)
    }

    /// Ends the program and all that it started, if it has not ended.
    func kill() {
        guard !ending.hasCome else { return }
        for process in ProcessTree.descendants(of: processID) { Foundation.kill(process, SIGKILL) }
    }

    /// Waits for the end; returns the exit status.
    func end() async -> Int32 {
        await ending.wait()
    }

    /// Waits for a whole line of output that holds `text`.
    func line(containing text: String) async throws -> String {
        while true {
            let hasEnded = ending.hasCome
            let lines = output.components(separatedBy: "\n").dropLast()
            if let line = lines.first(where: { $0.contains(text) }) { return line }
            if hasEnded { throw ChildProcessError("ended early: \(errors)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func text(_ name: String) -> String {
        let data = try? Data(contentsOf: folder.appending(path: name))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    private static func emptyFile(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }
}

/// A process's end, and those who wait for it.
private final class Ending: Sendable {
    private let state = Mutex<(status: Int32?, waiters: [CheckedContinuation<Int32, Never>])>(
        (nil, []))

    var hasCome: Bool {
        state.withLock { $0.status != nil }
    }

    func come(_ status: Int32) {
        let waiters = state.withLock { state in
            state.status = status
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    /// The exit status.
    func wait() async -> Int32 {
        await withCheckedContinuation { waiter in
            let status = state.withLock { state in
                if state.status == nil { state.waiters.append(waiter) }
                return state.status
            }
            if let status { waiter.resume(returning: status) }
        }
    }
}
