import CPlatform
import Glibc
import PipelineTypes
import Synchronization

/// What other threads ask of the coordinator's.
enum Command: Sendable {
    case submit(GenerationRequest, AsyncStream<RequestEvent>.Continuation)
    case cancel(RequestID)
    case flushCache
    case beginCostProfile
    case endCostProfile
    case repartition
    case shutDown
}

/// Carries commands to the coordinator's thread and wakes it.
final class Inbox: Sendable {
    private struct State {
        var commands: [Command] = []
        var isClosed = false
    }

    /// Becomes readable when there are commands.
    let descriptor: Int32
    private let state = Mutex(State())

    init() throws(CoordinatorError) {
        descriptor = penstock_eventfd()
        guard descriptor >= 0 else {
            throw CoordinatorError("the system has no file descriptors left")
        }
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// False if nobody reads the inbox any more.
    func post(_ command: Command) -> Bool {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.commands.append(command) }
            return !state.isClosed
        }
        if isOpen { penstock_wake(descriptor) }
        return isOpen
    }

    /// Takes all commands, oldest first.
    func take() -> [Command] {
        penstock_drain(descriptor)
        return state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Refuses commands from now on; returns those that nobody has taken.
    func close() -> [Command] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands = [] }
            return state.commands
        }
    }
}
