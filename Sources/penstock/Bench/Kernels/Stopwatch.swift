/// Times work that can be repeated.
struct Stopwatch {
    /// For all runs together, roughly.
    let seconds: Double

    private static let runs = 3...6
    private static let callsMax = 1_000_000.0

    /// Seconds that a call takes in the best of several runs of many calls.
    ///
    /// - Parameters:
    ///   - run: makes so many calls, one after the other.
    ///   - afterRun: does what is not timed after each of the runs that count.
    func secondsPerCall(
        _ run: (_ calls: Int) -> Void, afterRun: () -> Void = {}
    ) -> Double {
        // What comes first compiles, allocates, and warms up.
        run(1)
        let once = Self.time(1, run)
        let most = Double(Self.runs.upperBound)
        let calls = Int(min(Self.callsMax, max(1, seconds / most / once)).rounded(.up))
        let runs = Int(min(most, max(Double(Self.runs.lowerBound), seconds / once)))
        return (0..<runs).reduce(Double.infinity) { best, _ in
            let seconds = Self.time(calls, run) / Double(calls)
            afterRun()
            return min(best, seconds)
        }
    }

    /// A clock may stand still for what takes no time.
    private static let secondsMin = 1e-9

    /// Seconds that so many calls take.
    static func time(_ calls: Int, _ run: (Int) -> Void) -> Double {
        let began = ContinuousClock.now
        run(calls)
        return max((ContinuousClock.now - began) / .seconds(1), secondsMin)
    }
}
