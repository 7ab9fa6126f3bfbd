/// What is worth knowing of many measurements.
package struct Distribution: Hashable, Sendable {
    package let count: Int
    package let mean: Double
    package let median: Double
    package let p90: Double
    package let p95: Double
    package let p99: Double
    package let max: Double

    /// nil if there are none.
    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        count = values.count
        mean = values.reduce(0, +) / Double(values.count)
        median = Self.percentile(50, of: sorted)
        p90 = Self.percentile(90, of: sorted)
        p95 = Self.percentile(95, of: sorted)
        p99 = Self.percentile(99, of: sorted)
        max = sorted[sorted.count - 1]
    }

    /// The smallest value that so many per cent of all do not exceed.
    private static func percentile(_ percent: Int, of sorted: [Double]) -> Double {
        sorted[(sorted.count * percent + 99) / 100 - 1]
    }
}
