import Benchmark

/// Registers a benchmark of one part.
///
/// - Parameters:
///   - makeInput: What the part works on. Called once, by the first run, outside of what is
///     measured; a type with references lets a run leave something to the next.
///   - body: What is measured.
///   - eventCount: Events that a run handled; how many a second is reported as well then.
///   - isRight: Whether the result is right. Called after every run, so it had better be cheap.
func measure<Input, Output>(
    _ name: String, of makeInput: @escaping () throws -> Input,
    timing body: @escaping (Input) throws -> Output, events eventCount: ((Output) -> Int)? = nil,
    expect isRight: @escaping (Input, Output) -> Bool
) {
    let eventRate = BenchmarkMetric.custom(
        "Events / s", polarity: .prefersLarger, useScalingFactor: false)
    var configuration = Benchmark.defaultConfiguration
    if eventCount != nil { configuration.metrics.append(eventRate) }
    var input: Input?
    Benchmark(name, configuration: configuration) { benchmark in
        let known = try input ?? makeInput()
        input = known
        let clock = ContinuousClock()
        benchmark.startMeasurement()
        let began = clock.now
        let output = try body(known)
        let seconds = (clock.now - began) / .seconds(1)
        benchmark.stopMeasurement()
        if let eventCount {
            benchmark.measurement(eventRate, Int(Double(eventCount(output)) / seconds))
        }
        if !isRight(known, output) {
            benchmark.error("the result is wrong: \(String(describing: output).prefix(200))")
        }
    }
}
