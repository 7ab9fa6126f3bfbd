import CPlatform
import Glibc

/// The `mpirun` process of one pipeline, in a process group of its own.
struct StageJob: ~Copyable {
    let processID: Int32
    /// Becomes readable when the process ends.
    let exitDescriptor: Int32
    /// What `mpirun` and the stages print.
    let outputDescriptor: Int32

    init(_ command: LaunchCommand) throws(CoordinatorError) {
        var writeEnd: Int32 = -1
        let readEnd = penstock_pipe(&writeEnd)
        guard readEnd >= 0 else {
            throw CoordinatorError("cannot make a pipe: \(LaunchFailure.reason)")
        }
        let arguments = Self.block(command.arguments)
        let environment = Self.block(
            command.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        let processID = penstock_spawn(
            command.program, arguments, arguments.count, environment, environment.count, writeEnd)
        let failure = LaunchFailure.reason
        close(writeEnd)
        guard processID > 0 else {
            close(readEnd)
            throw CoordinatorError("cannot start \(command.program): \(failure)")
        }
        let exitDescriptor = penstock_pidfd(processID)
        guard exitDescriptor >= 0 else {
            kill(-processID, SIGKILL)
            close(readEnd)
            throw CoordinatorError("cannot watch a process: \(LaunchFailure.reason)")
        }
        self.processID = processID
        self.exitDescriptor = exitDescriptor
        outputDescriptor = readEnd
    }

    deinit {
        close(exitDescriptor)
        close(outputDescriptor)
    }

    /// Signals `mpirun`, which passes it on to the stages as it sees fit.
    func signal(_ signal: Int32) {
        kill(-processID, signal)
    }

    /// Whether the process has ended. Once true, the id may belong to another.
    func hasEnded() -> Bool {
        var status: Int32 = 0
        return waitpid(processID, &status, WNOHANG) != 0
    }

    /// Strings one after another, each ended by a zero byte.
    private static func block(_ strings: [String]) -> [UInt8] {
        strings.flatMap { Array($0.utf8) + [0] }
    }
}

private enum LaunchFailure {
    static var reason: String {
        String(cString: strerror(errno))
    }
}
