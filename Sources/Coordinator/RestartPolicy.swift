import PipelineTypes

/// How often a pipeline that was lost is started again, and how soon.
package struct RestartPolicy: Hashable, Sendable {
    /// Restarts within the window; one more loss and the coordinator gives up.
    package var restartsMax = 5
    package var windowSeconds = 300.0
    /// Before the first restart of a window; each further one waits twice as long.
    package var firstDelaySeconds = 0.1
    package var delaySecondsMax = 10.0

    package init() {}
}

/// The restarts that count against a policy.
struct RestartHistory {
    private let policy: RestartPolicy
    private var restarts: [Instant] = []

    init(_ policy: RestartPolicy) {
        self.policy = policy
    }

    /// When to start a pipeline that was lost at `now` again; nil gives up.
    mutating func restart(after now: Instant) -> Instant? {
        restarts.removeAll { now.seconds(since: $0) > policy.windowSeconds }
        guard restarts.count < policy.restartsMax else { return nil }
        var delay = policy.firstDelaySeconds
        for _ in restarts { delay = min(2 * delay, policy.delaySecondsMax) }
        restarts.append(now)
        return now.advanced(bySeconds: delay)
    }
}

extension Instant {
    func advanced(bySeconds seconds: Double) -> Instant {
        Instant(nanoseconds: nanoseconds + Int64(seconds * 1e9))
    }
}
