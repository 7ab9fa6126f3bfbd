@testable import ChunkSizing
@testable import PipelineTypes
@testable import Scheduling
@testable import Simulation

/// Whole runs of the simulator.
func simulatorBenchmarks() {
    measure("simulator: 120 chats and 6 documents on 4 stages") {
        chatsAndDocuments()
    } timing: {
        try $0.simulate(keepsTimeline: false)
    } events: {
        $0.eventCount
    } expect: {
        $1.violations.isEmpty && $1.totals.finishedRequests == 126
    }
}

/// Chats that arrive at random, and documents among them.
private func chatsAndDocuments() -> Scenario {
    let chats = RequestSource(
        name: "chat", count: 120, arrivals: .poisson(perSecond: 12), promptTokens: 50...800,
        outputTokens: 20...60)
    let documents = RequestSource(
        name: "document", count: 6, arrivals: .poisson(perSecond: 0.6),
        promptTokens: 8000...24000, outputTokens: 50...100,
        sharedPrefix: SharedPrefix(tokens: 1000...4000))
    let stages = Workloads.stages(4, areEqual: true).map {
        SimulatedStage(cost: $0, jitter: .uniform(share: 0.05))
    }
    var scenario = Scenario(
        stages: stages, limits: Workloads.limits(stages: 4, chunking: .automatic),
        workload: [chats, documents])
    scenario.seed = 1
    return scenario
}
