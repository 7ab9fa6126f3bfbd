import ChunkSizing
import PipelineTypes
import Scheduling
import Simulation
import Testing

@Suite("A scenario that cannot be simulated")
struct ScenarioTests {
    struct BadScenario: Sendable, CustomTestStringConvertible {
        let message: String
        let spoil: @Sendable (inout Scenario) -> Void

        var testDescription: String { message }

        init(_ message: String, _ spoil: @escaping @Sendable (inout Scenario) -> Void) {
            self.message = message
            self.spoil = spoil
        }
    }

    static let good = Scenario.uniform(
        stages: 3, RequestSource(name: "chats", count: 10, promptTokens: 10...20))

    @Test("says in one line what is wrong and where", arguments: pipelines + workloads + limits)
    func badScenario(bad: BadScenario) {
        var scenario = Self.good
        bad.spoil(&scenario)
        #expect {
            _ = try scenario.simulate()
        } throws: { error in
            "\(error)" == bad.message
        }
    }

    @Test("is not one whose numbers are as large or as small as they may be")
    func extremes() throws {
        for seed in 0..<300 as Range<UInt64> {
            let scenario = RandomScenario.extremeScenario(seed: seed)
            let scheduler = Scheduler(
                limits: scenario.limits, costs: scenario.knownCosts, links: scenario.knownLinks)
            var run = try SimulationRun(scenario, scheduler: scheduler, eventCountMax: 100_000)
            #expect(run.run().violations == [], "seed \(seed)")
        }
    }

    @Test(
        "is not broken by times that nobody can wait for, but given up",
        arguments: [
            (
                [Fault.stageDies(stage: 0, at: 0, downSeconds: 1e6)], 1,
                "the run is given up: it takes 1000000 s or more"
            ),
            (
                [Fault.stageDies(stage: 0, at: 0, downSeconds: 9e5)], 4000,
                "the run is given up: it lets requests wait for more than 2305843009 s, "
                    + "all together"
            ),
        ])
    func longTimes(faults: [Fault], requestCount: Int, message: String) throws {
        var scenario = Self.good
        scenario.faults = faults
        scenario.workload[0].count = requestCount
        #expect {
            _ = try scenario.simulate()
        } throws: { error in
            "\(error)" == message
        }
        let scheduler = Scheduler(
            limits: scenario.limits, costs: scenario.knownCosts, links: scenario.knownLinks)
        var run = try SimulationRun(scenario, scheduler: scheduler)
        #expect(run.run().violations == [], "no rule is broken")
    }

    @Test("is none of these")
    func goodScenario() throws {
        try Self.good.check()
    }

    static let pipelines: [BadScenario] = [
        BadScenario("the pipeline: needs 1 to 4096 stages, has 0") { $0.stages = [] },
        BadScenario("the pipeline: 3 stages are more than the model's 2 layers") {
            $0.layerCount = 2
        },
        BadScenario("the pipeline: 3 stages have 1 links between them") { $0.links.removeLast() },
        BadScenario("the pipeline: the control latency must be from 0 to 1000000 s, got nan") {
            $0.controlLatency = .nan
        },
        BadScenario("stage 1: the fixed cost must be from 0 to 1000000 s, got -1") {
            $0.stages[1].cost.fixed = -1
        },
        BadScenario("stage 2: the cost of a token must be from 0 to 1000000 s, got inf") {
            $0.stages[2].cost.linear = .infinity
        },
        BadScenario("stage 0: the cost of attention must be from 0 to 1000000 s, got nan") {
            $0.stages[0].cost.attention = .nan
        },
        BadScenario("stage 0: the jitter's share must be from 0 to below 1, got 1") {
            $0.stages[0].jitter = .uniform(share: 1)
        },
        BadScenario("stage 0: the jitter's deviation must be from 0 to 2, got -0.5") {
            $0.stages[0].jitter = .logNormal(deviation: -0.5)
        },
        BadScenario(
            "stage 1, its tensor-parallel group: the bandwidth must be above 0 bytes/s, got 0"
        ) {
            $0.stages[1].group = TensorParallelGroup(
                size: 4, allReduceCount: 2, latency: 0, bytesPerSecond: 0, bytesPerToken: 1)
        },
        BadScenario(
            "stage 1, its tensor-parallel group: the size must be from 1 to 4096, got 0"
        ) {
            $0.stages[1].group = TensorParallelGroup(
                size: 0, allReduceCount: 2, latency: 0, bytesPerSecond: nil, bytesPerToken: 1)
        },
        BadScenario("link 0: the bandwidth must be above 0 bytes/s, got 0") {
            $0.links[0].bytesPerSecond = 0
        },
        BadScenario("link 1: the latency must be from 0 to 1000000 s, got -0.25") {
            $0.links[1].latency = -0.25
        },
        BadScenario("link 1: the size of a token must be from 0 to 1e12 bytes, got nan") {
            $0.links[1].bytesPerToken = .nan
        },
        BadScenario("fault 0: the stage must be from 0 to 2, got 3") {
            $0.faults = [.stageDies(stage: 3, at: 1, downSeconds: 1)]
        },
        BadScenario("fault 1: the factor must be from 0.001 to 1000, got 0") {
            $0.faults = [
                .stageDies(stage: 2, at: 1, downSeconds: 1),
                .stageSlows(stage: 0, factor: 0, from: 0, to: nil),
            ]
        },
        BadScenario("fault 0: the link must be from 0 to 1, got -1") {
            $0.faults = [.linkStalls(link: -1, from: 0, to: 1)]
        },
        BadScenario("fault 0: the end must not be before the beginning, 2.0 s, got 1") {
            $0.faults = [.linkStalls(link: 0, from: 2, to: 1)]
        },
    ]

    static let workloads: [BadScenario] = [
        BadScenario("the workload: is empty") { $0.workload = [] },
        BadScenario("the workload's chats: the count must be from 1 to 1000000, got 0") {
            $0.workload[0].count = 0
        },
        BadScenario("the workload's chats: the prompt length must be from 1 to 268435456, got 0") {
            $0.workload[0].promptTokens = 0...4
        },
        BadScenario("the workload's chats: the output length must be from 0 to 268435456, got -1") {
            $0.workload[0].outputTokens = -1...4
        },
        BadScenario("the workload's chats: the rate must be from 1e-6 to 1e9 a second, got nan") {
            $0.workload[0].arrivals = .poisson(perSecond: .nan)
        },
        BadScenario(
            "the workload's chats: the thinking time must be from 0 to 1000000 s, got -1"
        ) {
            $0.workload[0].arrivals = .closedLoop(clients: 2, thinkSeconds: -1)
        },
        BadScenario(
            "the workload's chats: the share of cancelled requests must be from 0 to 1, got 2"
        ) {
            $0.workload[0].cancellation = Cancellation(share: 2, after: 0...1)
        },
        BadScenario("the workload: has up to 536870920 tokens, a simulation at most 536870912") {
            $0.workload[0].promptTokens = 1...53_687_091
        },
    ]

    static let limits: [BadScenario] = [
        BadScenario("the limits: are those of 4 stages, the pipeline has 3") {
            $0.limits.stageCount = 4
        },
        BadScenario("the limits: the number of pages must be from 1 to 16777216, got 0") {
            $0.limits.pageCount = 0
        },
        BadScenario("the limits: the chunk size must be a multiple of 64, got 100") {
            $0.limits.chunking = .fixed(tokens: 100)
        },
        BadScenario("the limits: the asynchronous depth must be from 0 to 4096, got -1") {
            $0.limits.asyncBatchDepth = -1
        },
    ]
}
