import Synchronization

/// Tells whoever is interested, once, that the client of a connection has gone away.
package final class ConnectionClosure: Sendable {
    private struct State {
        var isClosed = false
        var handlers: [Int: @Sendable () -> Void] = [:]
        var registrations = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Calls `handler` when the client goes away, at once if it has. The result is for `remove`.
    package func onClose(_ handler: @escaping @Sendable () -> Void) -> Int {
        let (registration, isClosed) = state.withLock { state in
            state.registrations += 1
            if !state.isClosed { state.handlers[state.registrations] = handler }
            return (state.registrations, state.isClosed)
        }
        if isClosed { handler() }
        return registration
    }

    package func remove(_ registration: Int) {
        state.withLock { state in
            _ = state.handlers.removeValue(forKey: registration)
        }
    }

    package func close() {
        let handlers = state.withLock { state in
            state.isClosed = true
            defer { state.handlers = [:] }
            return Array(state.handlers.values)
        }
        for handler in handlers { handler() }
    }
}
