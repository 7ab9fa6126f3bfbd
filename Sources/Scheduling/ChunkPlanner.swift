import ChunkSizing
import DequeModule
import PipelineTypes

/// Decides how much of the prompts the next microbatch takes, by the policy and by what the stages
/// have taken for the microbatches that came back.
struct ChunkPlanner: Sendable {
    private let policy: ChunkingPolicy
    private let stageCount: Int
    private let contextLength: Int
    private let tokensMax: Int
    /// Microbatches under way at once, and while requests decode.
    private let inFlightMax: (alone: Int, withDecoders: Int)
    /// What each stage took.
    private var models: [StageCostModel]
    private(set) var links: LinkWatch
    /// What plans are made with; nil until enough is known.
    private var costs: [PrefillCost]?
    /// The share by which they may be wrong.
    private var costError = 0.0
    private var costGeneration = 0
    /// The rule of `dynamic`, from the first costs that were known.
    private var dynamicRule: DynamicChunking?
    /// Every prompt is a chunk, of which costs are to be learnt.
    private var isProfilingCosts = false
    /// Prompt chunks that were cut without any knowledge of costs.
    private var explorations = 0
    /// When each stage was done with the last microbatch that came back.
    private var lastEnded: [Instant]?
    /// The prefix of the last prompt chunk.
    private var recentStart = 0

    init(limits: ServingLimits, costs: [PrefillCost]?, links: [LinkCost]?) {
        precondition(costs == nil || costs?.count == limits.stageCount, "one cost for each stage")
        policy = limits.chunking
        stageCount = limits.stageCount
        contextLength = limits.contextLength
        tokensMax = limits.prefillTokensMax / Page.size * Page.size
        models =
            costs.map { $0.map(StageCostModel.init(expecting:)) }
            ?? [StageCostModel](repeating: StageCostModel(), count: limits.stageCount)
        self.costs = costs
        self.links = LinkWatch(stageCount: limits.stageCount, links: links)
        inFlightMax = (
            limits.microbatchesInFlightMax, limits.microbatchesInFlightMaxWithDecoders
        )
        noteFirstCosts()
    }

    /// What surrounds a prompt whose next chunk is to be cut.
    struct Situation {
        var now: Instant
        /// What is to be computed of every prompt, in their order; of this one first.
        var queue: [Range<Int>]
        /// The steps of decoding requests that are in the microbatch already.
        var decodeSteps: MicrobatchLoad
        var hasDecoders: Bool
    }
}

// MARK: Cutting

extension ChunkPlanner {
    /// Room of a microbatch for prompts, and tokens of the first one's chunk in it.
    mutating func begin(
        _ positions: Range<Int>, plan: inout ChunkPlan?, _ situation: Situation,
        inFlight: Deque<MicrobatchInFlight>
    ) -> (room: PromptRoom, tokens: Int) {
        let start = positions.lowerBound
        var room: PromptRoom
        switch policy {
        case _ where isProfilingCosts:
            room = PromptRoom(tokens: min(positions.count, tokensMax))
        case .whole:
            room = PromptRoom(tokens: tokensMax, keepsPromptsWhole: true)
        case .fixed(let tokens):
            room = PromptRoom(tokens: tokens)
        case .dynamic(let tokens, _):
            room = PromptRoom(tokens: dynamicRule?.chunkTokens(after: start) ?? tokens)
        case .automatic:
            guard let costs else {
                room = PromptRoom(tokens: min(explorationTokens(), tokensMax))
                break
            }
            return shareOfQueue(positions, plan: &plan, situation, costs, inFlight)
        }
        return (room, room.chunkTokens(at: start, remaining: positions.count))
    }

    /// The next chunk of the prompt's plan, or, where many wait, one that takes as long as all
    /// others; and what the end of a prompt leaves to those behind it.
    private mutating func shareOfQueue(
        _ positions: Range<Int>, plan: inout ChunkPlan?, _ situation: Situation,
        _ costs: [PrefillCost], _ inFlight: Deque<MicrobatchInFlight>
    ) -> (room: PromptRoom, tokens: Int) {
        let start = positions.lowerBound
        let pipeline = FlowShop(stages: costs)
        let slowest = pipeline.bottleneck(positions)
        let queued = QueuedWork(of: situation.queue, on: slowest)
        let rhythm = MicrobatchRhythm(
            queued, overhead: slowest.overhead(after: start) + slowest.work(situation.decodeSteps),
            followers: pipeline.followers(positions),
            inFlight: inFlight.reduce(0) { max($0, slowest.work($1.load)) },
            secondsMax: chunkSecondsMax(positions, situation, slowest))
        let end =
            queued.crowd < Self.crowdMax
            ? plannedEnd(positions, plan: &plan, situation, crowd: queued.crowd, costs, inFlight)
            : rhythm.chunkEnd(positions, on: slowest, tokensMax: tokensMax)
        var room = PromptRoom(tokens: tokensMax, seconds: slowest.share(start..<end), cost: slowest)
        if end == positions.upperBound { room.share(rhythm) }
        return (room, end - start)
    }

    private mutating func plannedEnd(
        _ positions: Range<Int>, plan: inout ChunkPlan?, _ situation: Situation, crowd: Double,
        _ costs: [PrefillCost], _ inFlight: Deque<MicrobatchInFlight>
    ) -> Int {
        let basis = ChunkPlan.Basis(
            costGeneration: costGeneration,
            crowdMagnitude: crowd.binade, hasDecoders: situation.hasDecoders)
        let (start, end) = (positions.lowerBound, positions.upperBound)
        if let plan, plan.basis == basis, let next = plan.chunkEnd(from: start, promptEnd: end) {
            return next
        }
        let made = ChunkPlan(
            basis: basis, cuts: cuts(positions, situation, crowd: crowd, costs, inFlight))
        plan = made
        return made.chunkEnd(from: start, promptEnd: end) ?? end
    }

    /// The cuts with the shortest makespan.
    ///
    /// A chunk's fixed cost delays everybody who waits, so it counts `crowd` times, once for this
    /// prompt. Decode steps that share the microbatches are a part of it.
    private func cuts(
        _ positions: Range<Int>, _ situation: Situation, crowd: Double, _ costs: [PrefillCost],
        _ inFlight: Deque<MicrobatchInFlight>
    ) -> [Int] {
        let stages = costs.map { cost in
            var cost = cost
            cost.fixed += cost.work(situation.decodeSteps)
            return cost
        }
        var linked = LinkedStages(
            stages: costs, links: links.costs,
            inFlightMax: situation.hasDecoders ? inFlightMax.withDecoders : inFlightMax.alone)
        let times = timesUntilReady(linked, inFlight, at: situation.now)
        linked.stages = stages
        let overhead = FlowShop(stages: stages).bottleneck(positions).averaged(over: positions)
        let penalty = (crowd - 1) * overhead.fixed
        let grid = ChunkGrid(
            positions: positions, pageSize: Page.size, chunkTokensMax: tokensMax)
        let schedule = OptimalChunks.quickSchedule(
            in: LinkedPipeline(linked, ready: times, chunkPenalty: penalty),
            of: grid, tolerance: Self.toleranceMin + 2 * costError)
        let slowest = FlowShop(stages: costs).bottleneck(positions)
        return schedule.limited(
            to: chunkSecondsMax(positions, situation, slowest), on: slowest, of: grid
        ).cuts
    }

    /// Seconds on the slowest stage beyond which longer chunks would save next to nothing, or keep
    /// those who decode waiting.
    private func chunkSecondsMax(
        _ positions: Range<Int>, _ situation: Situation, _ slowest: PrefillCost
    ) -> Double {
        let overhead =
            slowest.averaged(over: positions).fixed + slowest.work(situation.decodeSteps)
        var seconds = Self.overheadsMax * overhead
        if situation.hasDecoders {
            seconds = min(seconds, max(Self.decodeGapSeconds, Self.decodeOverheads * overhead))
        }
        return max(seconds, slowest.seconds(tokens: Self.chunkTokensMin, after: 0))
    }

    /// Fixed costs that the longest chunk takes: what one more cut costs is below half a percent.
    private static let overheadsMax = 200.0
    /// While others decode, a microbatch takes no longer than so many fixed costs, or this long.
    private static let decodeOverheads = 20.0
    private static let decodeGapSeconds = 0.1
    /// Stages that differ by less count as equal, and by twice what costs may be wrong.
    private static let toleranceMin = 0.03
    /// No bound on chunks is lower.
    private static let chunkTokensMin = 4 * Page.size

    /// Where more than so many times a prompt's work waits, it is not planned by itself.
    private static let crowdMax = 8.0

    /// Sizes that tell a chunk's fixed cost from its tokens' and its pairs'.
    private mutating func explorationTokens() -> Int {
        let pages = [4, 1, 8, 2, 6, 3]
        explorations += 1
        return pages[(explorations - 1) % pages.count] * Page.size
    }
}

// MARK: Learning

extension ChunkPlanner {
    /// Takes note of what the stages took for a microbatch.
    mutating func note(_ batch: MicrobatchInFlight, _ timings: [StageTiming]) {
        guard timings.count == stageCount else { return }
        let began = zip(timings, lastEnded ?? timings.map(\.computeBegan)).map {
            // What a stage does between two microbatches that are there counts as well.
            min($0.computeBegan, max($0.received, $1))
        }
        lastEnded = timings.map(\.computeEnded)
        links.note(tokens: Int(batch.load.tokens), timings)
        // Decode steps alone take another path through the layers.
        guard batch.load.promptTokens > 0 else { return }
        recentStart = batch.load.promptStart
        for (stage, timing) in timings.enumerated() {
            let sample = PrefillSample(
                tokens: batch.load.tokens, pairs: batch.load.pairs,
                prefixes: batch.load.prefixes,
                seconds: timing.computeEnded.seconds(since: began[stage]))
            if isProfilingCosts {
                models[stage].gather(sample)
            } else {
                models[stage].add(sample)
            }
        }
        adoptCosts()
    }

    /// What is known of each stage; empty until something is known of all.
    var estimates: [StageCostEstimate] {
        let known = models.compactMap(\.estimate)
        return known.count == stageCount ? known : []
    }

    /// Forgets what the stages took; every prompt is a chunk from now on.
    mutating func beginCostProfile() {
        models = [StageCostModel](repeating: StageCostModel(), count: stageCount)
        links = LinkWatch(stageCount: stageCount, links: nil)
        costs = nil
        dynamicRule = nil
        explorations = 0
        costGeneration += 1
        isProfilingCosts = true
    }

    /// Cuts by what has been learnt.
    mutating func endCostProfile() {
        isProfilingCosts = false
        for stage in models.indices { models[stage].learn() }
        adoptCosts()
    }

    /// Stages do so many times what they did, from the next pipeline on.
    mutating func scaleCosts(by factors: [Double]) {
        precondition(factors.count == stageCount, "one factor for each stage")
        for stage in models.indices { models[stage].scale(by: factors[stage]) }
        costs = costs.map { zip($0, factors).map { $0.scaled(by: $1) } }
        costGeneration += 1
    }

    /// A pipeline that begins anew may run elsewhere, so stages are busy with nothing.
    mutating func forgetInstants() {
        lastEnded = nil
        links.forgetInstants()
    }

    private mutating func adoptCosts() {
        let estimates = estimates
        guard !estimates.isEmpty else { return }
        let known = estimates.map(\.cautiousCost)
        let error = estimates.reduce(0) { max($0, $1.relativeError) }
        guard let costs else {
            adopt(known, error)
            noteFirstCosts()
            return
        }
        let isNews = zip(costs, known).contains { old, new in
            [(64, 0), (512, 0), (64, recentStart), (512, recentStart)].contains { tokens, start in
                let ratio =
                    new.seconds(tokens: tokens, after: start)
                    / old.seconds(tokens: tokens, after: start)
                return ratio > Self.costChangeMin || ratio < 1 / Self.costChangeMin
            }
        }
        if isNews { adopt(known, error) }
    }

    private mutating func adopt(_ costs: [PrefillCost], _ error: Double) {
        self.costs = costs
        costError = error
        costGeneration += 1
    }

    /// Plans are kept where costs change by less.
    private static let costChangeMin = 1.05

    private mutating func noteFirstCosts() {
        guard case .dynamic(let tokens, let factor) = policy, let first = costs?.first
        else { return }
        dynamicRule = DynamicChunking(
            chunkSize: tokens, smoothingFactor: factor, pageSize: Page.size,
            contextLength: contextLength, prefillTokensMax: tokensMax,
            curve: first.attention > 0
                ? QuadraticCurve(
                    quadratic: first.attention, linear: first.linear, constant: first.fixed) : nil)
    }

    /// Seconds from now until stages and links are done with what is in flight, and it is back.
    private func timesUntilReady(
        _ linked: LinkedStages, _ inFlight: Deque<MicrobatchInFlight>,
        at now: Instant
    ) -> [Double] {
        var times = [Double](repeating: -.infinity, count: linked.ready.count)
        if let lastEnded {
            for stage in lastEnded.indices { times[stage] = lastEnded[stage].seconds(since: now) }
        }
        for batch in inFlight {
            linked.advance(
                &times, from: batch.dispatched.seconds(since: now), tokens: batch.load.tokens
            ) { $0.fixed + $0.work(batch.load) }
        }
        return times.map { max(0, $0) }
    }
}

extension StageCostEstimate {
    /// The cost, but no fixed cost that is smaller than what the fit may be off for a page: more
    /// chunks than necessary cost more than fewer.
    fileprivate var cautiousCost: PrefillCost {
        var cautious = cost
        cautious.fixed = max(
            cost.fixed, relativeError * cost.seconds(tokens: Page.size, after: 0))
        return cautious
    }
}
