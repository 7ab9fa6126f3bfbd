import Glibc
package import PipelineTypes

/// The clock that coordinator and stages of one host share.
package enum MonotonicClock {
    package static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Blocks the calling thread until an instant is past. Nothing is added up: whoever sleeps
    /// from deadline to deadline is late for each by no more than one wake-up.
    package static func sleep(until instant: Instant) {
        var time = timespec()
        time.tv_sec = Int(instant.nanoseconds / 1_000_000_000)
        time.tv_nsec = Int(instant.nanoseconds % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}
