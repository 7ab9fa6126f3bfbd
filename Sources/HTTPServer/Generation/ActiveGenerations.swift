import PipelineTypes
import Synchronization

/// The generations that are running, for those who want to end them from outside.
final class ActiveGenerations: Sendable {
    struct Entry: Sendable {
        /// What each sequence is called, and what the engine calls it.
        var names: [String]
        var requests: [RequestID]
        var cancel: @Sendable () -> Void
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        var registrations = 0
        var isShuttingDown = false
    }

    private let state = Mutex(State())

    /// Adds a generation; the result is for `remove`.
    func add(_ entry: Entry) -> Int {
        state.withLock { state in
            state.registrations += 1
            state.entries[state.registrations] = entry
            return state.registrations
        }
    }

    func remove(_ registration: Int) {
        state.withLock { state in
            _ = state.entries.removeValue(forKey: registration)
        }
    }

    /// The engine's requests for the sequences with this name, a batch's being its name and a
    /// number; for all of them for nil.
    func requests(named name: String?) -> [RequestID] {
        state.withLock { state in
            state.entries.values.flatMap { entry in
                zip(entry.names, entry.requests)
                    .filter { own, _ in
                        name.map { own == $0 || own.hasPrefix($0 + "_") } ?? true
                    }
                    .map { $0.1 }
            }
        }
    }

    var isEmpty: Bool {
        state.withLock { $0.entries.isEmpty }
    }

    /// From now on new generations are to be refused.
    func beginShutdown() {
        state.withLock { $0.isShuttingDown = true }
    }

    var isShuttingDown: Bool {
        state.withLock { $0.isShuttingDown }
    }

    func cancelAll() {
        let entries = state.withLock { Array($0.entries.values) }
        for entry in entries { entry.cancel() }
    }
}
