import ChunkSizing
import Coordinator
import DecoderModels
import Foundation
import Logging
import PipelineTypes
import Scheduling

/// Lets the stages compute for a few seconds before anybody waits for them: products are compiled,
/// and the scheduler learns what chunks of several lengths take.
struct StartupProfile {
    private let coordinator: Coordinator
    private let limits: ServingLimits
    private let vocabularySize: Int
    private let prefixMax: Int
    private let logger: Logger

    init(_ coordinator: Coordinator, _ plan: ServingPlan, logger: Logger) {
        self.coordinator = coordinator
        limits = plan.limits
        vocabularySize = plan.model.vocabularySize
        prefixMax = plan.populatedTokens
        self.logger = logger
    }

    /// Takes about as long as both bounds together, or until its task is cancelled.
    func run() async {
        let began = ContinuousClock.now
        await compute(
            [Probe(tokens: Self.warmUpTokens, generatedTokens: 2)], within: Self.warmUpSecondsMax)
        coordinator.flushCache()
        let probes = self.probes
        guard !probes.isEmpty, !Task.isCancelled else { return }
        coordinator.beginCostProfile()
        await compute(probes, within: Self.profileSecondsMax)
        coordinator.endCostProfile()
        coordinator.flushCache()
        guard !Task.isCancelled else { return }
        await report(seconds: (ContinuousClock.now - began) / .seconds(1))
        coordinator.repartition()
    }

    /// Every size that is tried while costs are unknown, once.
    private static let warmUpTokens = 24 * Page.size
    private static let warmUpSecondsMax = 3.0
    private static let profileSecondsMax = 2.5
    private static let idleSecondsMax = 5.0
    private static let fitSecondsMax = 0.1
    /// Beyond it, an estimate's numbers tell nobody anything.
    private static let usefulErrorMax = 0.5

    /// A chunk to be timed. Its prefix is not computed.
    private struct Probe {
        var tokens: Int
        var prefix = 0
        /// None: within a prompt, a chunk has no use for the output head.
        var generatedTokens = 0

        /// What it takes, in no particular unit: attention to so many positions takes as long as
        /// the rest, more or less.
        var effort: Int {
            tokens * (2048 + prefix)
        }
    }

    /// The quick ones first; none where the policy makes no use of them.
    private var probes: [Probe] {
        switch limits.chunking {
        case .whole, .fixed:
            return []
        case .automatic:
            let sizes = [1, 2, 4, 8].map { Probe(tokens: $0 * Page.size) }
            let prefixes = (0..<6).map { Page.size * 16 << $0 }
            let late = prefixes.flatMap { prefix in
                [1, 4].map { Probe(tokens: $0 * Page.size, prefix: prefix) }
            }
            let round = sizes.filter { $0.tokens < longest } + late.filter(hasMemory)
            let rounds = max(3, (Self.samplesMin + round.count) / max(1, round.count))
            return Array(
                repeatElement(round.sorted { $0.effort < $1.effort }, count: rounds).joined())
        case .dynamic(let tokens, _):
            let lengths = DynamicChunking.profileLengths(chunkSize: tokens)
            return (0..<16).map { Probe(tokens: lengths[$0 * (lengths.count - 1) / 15]) }
                .sorted { $0.effort < $1.effort }
        }
    }

    /// A round of few kinds of chunks is repeated until there are so many.
    private static let samplesMin = 16

    private var longest: Int {
        min(limits.contextLength, limits.tokenCapacity) - 1
    }

    /// Whether each of as many as are computed at once has pages for its prefix, and pages with
    /// memory of their own: others would all be read from the same place.
    private func hasMemory(_ probe: Probe) -> Bool {
        let positions = probe.prefix + probe.tokens
        return positions <= min(longest, limits.tokenCapacity / limits.stageCount, prefixMax)
    }

    /// Computes as many probes at once as there are stages, as long as there is time.
    private func compute(_ probes: [Probe], within secondsMax: Double) async {
        let deadline = ContinuousClock.now + .seconds(secondsMax)
        await withTaskGroup(of: Void.self) { group in
            for (index, probe) in probes.enumerated() {
                if index >= limits.stageCount { await group.next() }
                guard ContinuousClock.now < deadline, !Task.isCancelled else { break }
                group.addTask { await compute(probe, seed: UInt64(index), until: deadline) }
            }
        }
        await waitUntilIdle()
    }

    /// The prompt consists of arbitrary tokens.
    private func compute(
        _ probe: Probe, seed: UInt64, until deadline: ContinuousClock.Instant
    ) async {
        var sampling = SamplingParameters()
        sampling.maxNewTokens = probe.generatedTokens
        sampling.temperature = 0
        let (id, events) = coordinator.submit(
            prompt: ArbitraryPrompt.tokens(
                max(1, min(probe.prefix + probe.tokens, longest)), seed: seed,
                vocabularySize: vocabularySize),
            sampling: sampling, uncomputedPages: probe.prefix / Page.size)
        let ending = Task {
            try await Task.sleep(until: deadline)
            coordinator.cancel(id)
        }
        for await event in events {
            if case .ended(.failed(let reason)) = event {
                logger.warning("a prompt of arbitrary tokens failed: \(reason)")
            }
        }
        ending.cancel()
    }

    /// Whoever comes next does not wait for chunks of a prompt that was given up.
    private func waitUntilIdle() async {
        await wait(secondsMax: Self.idleSecondsMax) { $0.microbatchesInFlight == 0 }
    }

    private func wait(secondsMax: Double, until isReached: (SchedulerStatus) -> Bool) async {
        let deadline = ContinuousClock.now + .seconds(secondsMax)
        while !isReached(coordinator.status.scheduler), ContinuousClock.now < deadline,
            !Task.isCancelled
        {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func report(seconds: Double) async {
        await wait(secondsMax: Self.fitSecondsMax) { !$0.stageCosts.isEmpty }
        let estimates = coordinator.status.scheduler.stageCosts
        let time = String(format: "%.1f s", seconds)
        guard !estimates.isEmpty else {
            return logger.info("profiled for \(time): not enough to tell; chunks follow later")
        }
        for (stage, estimate) in estimates.enumerated() {
            guard estimate.relativeError < Self.usefulErrorMax else {
                let reason = "other work on this machine made times vary too much to tell"
                logger.info("stage \(stage), profiled for \(time): \(reason); chunks follow later")
                continue
            }
            let text = String(
                format: "%.2f ms a chunk and %.2f per 1024 tokens before it, "
                    + "%.4f ms a token and %.4f per 1024 before it, within %.1f %%",
                estimate.cost.fixed * 1e3, estimate.cost.prefix * 1024 * 1e3,
                estimate.cost.linear * 1e3, estimate.cost.attention * 2 * 1024 * 1e3,
                estimate.relativeError * 100)
            logger.info("stage \(stage), profiled for \(time): \(text)")
        }
        for (link, cost) in coordinator.status.scheduler.linkCosts.enumerated() {
            let text = String(
                format: "%.2f ms a message, %.2f µs a token", cost.latency * 1e3,
                cost.secondsPerToken * 1e6)
            logger.info("link from stage \(link): \(text)")
        }
    }
}

/// Prompts that mean nothing, for measurements.
enum ArbitraryPrompt {
    /// The same for the same seed; prompts of other seeds share no page with it.
    static func tokens(_ count: Int, seed: UInt64, vocabularySize: Int) -> [TokenID] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return (0..<count).map { _ -> TokenID in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return TokenID((state >> 33) % UInt64(vocabularySize))
        }
    }
}
