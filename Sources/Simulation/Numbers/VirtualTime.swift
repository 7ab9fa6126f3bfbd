import PipelineTypes

extension Instant {
    /// The beginning of every simulation.
    static let zero = Instant(nanoseconds: 0)

    /// Nothing is simulated beyond it: eleven days.
    static let horizon = Instant(nanoseconds: 1_000_000_000_000_000)

    /// So many seconds from the beginning, not negative, to the nearest nanosecond; not beyond the
    /// horizon.
    init(seconds: Double) {
        let nanoseconds = min(seconds * 1e9, Double(Instant.horizon.nanoseconds))
        self.init(nanoseconds: Int64(nanoseconds.rounded()))
    }

    /// So many seconds later, not negative, to the nearest nanosecond; not beyond the horizon.
    func after(_ seconds: Double) -> Instant {
        let wait = Instant(seconds: seconds).nanoseconds
        return Instant(nanoseconds: min(nanoseconds + wait, Instant.horizon.nanoseconds))
    }
}
