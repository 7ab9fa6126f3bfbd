import Planning
import Profiles
import SeededRandom
import SettingsFiles
import Testing

@Suite("profiles as extreme as they may be")
struct ExtremeProfileTests {
    private static func profile(
        _ random: inout SeededGenerator
    ) throws -> HardwareProfile {
        func one(_ values: String...) -> String {
            values.randomElement(using: &random) ?? values[0]
        }
        let yaml = """
            name: x
            devices-per-node: \(one("1", "3", "8", "4096"))
            stage-sharing: \(one("threads", "tensor-parallel"))
            memory: {bytes: \(one("1e6", "1e10", "1e18")), bandwidth: \(one("1e6", "1e12", "1e18"))}
            flops: {bfloat16: \(one("1e9", "1e14", "1e20")), fp8: \(one("1e9", "1e14", "1e20"))}
            efficiency: {linear: \(one("1", "0.001")), attention: \(one("1", "0.001")), \
            memory: \(one("1", "0.001")), links: \(one("1", "0.001"))}
            links: {within-node: {latency: \(one("0", "100")), bandwidth: \(one("1e3", "1e18"))}, \
            between-nodes: {latency: \(one("0", "100")), bandwidth: \(one("1e3", "1e18"))}}
            microbatch-seconds: \(one("0", "100"))
            """
        return try HardwareProfile(SettingsTable(yaml: yaml, file: "x"))
    }

    @Test("plans are finite, and chunks are whole", arguments: 0..<24)
    func plansAreFinite(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = try Repository.names("models")
        let request = PlanRequest(
            model: try Repository.files.model(names[Int(seed) % names.count]),
            hardware: try Self.profile(&random),
            deviceCount: [1, 2, 8].randomElement(using: &random) ?? 1)
        let planner: Planner
        do throws(PlanError) {
            planner = try Planner(request)
        } catch {
            return
        }
        for length in [1, 63, 64, 65, 5000, 100_001] {
            for plan in planner.plans(promptLength: length) {
                #expect(plan.promptLength == length, "seed \(seed)")
                #expect(plan.ttft.isFinite && plan.ttft > 0, "seed \(seed)")
                #expect(plan.throughput.isFinite && plan.throughput > 0, "seed \(seed)")
                #expect(plan.efficiency.isFinite && plan.memory.positionsMax >= 0, "seed \(seed)")
            }
        }
    }
}
