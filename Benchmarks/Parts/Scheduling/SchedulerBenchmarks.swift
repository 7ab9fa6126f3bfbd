@testable import PipelineTypes

/// What the scheduler takes for an event, by all events of a workload on 8 stages.
func schedulerBenchmarks() {
    let chats = (0..<200).map { request($0, tokens: 100 + $0 * 37 % 900, generating: 32) }
    scheduler("a queue of 200 chats", chats, .automatic)
    let document = request(0, tokens: 1 << 17, generating: 1)
    scheduler("128K tokens, automatic chunks", [document], .automatic)
    scheduler("128K tokens in 1024 chunks", [document], .fixed(tokens: 128))
}

private func request(_ number: Int, tokens: Int, generating: Int) -> GenerationRequest {
    var sampling = SamplingParameters()
    sampling.maxNewTokens = generating
    return GenerationRequest(
        id: RequestID(UInt64(number)), prompt: Workloads.prompt(number, tokens: tokens),
        sampling: sampling)
}

private func scheduler(
    _ name: String, _ requests: [GenerationRequest], _ chunking: ChunkingPolicy
) {
    measure("scheduler: \(name)") {
        requests
    } timing: { requests in
        var pipeline = VirtualPipeline(
            limits: Workloads.limits(stages: 8, chunking: chunking),
            stages: Workloads.stages(8, areEqual: true))
        pipeline.run(requests)
        return (events: pipeline.eventCount, finished: pipeline.finishedCount)
    } events: {
        $0.events
    } expect: {
        $1.finished == $0.count
    }
}
