import Foundation
import PipelineTypes
import Planning
import Profiles
import Testing

/// What others have published of pipelines, predicted from their single stages' TTFT alone: one
/// factor for each model. SGLang on H20, prompts of 128K tokens, 16 of them back to back where
/// throughput is meant. Its microbatches in flight are one per stage.
@Suite("published figures are predicted")
struct PublishedFigureTests {
    private static let length = 131072
    private static let deepseekPolicy = ChunkingPolicy.dynamic(tokens: 12288, smoothingFactor: 0.65)
    private static let qwenPolicy = ChunkingPolicy.dynamic(tokens: 18432, smoothingFactor: 0.8)

    private static func planner(_ model: String, stages: Int, devices: Int) throws -> Planner {
        let files = Repository.files
        let hardware = try files.hardware("h20-node")
        let calibration = try #require(hardware.calibrations.first { $0.model == model })
        return try Planner(
            PlanRequest(
                model: try files.model(model), hardware: hardware, deviceCount: stages * devices,
                calibration: calibration, stageCount: stages, devicesPerStage: devices))
    }

    private static func plan(
        _ model: String, stages: Int, devices: Int, _ policy: ChunkingPolicy,
        promptLength: Int = length
    ) throws -> Plan {
        let planner = try planner(model, stages: stages, devices: devices)
        return planner.plan(planner.layouts[0], policy, promptLength: promptLength)
    }

    private static func check(
        _ what: String, _ predicted: Double, published: Double, within tolerance: Double = 0.08
    ) {
        let error = predicted / published - 1
        print(
            "\(what): predicted \(rounded(predicted)), published \(published),"
                + " \(rounded(error * 100)) %")
        #expect(abs(error) <= tolerance, "\(what)")
    }

    private static func rounded(_ number: Double) -> Double {
        (number * 100).rounded() / 100
    }

    @Test("DeepSeek-V3.1 on four stages of eight devices")
    func deepseek() throws {
        let dynamic = try Self.plan(
            "deepseek-v3.1", stages: 4, devices: 8, Self.deepseekPolicy)
        let fixed = try Self.plan(
            "deepseek-v3.1", stages: 4, devices: 8, .fixed(tokens: 4096))
        Self.check("DeepSeek-V3.1 PP4 × TP8, TTFT", dynamic.ttft, published: 15.5)
        Self.check(
            "DeepSeek-V3.1 PP4 × TP8, throughput of dynamic chunks over TP8",
            dynamic.throughputSpeedup, published: 3.31)
        Self.check(
            "DeepSeek-V3.1 PP4 × TP8, efficiency of dynamic chunks", dynamic.efficiency,
            published: 0.828)
        Self.check(
            "DeepSeek-V3.1 PP4 × TP8, throughput of fixed chunks over TP8",
            fixed.throughputSpeedup, published: 3.20)
    }

    @Test("Qwen3-235B-A22B-FP8 on eight stages of four devices")
    func qwen() throws {
        let plan = try Self.plan(
            "qwen3-235b-a22b-fp8", stages: 8, devices: 4, Self.qwenPolicy)
        Self.check("Qwen3-235B-A22B-FP8 PP8 × TP4, TTFT", plan.ttft, published: 10.54)
    }

    @Test("TTFT is predicted as well if the profile's constants are other ones")
    func otherConstants() throws {
        let changes: [(inout PlanRequest) -> Void] = [
            { $0.hardware.efficiency.linear = 0.5 }, { $0.hardware.efficiency.linear = 0.9 },
            { $0.hardware.efficiency.attention = 0.7 }, { $0.hardware.efficiency.attention = 1 },
            { $0.hardware.efficiency.memory = 0.6 }, { $0.hardware.efficiency.links = 0.5 },
            { $0.hardware.microbatchSeconds = 0 }, { $0.hardware.microbatchSeconds = 0.01 },
            { $0.hardware.linkBetweenNodes.bandwidth *= 0.5 },
            { $0.calibration?.chunkSize = 4096 }, { $0.calibration?.chunkSize = 16384 },
        ]
        var errors: [Double] = []
        for change in changes {
            for (model, stages, devices, policy, published) in [
                ("deepseek-v3.1", 4, 8, Self.deepseekPolicy, 15.5),
                ("qwen3-235b-a22b-fp8", 8, 4, Self.qwenPolicy, 10.54),
            ] {
                var request = try Self.planner(model, stages: stages, devices: devices).request
                change(&request)
                let planner = try Planner(request)
                let plan = planner.plan(planner.layouts[0], policy, promptLength: Self.length)
                errors.append(plan.ttft / published - 1)
            }
        }
        print("TTFT with other constants: errors of \(errors.map { Self.rounded($0 * 100) }) %")
        #expect(errors.allSatisfy { abs($0) <= 0.08 })
    }

    @Test("DeepSeek-V3.1 on one stage of 32 devices")
    func tensorParallelism() throws {
        let plan = try Self.plan(
            "deepseek-v3.1", stages: 1, devices: 32, .fixed(tokens: 8192))
        // An upper bound: what shards of a 32nd lose of the peak, the model does not know.
        Self.check(
            "DeepSeek-V3.1 TP32, throughput over TP8", plan.throughputSpeedup, published: 2.54,
            within: 0.15)
    }

    @Test("calibrated on one core, two stages of one core are as fast as measured")
    func twoCores() throws {
        let files = Repository.files
        let hardware = try files.hardware("cpu-2-core")
        let planner = try Planner(
            PlanRequest(
                model: try files.model("smollm2-135m"), hardware: hardware, deviceCount: 2,
                calibration: hardware.calibrations[0], stageCount: 2, devicesPerStage: 1))
        let plan = planner.plan(planner.layouts[0], .fixed(tokens: 256), promptLength: 8192)
        Self.check("SmolLM2-135M, 2 stages × 1 core, 8192 tokens", plan.ttft, published: 6.61)
    }

    @Test("longer prompts are predicted, too")
    func longerPrompts() throws {
        for (model, stages, devices, policy) in [
            ("deepseek-v3.1", 4, 8, Self.deepseekPolicy),
            ("qwen3-235b-a22b-fp8", 8, 4, Self.qwenPolicy),
        ] {
            var last = 0.0
            for length in [262144, 524288, 1_048_576] {
                var request = try Self.planner(model, stages: stages, devices: devices).request
                request.asyncBatchDepth = 1
                let planner = try Planner(request)
                let plan = planner.plan(planner.layouts[0], policy, promptLength: length)
                let auto = planner.plan(planner.layouts[0], .automatic, promptLength: length)
                let baseline = planner.baseline(promptLength: length)
                print(
                    "\(model) PP\(stages) × TP\(devices), \(length) tokens:"
                        + " one stage \(Self.rounded(baseline.seconds)) s,"
                        + " dynamic \(Self.rounded(plan.ttft)) s,"
                        + " auto \(Self.rounded(auto.ttft)) s")
                // Attention has the greater share: twice the tokens take more than twice as long.
                #expect(plan.ttft > 2 * last)
                #expect(plan.ttftSpeedup > 0.8 * Double(stages))
                #expect(auto.ttft < plan.ttft)
                last = plan.ttft
            }
        }
    }
}
