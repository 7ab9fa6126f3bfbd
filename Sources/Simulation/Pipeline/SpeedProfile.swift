import PipelineTypes

/// How fast something works at which time: 1 is as modelled, 1/2 half as fast, 0 not at all.
struct SpeedProfile {
    /// The work takes `factor` times as long, infinity for a halt; for good if `to` is nil.
    struct Slowdown {
        var from: Instant
        var to: Instant?
        var factor: Double
    }

    private struct Change {
        var time: Instant
        /// From then on.
        var speed: Double
    }

    /// In the order of their times. Before the first, the speed is 1.
    private let changes: [Change]

    /// Slowdowns that overlap multiply.
    init(_ slowdowns: [Slowdown] = []) {
        let times = slowdowns.flatMap { [$0.from] + ($0.to.map { [$0] } ?? []) }.sorted()
        changes = times.map { time in
            let inForce = slowdowns.filter { $0.from <= time && $0.to.map { time < $0 } ?? true }
            return Change(time: time, speed: inForce.reduce(1) { $0 / $1.factor })
        }
    }

    /// When work of so many seconds is done that begins at `start`; the horizon if it never is.
    func end(of seconds: Double, from start: Instant) -> Instant {
        var left = seconds
        var now = start
        var speed = 1.0
        for change in changes {
            if change.time > now {
                let done = change.time.seconds(since: now) * speed
                if speed > 0 && left <= done { break }
                left -= done
                now = change.time
            }
            speed = change.speed
        }
        return speed > 0 ? now.after(left / speed) : .horizon
    }
}
