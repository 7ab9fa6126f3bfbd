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
    private let logger: Logger

    init(_ coordinator: Coordinator, _ plan: ServingPlan, logger: Logger) {
        self.coordinator = coordinator
        limits = plan.limits
        vocabularySize = plan.model.vocabularySize
        self.logger = logger
    }

    /// Takes about as long as both bounds together.
    func run() async {
        let began = ContinuousClock.now
        await compute(lengths: [Self.warmUpTokens], within: Self.warmUpSecondsMax)
        guard let lengths = profileLengths else { return coordinator.flushCache() }
        coordinator.forgetCosts()
        await compute(lengths: lengths, within: Self.profileSecondsMax)
        coordinator.flushCache()
        report(seconds: (ContinuousClock.now - began) / .seconds(1))
        coordinator.repartition()
    }

    /// Every size that is tried while costs are unknown, once.
    private static let warmUpTokens = 24 * Page.size
    private static let warmUpSecondsMax = 3.0
    private static let profileSecondsMax = 2.5
    private static let idleSecondsMax = 5.0

    /// Prompts to be timed; nil where the policy makes no use of that.
    private var profileLengths: [Int]? {
        switch limits.chunking {
        case .whole, .fixed:
            return nil
        case .automatic:
            return [2, 3, 4, 4, 4].map { $0 * Self.warmUpTokens }
        case .dynamic(let tokens, _):
            let lengths = DynamicChunking.profileLengths(chunkSize: tokens)
            return (0..<16).map { lengths[(15 - $0) * (lengths.count - 1) / 15] }
        }
    }

    /// Computes prompts of arbitrary tokens, one after the other, as long as there is time.
    private func compute(lengths: [Int], within secondsMax: Double) async {
        let deadline = ContinuousClock.now + .seconds(secondsMax)
        let longest = min(limits.contextLength, limits.tokenCapacity) - 1
        for (index, length) in lengths.enumerated() where ContinuousClock.now < deadline {
            var sampling = SamplingParameters()
            sampling.maxNewTokens = 2
            sampling.temperature = 0
            let (id, events) = coordinator.submit(
                prompt: ArbitraryPrompt.tokens(
                    max(1, min(length, longest)), seed: UInt64(index),
                    vocabularySize: vocabularySize),
                sampling: sampling)
            let ending = Task {
                try await Task.sleep(until: deadline)
                coordinator.cancel(id)
            }
            for await _ in events {}
            ending.cancel()
        }
        await waitUntilIdle()
    }

    /// Whoever comes next does not wait for chunks of a prompt that was given up.
    private func waitUntilIdle() async {
        let deadline = ContinuousClock.now + .seconds(Self.idleSecondsMax)
        while coordinator.status.scheduler.microbatchesInFlight > 0,
            ContinuousClock.now < deadline
        {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func report(seconds: Double) {
        let estimates = coordinator.status.scheduler.stageCosts
        let time = String(format: "%.1f s", seconds)
        guard !estimates.isEmpty else {
            return logger.info("profiled for \(time): too slow to tell; chunks follow later")
        }
        for (stage, estimate) in estimates.enumerated() {
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
