import PipelineTypes
import Planning
import Profiles
import Testing

@Suite("auto among the policies of a plan")
struct AutomaticPlanTests {
    private static let models = [
        "deepseek-v3.1", "llama-3.1-70b", "llama-3.1-8b", "qwen3-235b-a22b-fp8", "qwen3-8b",
        "smollm2-135m",
    ]

    @Test(
        "is the fastest in every layout of every model on every machine",
        arguments: ["h100-node", "h20-node"], models)
    func isTheFastest(machine: String, model: String) throws {
        let hardware = try Repository.files.hardware(machine)
        let shape = try Repository.files.model(model)
        for devices in [8, 64] {
            let planner = try Planner(
                PlanRequest(
                    model: shape, hardware: hardware, deviceCount: devices,
                    calibration: hardware.calibrations.first { $0.model == model },
                    asyncBatchDepth: 1))
            for length in [1000, 16384, 40960, 131_072] {
                let plans = planner.plans(promptLength: length)
                for layout in planner.layouts {
                    let own = plans.filter { $0.layout == layout }
                    let automatic = try #require(own.first { $0.policy == .automatic })
                    for other in own {
                        let what: Comment = "\(devices) \(length) \(layout) \(other.policy)"
                        #expect(automatic.ttft <= other.ttft, what)
                        // Prompts in a row are cut for the mean time to the first token.
                        #expect(automatic.throughput >= other.throughput * 0.97, what)
                    }
                }
            }
        }
    }
}
