import Foundation
import Planning
import Profiles
import SettingsFiles
import Testing

@Suite("profiles and models' figures")
struct ProfileFilesTests {
    private static func refusal(_ body: () throws(ProfileFileError) -> Void) -> String? {
        do throws(ProfileFileError) {
            try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("every profile in the repository is read")
    func everyProfileIsRead() throws {
        let names = try Repository.names("hardware")
        #expect(names == ["cpu-2-core", "h100-node", "h20-node"])
        let models = try Repository.names("models")
        for name in names {
            let profile = try Repository.files.hardware(name)
            for calibration in profile.calibrations {
                #expect(models.contains(calibration.model))
            }
        }
    }

    @Test(
        "models have as many weights as their makers say, in billions",
        arguments: [
            ("deepseek-v3.1", 671, 37), ("qwen3-235b-a22b-fp8", 235, 22), ("qwen3-8b", 8.2, 8.2),
            ("llama-3.1-8b", 8.03, 8.03), ("llama-3.1-70b", 70.6, 70.6),
            ("smollm2-135m", 0.1345, 0.1345),
        ])
    func weightsOfModels(name: String, all: Double, active: Double) throws {
        let model = try Repository.files.model(name)
        #expect(model.name == name)
        #expect(abs(model.parameterCount / (all * 1e9) - 1) < 0.01)
        #expect(abs(model.activeParameterCount / (active * 1e9) - 1) < 0.02)
    }

    @Test("every model in the repository is tested")
    func everyModelIsTested() throws {
        #expect(
            try Repository.names("models") == [
                "deepseek-v3.1", "llama-3.1-70b", "llama-3.1-8b", "qwen3-235b-a22b-fp8", "qwen3-8b",
                "smollm2-135m",
            ])
    }

    @Test("a model is found by path, by folder and by name, and what is not there is told")
    func whereAModelIsFound() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "profiles-\(UUID().uuidString)")
        let model = folder.appending(path: "My-Model")
        try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = "\(Repository.folder)/models/qwen3-8b.json"
        let config = model.appending(path: "config.json")
        try FileManager.default.copyItem(at: URL(filePath: path), to: config)
        let files = Repository.files
        #expect(try files.model(path) == files.model("qwen3-8b"))
        #expect(try files.model(model.path()).name == "My-Model")
        #expect(try files.model(config.path()).name == "My-Model")
        #expect(
            Self.refusal { () throws(ProfileFileError) in _ = try files.model("qwen-8b") }?
                .contains("; the nearest is 'qwen3-8b'; in \(Repository.folder)/models there is")
                == true)
        try Data("{\n\"a\": 1,}".utf8).write(to: config)
        #expect(
            Self.refusal { () throws(ProfileFileError) in _ = try files.model(config.path()) }
                == "\(config.path()):2: not JSON: expected a key in quotes")
        try Data("[]".utf8).write(to: config)
        #expect(
            Self.refusal { () throws(ProfileFileError) in _ = try files.model(config.path()) }
                == "\(config.path()): not a JSON object")
        try Data("{}".utf8).write(to: config)
        #expect(
            Self.refusal { () throws(ProfileFileError) in _ = try files.model(config.path()) }
                == "\(config.path()): 'model_type' is missing")
    }

    @Test(
        "a profile that makes no sense is refused with line and key",
        arguments: [
            (
                "  bandwidth: 4.0e12", "  bandwidth: 0",
                "p.yaml:6: 'memory.bandwidth' must be from 1000000 and at most 1000000000000000000,"
                    + " got '0'"
            ),
            (
                "microbatch-seconds: 0.005", "microbatch-seconds: -1",
                "p.yaml:22: 'microbatch-seconds' must be from 0 and at most 100, got '-1'"
            ),
            (
                "devices-per-node: 8", "devices-per-nod: 8",
                "p.yaml:3: unknown key 'devices-per-nod'; the nearest is 'devices-per-node'"
            ),
            (
                "  linear: 0.7 ", "  linear: 70 ",
                "p.yaml:11: 'efficiency.linear' must be from 0.001 and at most 1, got '70'"
            ),
            (
                "    bandwidth: 450e9", "    bandwith: 450e9",
                "p.yaml:18: unknown key 'links.within-node.bandwith'; the nearest is"
                    + " 'links.within-node.bandwidth'"
            ),
            (
                "    seconds: 48.5", "    seconds: fast",
                "p.yaml:28: 'calibrations[0].seconds' must be a number, got 'fast'"
            ),
            (
                "devices-per-node: 8", "devices-per-node: 8\nstage-sharing: magic",
                "p.yaml:4: 'stage-sharing' must be one of tensor-parallel, threads, got 'magic'"
            ),
        ])
    func aProfileThatMakesNoSense(part: String, other: String, message: String) throws {
        let text = try String(
            contentsOfFile: "\(Repository.folder)/hardware/h20-node.yaml", encoding: .utf8)
        let changed = text.replacing(part, with: other, maxReplacements: 1)
        #expect(changed != text)
        do throws(SettingsError) {
            _ = try HardwareProfile(SettingsTable(yaml: changed, file: "p.yaml"))
            Issue.record("accepted")
        } catch {
            #expect(error.description == message)
        }
    }

    @Test("a profile without a part that it needs is refused")
    func aProfileWithoutAPart() {
        for key in ["memory", "links", "flops", "efficiency"] {
            let yaml = """
                name: x
                devices-per-node: 8
                memory: {bytes: 1e9, bandwidth: 1e9}
                flops: {bfloat16: 1e12}
                efficiency: {linear: 1, attention: 1, memory: 1, links: 1}
                links: {within-node: {latency: 0, bandwidth: 1e9}}
                microbatch-seconds: 0
                """
            #expect(throws: Never.self) {
                try HardwareProfile(SettingsTable(yaml: yaml, file: "p"))
            }
            let without = yaml.replacing("\n\(key):", with: "\nname2:")
            #expect(throws: SettingsError.self) {
                try HardwareProfile(SettingsTable(yaml: without, file: "p"))
            }
        }
    }
}
