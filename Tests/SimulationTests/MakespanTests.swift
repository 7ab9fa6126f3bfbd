import ChunkSizing
import PipelineTypes
import Simulation
import Testing
import Timelines

@Suite("The makespan of one prompt")
struct MakespanTests {
    @Test(
        "is that of the flow shop, to the nanosecond",
        arguments: [1, 2, 3, 4, 8, 32, 64], [(10_000, 512), (65_536, 4096), (300, 64), (50, 4096)])
    func flowShop(stages: Int, prompt: (tokens: Int, chunkSize: Int)) throws {
        let scenario = Scenario.uniform(
            stages: stages,
            limits: .simulated(stages: stages, chunking: .fixed(tokens: prompt.chunkSize)),
            .prompt(prompt.tokens))
        let shop = FlowShop(stages: Array(repeating: .round, count: stages))
        let expected = shop.nanoseconds(prompt: prompt.tokens, chunkSize: prompt.chunkSize)
        #expect(try scenario.report().makespanNanoseconds == expected)
    }

    @Test("is that of the flow shop where stages differ, if enough microbatches may be in flight")
    func unequalStages() throws {
        let costs = [3.0, 1, 2, 5, 1].map { PrefillCost.round.scaled(by: $0) }
        let scenario = Scenario(
            stages: costs.map { SimulatedStage(cost: $0) },
            limits: .simulated(stages: 5, depth: 40), workload: [.prompt(20_000)])
        let expected = FlowShop(stages: costs).nanoseconds(prompt: 20_000, chunkSize: 512)
        #expect(try scenario.report().makespanNanoseconds == expected)
    }

    @Test("counts links as stages, where their bandwidth is what limits it")
    func bandwidth() throws {
        var scenario = Scenario.uniform(
            stages: 3, limits: .simulated(stages: 3, depth: 40), .prompt(20_000))
        // 10 µs a token is more than any token costs a stage at the beginning.
        let link = SimulatedLink(bytesPerSecond: 1e9, bytesPerToken: 10_000)
        scenario.links = [link, link]
        let wire = PrefillCost(fixed: 0, linear: 1e-5, attention: 0)
        let shop = FlowShop(stages: [.round, wire, .round, wire, .round])
        let expected = shop.nanoseconds(prompt: 20_000, chunkSize: 512)
        #expect(try scenario.report().makespanNanoseconds == expected)
    }

    @Test("grows by the time of the transfers where sends are synchronous")
    func synchronousSends() throws {
        var scenario = Scenario.uniform(
            stages: 3, limits: .simulated(stages: 3, depth: 40), .prompt(20_000))
        let link = SimulatedLink(
            latency: 1e-4, bytesPerSecond: 1e9, bytesPerToken: 5000, sends: .synchronous)
        scenario.links = [link, link]
        let sender = PrefillCost.round + PrefillCost(fixed: 1e-4, linear: 5e-6, attention: 0)
        let shop = FlowShop(stages: [sender, sender, .round])
        let expected = shop.nanoseconds(prompt: 20_000, chunkSize: 512)
        #expect(try scenario.report().makespanNanoseconds == expected)
    }

    @Test("is shorter with asynchronous sends than with synchronous ones")
    func asynchronousSends() throws {
        // A chunk takes a stage 2 ms and a link 1.1 ms.
        let cost = PrefillCost(fixed: 1e-3, linear: 2e-6, attention: 0)
        let ways: [SimulatedLink.Sends?] = [nil, .asynchronous, .synchronous]
        let times = try ways.map { sends in
            var scenario = Scenario.uniform(
                stages: 4, cost: cost, limits: .simulated(stages: 4, depth: 4), .prompt(40 * 512))
            if let sends {
                let link = SimulatedLink(
                    latency: 1e-4, bytesPerSecond: 1e9, bytesPerToken: 2000, sends: sends)
                scenario.links = [link, link, link]
            }
            return try scenario.report().makespan
        }
        // The links add to the way of the first chunk alone, or to every chunk's.
        #expect(times[1] > times[0] && times[1] < times[0] * 1.05)
        #expect(times[2] > times[0] * 1.5)
    }

    @Test("suffers where links take time and no microbatch is in flight beyond one for each stage")
    func asynchronousDepth() throws {
        let makespans = try [0, 1, 2].map { depth in
            // Stage and link take 1 ms each.
            var scenario = Scenario.uniform(
                stages: 2, cost: PrefillCost(fixed: 1e-3, linear: 0, attention: 0),
                limits: .simulated(stages: 2, depth: depth, chunking: .fixed(tokens: 64)),
                .prompt(60 * 64))
            scenario.links[0] = SimulatedLink(bytesPerSecond: 64e6, bytesPerToken: 1000)
            return try scenario.report().makespanNanoseconds
        }
        // Two microbatches share a way of three milliseconds, or each has its own.
        #expect(makespans == [30 * 3e6 + 1e6, 62e6, 62e6])
    }

    @Test("grows by the latency of the links on the way, and by that of the control link twice")
    func latency() throws {
        let plain = try Scenario.uniform(stages: 4, .prompt(400)).report()
        var scenario = Scenario.uniform(stages: 4, .prompt(400))
        scenario.links = [1e-3, 2e-3, 4e-3].map { SimulatedLink(latency: $0) }
        scenario.controlLatency = 16e-3
        let added = try scenario.report().makespanNanoseconds - plain.makespanNanoseconds
        #expect(added == 7e6 + 32e6)
    }

    @Test("grows by the all-reduces of tensor-parallel groups")
    func allReduces() throws {
        let group = TensorParallelGroup(
            size: 4, allReduceCount: 10, latency: 1e-5, bytesPerSecond: 1.5e9, bytesPerToken: 1000)
        // Each of four processes sends 3/2 of the bytes: 1 µs a token and all-reduce.
        #expect(abs(group.cost.linear - 1e-5) < 1e-15 && group.cost.fixed == 1e-4)
        var scenario = Scenario.uniform(stages: 3, .prompt(5000))
        for index in 0..<3 { scenario.stages[index].group = group }
        let shop = FlowShop(stages: Array(repeating: .round + group.cost, count: 3))
        let expected = shop.nanoseconds(prompt: 5000, chunkSize: 512)
        #expect(try scenario.report().makespanNanoseconds == expected)
    }

    @Test("a group of one has nothing to add up")
    func groupOfOne() {
        let group = TensorParallelGroup(
            size: 1, allReduceCount: 10, latency: 1, bytesPerSecond: 1, bytesPerToken: 1)
        #expect(group.cost == .zero)
    }

    @Test("a stage that cannot be rid of its messages waits, and says for how long")
    func boundedSends() throws {
        // 64 tokens take a stage 1.128 ms and the link 64 ms.
        var scenario = Scenario.uniform(
            stages: 2, cost: PrefillCost(fixed: 1e-3, linear: 2e-6, attention: 0),
            limits: .simulated(stages: 2, depth: 20, chunking: .fixed(tokens: 64)), .prompt(640))
        scenario.links = [SimulatedLink(bytesPerSecond: 1e6, bytesPerToken: 1000)]
        let timeline = try #require(try scenario.report().timeline)
        let waits = timeline.microbatches.map(\.stages[0].sendWaitNanoseconds)
        // Four are on their way when the fifth is ready; then one goes each time that one arrives.
        #expect(waits[..<4].allSatisfy { $0 == 0 })
        #expect(waits[4] == 64_000_000 - 4 * 1_128_000)
        #expect(waits[5...].allSatisfy { $0 == 64_000_000 - 1_128_000 })
        let arrivals = timeline.microbatches.map(\.stages[1].received.nanoseconds)
        #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $1 - $0 == 64_000_000 })
    }

    @Test("a receiver that takes nothing in ahead of its turn holds up a synchronous sender")
    func rendezvous() throws {
        let slow = PrefillCost(fixed: 10e-3, linear: 0, attention: 0)
        let fast = PrefillCost(fixed: 1e-3, linear: 0, attention: 0)
        let waits = try [4, 0].map { receivesAheadMax in
            var scenario = Scenario(
                stages: [SimulatedStage(cost: fast), SimulatedStage(cost: slow)],
                limits: .simulated(stages: 2, depth: 8), workload: [.prompt(4 * 512)])
            scenario.links[0].sends = .synchronous
            scenario.links[0].receivesAheadMax = receivesAheadMax
            let timeline = try #require(try scenario.report().timeline)
            return timeline.microbatches.map(\.stages[0].sendWaitNanoseconds)
        }
        #expect(waits[0] == [0, 0, 0, 0])
        #expect(waits[1] == [0, 9_000_000, 9_000_000, 9_000_000])
    }
}
