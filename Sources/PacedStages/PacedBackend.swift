package import PipelineTypes
package import StageProtocol
package import StageWorker

/// Computes nothing, and takes the time that a cost model says. So a pipeline of any shape runs on
/// few cores with all of its processes, messages and decisions, at the speed of the machine that
/// the cost model describes. It has no KV pages, and the tokens that it samples mean nothing.
package struct PacedBackend: StageBackend {
    package let hiddenSize: Int
    package var computeTimes: ComputeTimes { ComputeTimes() }
    package let memory = StageMemory(
        weights: 0, cache: 0, working: 0, workingPerToken: 0)
    private var pace: Pace
    private let isLast: Bool

    package init(_ pacing: StagePacing, _ configuration: StageConfiguration) {
        hiddenSize = pacing.hiddenSize
        pace = Pace(
            pacing, stage: configuration.stage, layers: configuration.layers.count)
        isLast = configuration.isLast
    }

    package mutating func forward(
        _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>,
        progress: () -> Void
    ) throws(StageFault) -> [ChunkResult] {
        let deadline = pace.deadline(of: microbatch, begun: MonotonicClock.now())
        for index in output.indices { output[index] = 0 }
        Self.wait(until: deadline, progress)
        pace.note(end: MonotonicClock.now(), deadline: deadline)
        return isLast ? microbatch.chunks.map(Self.result) : []
    }

    private static let pauseNanosecondsMin: Int64 = 50_000
    private static let pauseNanosecondsMax: Int64 = 2_000_000
    private static let lastNanoseconds: Int64 = 250_000

    /// Sleeps, and moves messages between: often at first, when the microbatch before has just
    /// been sent, then every few milliseconds, and often again before the end, so that what has
    /// been sent by then need not be waited for.
    private static func wait(until deadline: Instant, _ progress: () -> Void) {
        let began = MonotonicClock.now()
        var now = began
        while now < deadline {
            progress()
            let waited = now.nanoseconds - began.nanoseconds
            let remaining = deadline.nanoseconds - now.nanoseconds
            let pause =
                remaining > lastNanoseconds
                ? min(waited / 4, remaining - lastNanoseconds, pauseNanosecondsMax) : 0
            let end = now.nanoseconds + min(remaining, max(pause, pauseNanosecondsMin))
            MonotonicClock.sleep(until: Instant(nanoseconds: end))
            now = MonotonicClock.now()
        }
    }

    /// What is asked for, without any meaning. A token depends on its request and position alone.
    private static func result(of chunk: Chunk) -> ChunkResult {
        let token = mix(chunk.request.rawValue &+ mix(UInt64(chunk.end))) % vocabularySize
        let targets = chunk.outputs.promptLogprobs?.targets ?? []
        return ChunkResult(
            request: chunk.request,
            sampled: chunk.outputs.sampling == nil ? nil : ScoredToken(token: TokenID(token)),
            promptLogprobs: targets.map { ScoredToken(token: $0) })
    }

    private static let vocabularySize: UInt64 = 32_768

    /// Spreads the bits of a number (the finaliser of SplitMix64).
    private static func mix(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
