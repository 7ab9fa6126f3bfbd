import CPlatform
import Glibc
import PipelineTypes
import StageProtocol

/// How a stage waits for a message that is bound to come, where it cannot block: it looks again
/// at once for a moment, and then after pauses of a fixed share of the time waited so far. So
/// the delay stays small against the wait, and a long wait costs next to nothing.
struct WaitingPause {
    private static let spinNanoseconds: Int64 = 20_000
    private static let pauseShare: Int64 = 32
    private static let pauseNanosecondsMin: Int64 = 10_000
    private static let pauseNanosecondsMax: Int64 = 500_000

    private var began: Instant?

    /// The wait is over.
    mutating func reset() {
        began = nil
    }

    /// Lets some time pass, less if a descriptor becomes readable; −1 stands for none.
    mutating func wait(wokenBy descriptor: Int32) {
        let now = MonotonicClock.now()
        let waited = now.nanoseconds - (began ?? now).nanoseconds
        if began == nil { began = now }
        if waited < Self.spinNanoseconds {
            sched_yield()
        } else {
            let pause = waited / Self.pauseShare
            let bounded = min(max(pause, Self.pauseNanosecondsMin), Self.pauseNanosecondsMax)
            _ = penstock_wait_readable(descriptor, bounded)
        }
    }
}
