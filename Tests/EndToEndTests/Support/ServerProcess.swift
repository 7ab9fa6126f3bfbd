import Foundation

/// A `penstock serve` of its own, on a port that the system chose.
final class ServerProcess: Sendable {
    let url: URL
    private let child: ChildProcess

    /// Returns when the server says where it is.
    init(_ arguments: [String]) async throws {
        child = try ChildProcess(
            Penstock.executable, ["serve", "--port", "0", "--log-level", "warning"] + arguments)
        let line = try await child.line(containing: " at http://")
        guard let address = line.components(separatedBy: " at ").last,
            let url = URL(string: address)
        else { throw ChildProcessError("no address in: \(line)") }
        self.url = url
    }

    /// A test that failed leaves no server behind.
    deinit {
        child.kill()
    }

    /// Runs a server for as long as `body` takes.
    static func run<Result>(
        _ arguments: [String], _ body: (ServerProcess) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerProcess(arguments)
        do {
            let result = try await body(server)
            server.child.kill()
            return result
        } catch {
            server.child.kill()
            throw error
        }
    }

    /// The server and all processes below it.
    var processes: [Int32] {
        ProcessTree.descendants(of: child.processID)
    }

    /// Kills its stages again and again until it ends itself; returns its exit status and what it
    /// wrote on standard error.
    func loseStagesForGood() async -> (status: Int32, errors: String) {
        async let status = child.end()
        while ProcessTree.isRunning(child.processID) {
            for process in processes where ProcessTree.arguments(of: process).last == "stage" {
                kill(process, SIGKILL)
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return (await status, child.errors)
    }

    /// Ctrl-C. Returns the exit status and how many seconds the end took.
    func interrupt() async -> (status: Int32, seconds: Double) {
        let began = ContinuousClock.now
        child.signal(SIGINT)
        let status = await child.end()
        return (status, (ContinuousClock.now - began) / .seconds(1))
    }

    /// Ctrl-C. Returns the exit status and what was written on standard error.
    func interruptAndRead() async -> (status: Int32, errors: String) {
        child.signal(SIGINT)
        let status = await child.end()
        return (status, child.errors)
    }

    /// POSTs a body; returns the status and the answer.
    func post(_ path: String, _ body: String) async throws -> (status: Int, body: String) {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "penstock-body-\(UUID().uuidString)")
        try Data(body.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await curl(
            path, ["-H", "Content-Type: application/json", "--data-binary", "@\(file.path)"])
    }

    func get(_ path: String) async throws -> [String: any Sendable] {
        let (_, body) = try await curl(path, [])
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8))
        return object as? [String: any Sendable] ?? [:]
    }

    private func curl(
        _ path: String, _ arguments: [String]
    ) async throws -> (status: Int, body: String) {
        let result = try await ChildProcess.run(
            "/usr/bin/curl",
            ["-s", "--max-time", "120", "-w", "\n%{http_code}"] + arguments
                + [url.appending(path: path).absoluteString])
        var lines = result.output.components(separatedBy: "\n")
        let status = lines.popLast().flatMap { Int($0) } ?? 0
        return (status, lines.joined(separator: "\n"))
    }
}

/// Processes as /proc shows them.
enum ProcessTree {
    /// A process and all below it that run.
    static func descendants(of root: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let parents = names.compactMap(Int32.init).compactMap { process in
            fields(of: process).flatMap { fields in
                fields[0] == "Z" ? nil : Int32(fields[1]).map { (process, $0) }
            }
        }
        var found: [Int32] = []
        var next = [root]
        while let process = next.popLast() {
            found.append(process)
            next += parents.filter { $0.1 == process }.map(\.0)
        }
        return found
    }

    static func arguments(of process: Int32) -> [Substring] {
        let text = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
        return (text ?? "").split(separator: "\0")
    }

    static func isRunning(_ process: Int32) -> Bool {
        fields(of: process).map { $0[0] != "Z" } ?? false
    }

    /// Seconds of processor time that a process has taken so far.
    static func processorSeconds(_ process: Int32) -> Double {
        guard let fields = fields(of: process), fields.count > 12 else { return 0 }
        let ticks = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// What follows the name in /proc/PID/stat: state, parent and so on.
    private static func fields(of process: Int32) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.range(of: ") ", options: .backwards)
        else { return nil }
        return text[end.upperBound...].split(separator: " ")
    }
}
