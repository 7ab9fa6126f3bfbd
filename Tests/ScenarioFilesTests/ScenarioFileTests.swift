import ChunkSizing
import Foundation
import PipelineTypes
import ScenarioFiles
import Simulation
import Testing

@Suite("a scenario's file")
struct ScenarioFileTests {
    @Test("gives a model's costs to the stages by their layers, and the fixed cost to each")
    func model() throws {
        let yaml = """
            pipeline: {stages: 3, layer-partition: [1, 2, 5], profiled: false}
            model:
              {layers: 8, fixed-ms: 2, linear-ms: 0.8, attention-ms: 8e-6, prefix-ms: 1.6e-5}
            workload: [{prompt-tokens: 100}]
            """
        let scenario = try ScenarioFile(yaml: yaml, file: "f").scenario
        for (stage, layers) in zip(scenario.stages, [1.0, 2, 5]) {
            #expect(abs(stage.cost.fixed - 2e-3) < 1e-12)
            #expect(abs(stage.cost.linear - 1e-4 * layers) < 1e-12)
            #expect(abs(stage.cost.attention - 1e-9 * layers) < 1e-18)
            #expect(abs(stage.cost.prefix - 2e-9 * layers) < 1e-18)
        }
        #expect(!scenario.isProfiled)
        #expect(scenario.layerCount == 8)
        #expect(scenario.limits.chunking == .automatic)
        #expect(scenario.limits.asyncBatchDepth == nil)
    }

    private static let everyKey = """
        name: all
        seed: 7
        pipeline: {stages: 2, async-depth: 3, control-latency-ms: 0.2}
        stages:
          - {fixed-ms: 1, linear-ms: 1e-3, attention-ms: 0, prefix-ms: 3, jitter-share: 0.1}
          - fixed-ms: 2
            linear-ms: 2e-3
            attention-ms: 1e-7
            jitter-deviation: 0.2
            tensor-parallel:
              {size: 4, all-reduces: 10, latency-ms: 0.02, gigabytes-per-second: 100,
               bytes-per-token: 8192}
        links:
          - {latency-ms: 0.01, gigabytes-per-second: 25, bytes-per-token: 8192,
             sends: synchronous, receives-ahead: 0}
        limits:
          {chunking: "dynamic:1024:0.5", kv-tokens: 6400, context-length: 5000,
           running-requests: 9, queued-requests: 8, prefill-tokens: 2048, decode-steps: 3,
           prefix-cache: off}
        workload:
          - {name: a, count: 2, at-seconds: 1, prompt-tokens: 10}
          - {name: b, per-second: 4, prompt-tokens: [1, 9], output-tokens: [0, 5]}
          - name: c
            clients: 3
            think-seconds: 0.5
            prompt-tokens: 200
            shared-prefix: {tokens: [64, 128], texts: 2}
            cancelled: {share: 0.25, after-seconds: [1, 2]}
        faults:
          - {kind: stage-dies, stage: 1, at-seconds: 2, down-seconds: 3}
          - {kind: stage-slows, stage: 0, factor: 2, from-seconds: 1}
          - {kind: link-stalls, link: 0, from-seconds: 4, to-seconds: 5}
        paced: {hidden-size: 32}
        """

    @Test("says all that a scenario can hold")
    func everything() throws {
        let file = try ScenarioFile(yaml: Self.everyKey, file: "f")
        #expect(file.name == "all" && file.pacedHiddenSize == 32)
        let scenario = file.scenario
        #expect(scenario.seed == 7 && scenario.controlLatency == 2e-4)
        #expect(scenario.stages.map(\.cost.prefix) == [3e-3, 0])
        #expect(
            scenario.stages.map(\.jitter) == [.uniform(share: 0.1), .logNormal(deviation: 0.2)])
        #expect(
            scenario.stages[1].group
                == TensorParallelGroup(
                    size: 4, allReduceCount: 10, latency: 2e-5, bytesPerSecond: 1e11,
                    bytesPerToken: 8192))
        var link = SimulatedLink(
            latency: 1e-5, bytesPerSecond: 25e9, bytesPerToken: 8192, sends: .synchronous)
        link.receivesAheadMax = 0
        #expect(scenario.links == [link])
        #expect(
            scenario.limits
                == ServingLimits(
                    stageCount: 2, asyncBatchDepth: 3, pageCount: 100, contextLength: 5000,
                    runningRequestsMax: 9, queuedRequestsMax: 8,
                    chunking: .dynamic(tokens: 1024, smoothingFactor: 0.5),
                    prefillTokensMax: 2048, microbatchRequestsMax: 3, prefixCacheEnabled: false))
        #expect(
            scenario.workload.map(\.arrivals) == [
                .together(at: 1), .poisson(perSecond: 4),
                .closedLoop(clients: 3, thinkSeconds: 0.5),
            ])
        #expect(scenario.workload[1].promptTokens == 1...9)
        #expect(scenario.workload[1].outputTokens == 0...5)
        #expect(scenario.workload[2].sharedPrefix == SharedPrefix(tokens: 64...128, textCount: 2))
        #expect(scenario.workload[2].cancellation == Cancellation(share: 0.25, after: 1...2))
        #expect(
            scenario.faults == [
                .stageDies(stage: 1, at: 2, downSeconds: 3),
                .stageSlows(stage: 0, factor: 2, from: 1, to: nil),
                .linkStalls(link: 0, from: 4, to: 5),
            ])
    }

    @Test("of every scenario that comes with Penstock can be read and simulated")
    func shipped() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "scenarios")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }
        #expect(names.count >= 6)
        for name in names {
            let file = try ScenarioFile(contentsOf: folder.appending(path: name).path)
            let report = try file.scenario.simulate(keepsTimeline: false)
            #expect(report.violations.isEmpty, "\(name): \(report.violations)")
            #expect(report.requests.allSatisfy { $0.end != nil }, "\(name)")
        }
    }

    @Test(
        "names a policy as the command line does",
        arguments: [
            ("auto", ChunkingPolicy.automatic), ("off", .whole),
            ("fixed:4096", .fixed(tokens: 4096)),
            ("dynamic:8192:0.75", .dynamic(tokens: 8192, smoothingFactor: 0.75)),
            ("dynamic:64,1", .dynamic(tokens: 64, smoothingFactor: 1)),
        ])
    func policies(text: String, policy: ChunkingPolicy) {
        #expect(ChunkingPolicy(text) == policy)
        #expect(ChunkingPolicy(policy.description) == policy)
    }

    @Test(
        "knows no other policy",
        arguments: [
            "", "Auto", "fixed", "fixed:", "fixed:0", "fixed:-64", "fixed:100", "fixed:64:1",
            "dynamic:64", "dynamic:64:", "dynamic:64:nan", "dynamic:64:-0.1", "dynamic:64:2",
            "fixed:99999999999999999999",
        ])
    func noPolicies(text: String) {
        #expect(ChunkingPolicy(text) == nil)
    }
}
