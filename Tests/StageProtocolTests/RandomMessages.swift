import ChunkSizing
import PipelineTestKit
import PipelineTypes
import SeededRandom
import StageProtocol

/// Arbitrary but valid messages.
struct RandomMessages {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func number(_ range: Range<Int>) -> Int {
        Int.random(in: range, using: &generator)
    }

    mutating func coin() -> Bool {
        Bool.random(using: &generator)
    }

    mutating func token() -> TokenID {
        TokenID.random(in: 0 ... .max, using: &generator)
    }

    mutating func float() -> Float {
        switch number(0..<6) {
        case 0: -.infinity
        case 1: 0
        default: Float.random(in: -100...100, using: &generator)
        }
    }

    mutating func list<Element>(
        _ range: Range<Int>, _ element: (inout RandomMessages) -> Element
    ) -> [Element] {
        (0..<number(range)).map { _ in element(&self) }
    }

    mutating func text() -> String {
        let pieces = ["", "stage", "ü", "模型", "🚰", "/path/to/model", "\0", "\n"]
        return list(0..<5) { pieces[$0.number(0..<pieces.count)] }.joined()
    }

    mutating func microbatch() -> Microbatch {
        Microbatch(
            id: MicrobatchID(generator.next()), chunks: list(0..<5) { $0.chunk() })
    }

    mutating func chunk() -> Chunk {
        let start = number(0..<300)
        let tokens = list(1..<150) { $0.token() }
        let spare = number(0..<3)
        let pages = (0..<Page.count(for: start + tokens.count) + spare).map { _ in
            PageID(token())
        }
        let outputs = ChunkOutputs(
            sampling: coin() ? samplingStep() : nil,
            promptLogprobs: coin() ? promptStep(rows: tokens.count) : nil)
        return Chunk(
            request: RequestID(generator.next()), start: start, tokens: tokens, pages: pages,
            outputs: outputs)
    }

    mutating func samplingStep() -> SamplingStep {
        SamplingStep(
            temperature: float(), topP: float(), topK: coin() ? number(1..<1000) : nil,
            minP: float(), seed: generator.next(),
            logitBias: list(0..<4) { TokenBias(token: $0.token(), bias: $0.float()) },
            penalties: coin() ? penaltyStep() : nil, logprobs: coin() ? selection() : nil)
    }

    mutating func penaltyStep() -> PenaltyStep {
        PenaltyStep(
            frequency: float(), presence: float(), repetition: float(),
            outputCounts: list(0..<9) { TokenCount(token: $0.token(), count: $0.token()) },
            promptTokens: list(0..<9) { $0.token() })
    }

    mutating func promptStep(rows: Int) -> PromptLogprobStep {
        let first = number(0..<rows)
        return PromptLogprobStep(
            firstRow: first, targets: list(0..<rows - first + 1) { $0.token() },
            selection: selection())
    }

    mutating func selection() -> LogprobSelection {
        LogprobSelection(topCount: number(0..<20), tokens: list(0..<5) { $0.token() })
    }

    mutating func result() -> MicrobatchResult {
        MicrobatchResult(
            id: MicrobatchID(generator.next()),
            chunks: list(0..<5) { random in
                var result = ChunkResult(
                    request: RequestID(random.generator.next()),
                    sampled: random.coin() ? random.scoredToken() : nil,
                    promptLogprobs: random.list(0..<20) { $0.scoredToken() })
                result.isFinite = random.coin()
                return result
            },
            timings: list(0..<4) { $0.timing() })
    }

    mutating func scoredToken() -> ScoredToken {
        ScoredToken(
            token: token(), logprob: coin() ? float() : nil,
            top: list(0..<4) { TokenLogprob(token: $0.token(), logprob: $0.float()) },
            selected: list(0..<4) { TokenLogprob(token: $0.token(), logprob: $0.float()) })
    }

    mutating func timing() -> StageTiming {
        StageTiming(
            received: Instant(nanoseconds: Int64(number(0..<1 << 60))),
            computeBegan: Instant(nanoseconds: Int64(number(0..<1 << 60))),
            computeEnded: Instant(nanoseconds: -1), sendWaitNanoseconds: Int64(number(0..<9)),
            work: ComputeTimes(
                linear: Int64(number(0..<1 << 60)), attention: Int64(number(0..<1 << 60)),
                waiting: Int64(number(0..<1 << 60))))
    }

    mutating func configuration() -> StageConfiguration {
        let layerCounts = list(1..<9) { $0.number(1..<100) }
        return StageConfiguration(
            stage: number(0..<layerCounts.count), layerCounts: layerCounts, modelPath: text(),
            dataType: text(), quantization: coin() ? text() : nil, kvCacheType: text(),
            activationType: coin() ? .float32 : .bfloat16,
            instructionSet: coin() ? text() : nil, threadCount: number(1..<65),
            processors: list(0..<9) { $0.number(0..<1024) }, pageCount: number(0..<1 << 20),
            contextLength: number(1..<1 << 30), pacing: coin() ? pacing() : nil)
    }

    mutating func pacing() -> StagePacing {
        StagePacing(
            layerCost: PrefillCost(
                fixed: Double(number(0..<9)) * 1e-3, linear: 1e-6,
                attention: Double(number(0..<9)) * 1e-12, prefix: Double(number(0..<9)) * 1e-9),
            hiddenSize: number(0..<1 << 20), jitter: jitter(), seed: generator.next(),
            slowdowns: list(0..<3) { random in
                PacingSlowdown(
                    factor: Double(random.number(1..<9)), begin: Double(random.number(0..<9)),
                    end: random.coin() ? Double(random.number(0..<99)) : nil)
            }, origin: coin() ? Instant(nanoseconds: Int64(number(0..<1 << 60))) : nil)
    }

    mutating func jitter() -> StagePacing.Jitter {
        switch number(0..<3) {
        case 0: .none
        case 1: .uniform(share: Double(number(0..<100)) / 100)
        default: .logNormal(deviation: Double(number(0..<100)) / 50)
        }
    }

    mutating func coordinatorMessage() -> CoordinatorMessage {
        switch number(0..<4) {
        case 0: .configure(configuration())
        case 1: .run(microbatch())
        case 2: .announce(dispatched: generator.next())
        default: .shutDown
        }
    }

    mutating func stageMessage() -> StageMessage {
        switch number(0..<5) {
        case 0:
            .hello(
                StageHello(
                    secret: text(), stage: number(0..<1000), processID: Int32(number(1..<99999)),
                    host: text()))
        case 1: .progress(LoadProgress(loadedBytes: generator.next(), totalBytes: 1))
        case 2:
            .ready(
                StageMemory(
                    weights: generator.next(), cache: generator.next(),
                    working: generator.next(), workingPerToken: generator.next()))
        case 3: .completed(result())
        default: .failed(text())
        }
    }
}
