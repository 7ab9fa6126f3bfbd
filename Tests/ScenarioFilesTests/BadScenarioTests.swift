import ScenarioFiles
import SettingsFiles
import Testing

@Suite("a scenario that cannot be simulated")
struct BadScenarioTests {
    /// A good scenario; each case below replaces one of its lines.
    static let good = """
        name: two kinds of requests
        seed: 3
        pipeline:
          stages: 2
          async-depth: 1
          control-latency-ms: 0.1
        model:
          layers: 10
          fixed-ms: 1
          linear-ms: 0.01
          attention-ms: 1e-7
        link:
          latency-ms: 0.05
          gigabytes-per-second: 10
          bytes-per-token: 8192
        limits:
          chunking: fixed:512
          kv-tokens: 65536
        workload:
          - name: chat
            count: 5
            per-second: 3
            prompt-tokens: [100, 300]
            output-tokens: 10
          - prompt-tokens: 4096
            cancelled: {share: 0.5, after-seconds: [0.1, 2]}
        faults:
          - {kind: stage-slows, stage: 1, factor: 2, from-seconds: 1, to-seconds: 4}
        """

    /// Line to be replaced, what it becomes, and what is said.
    static let cases: [(line: Int, text: String, message: String)] = [
        (2, "sede: 3", "f.yaml:2: unknown key 'sede'; the nearest is 'seed'"),
        (2, "seed: -1", "f.yaml:2: 'seed' must be an integer from 0 to"),
        (2, "seed: 1.5", "f.yaml:2: 'seed' must be an integer, got '1.5'"),
        (2, "seed: 3\nseed: 4", "f.yaml:3: 'seed' occurs twice"),
        (1, "name: \"a\\e[31m\"", "f.yaml:1: 'name' must be one line without control characters"),
        (1, "name: \"a\\nb\"", "f.yaml:1: 'name' must be one line without control characters"),
        (20, "  - name: \"\\a\"", "f.yaml:20: 'workload[0].name' must be one line without control"),
        (4, "  stages: 11", "f.yaml:4: 'pipeline.stages' does not fit: 11 stages are more than"),
        (4, "  stages: 0", "f.yaml:4: 'pipeline.stages' must be an integer from 1 to"),
        (4, "  stages: two", "f.yaml:4: 'pipeline.stages' must be an integer, got 'two'"),
        (4, "  depth: 1", "f.yaml:4: unknown key 'pipeline.depth'"),
        (4, "  layer-partition: [5, 5]", "f.yaml:4: 'pipeline.stages' is missing"),
        (
            4, "  stages: 2\n  layer-partition: [5, 6]",
            "f.yaml:5: 'pipeline.layer-partition' does not fit: the layer partition adds up to 11"
        ),
        (
            4, "  stages: 2\n  layer-partition: [5.5, 4.5]",
            "f.yaml:5: 'pipeline.layer-partition' must be integers"
        ),
        (6, "  control-latency-ms: -1", "f.yaml:6: 'pipeline.control-latency-ms' must be from 0"),
        (8, "  layers: 1e30", "f.yaml:8: 'model.layers' must be an integer, got '1e30'"),
        (9, "  fixed: 1", "f.yaml:9: unknown key 'model.fixed'; the nearest is 'model.fixed-ms'"),
        (9, "", "f.yaml:8: 'model.fixed-ms' is missing"),
        (10, "  linear-ms: -0.01", "f.yaml:10: 'model.linear-ms' must be from 0"),
        (10, "  linear-ms: nan", "f.yaml:10: 'model.linear-ms' must be a number, got 'nan'"),
        (11, "  attention-ms: 1\n  prefix-ms: -1", "f.yaml:12: 'model.prefix-ms' must be from 0"),
        (11, "  attention-ms: [1]", "f.yaml:11: 'model.attention-ms' must be a number, got a list"),
        (
            11, "  attention-ms: 1\n  jitter-share: 1",
            "f.yaml:12: 'model.jitter-share' must be from 0 and at most 0.99"
        ),
        (
            11, "  attention-ms: 1\n  jitter-share: 0.1\n  jitter-deviation: 0.1",
            "f.yaml:12: 'model.jitter-share' and 'jitter-deviation' exclude each other"
        ),
        (
            11, "  attention-ms: 1\n  tensor-parallel: {size: 0, latency-ms: 0.02}",
            "f.yaml:12: 'model.tensor-parallel.size' must be an integer from 1"
        ),
        (
            14, "  gigabytes-per-second: 0",
            "f.yaml:14: 'link.gigabytes-per-second' must be above 0 and at most 1000000000, got '0'"
        ),
        (13, "  latency-ms: -2", "f.yaml:13: 'link.latency-ms' must be from 0"),
        (
            15, "  sends: blocking",
            "f.yaml:15: 'link.sends' must be one of asynchronous, synchronous, got 'blocking'"
        ),
        (12, "links: []\nlink:", "f.yaml:12: 'links' and 'link' exclude each other"),
        (17, "  chunking: fixed:500", "f.yaml:17: 'limits.chunking' must be auto, off, fixed:SIZE"),
        (17, "  chunking: dynamic:512:1.5", "f.yaml:17: 'limits.chunking' must be"),
        (18, "  kv-tokens: 10", "f.yaml:18: 'limits.kv-tokens' must be an integer from 64"),
        (19, "workload: []\nrest:", "f.yaml:20: unknown key 'rest'"),
        (21, "    count: 0", "f.yaml:21: 'workload[0].count' must be an integer from 1"),
        (
            21, "    count: 99999999999999999999",
            "f.yaml:21: 'workload[0].count' must be an integer"
        ),
        (22, "    per-second: 0", "f.yaml:22: 'workload[0].per-second' must be from"),
        (
            22, "    per-second: 1\n    clients: 4",
            "f.yaml:22: 'workload[0].per-second' and 'clients' exclude each other"
        ),
        (
            22, "    think-seconds: 1",
            "f.yaml:22: 'workload[0].think-seconds' needs 'clients'"
        ),
        (
            23, "    prompt-tokens: [300, 100]",
            "f.yaml:23: 'workload[0].prompt-tokens' must be one number, or a list of the least"
        ),
        (23, "    prompt-tokens: 0", "f.yaml:23: 'workload[0].prompt-tokens' must be an integer"),
        (
            26, "    cancelled: {share: 2, after-seconds: 1}",
            "f.yaml:26: 'workload[1].cancelled.share' must be from 0 and at most 1"
        ),
        (
            28, "  - {kind: stage-explodes, stage: 1}",
            "f.yaml:28: 'faults[0].kind' must be one of stage-dies, stage-slows, link-stalls"
        ),
        (
            28, "  - {kind: stage-dies, stage: 2, at-seconds: 1, down-seconds: 1}",
            "f.yaml:28: 'faults[0].stage' must be an integer from 0 to 1, got '2'"
        ),
        (
            28, "  - {kind: link-stalls, link: 0, from-seconds: 3, to-seconds: 1}",
            "f.yaml:28: 'faults[0].to-seconds' is before 'from-seconds'"
        ),
        (
            28, "  - {kind: stage-slows, stage: 1, factor: 0, from-seconds: 1}",
            "f.yaml:28: 'faults[0].factor' must be from"
        ),
    ]

    @Test("is refused in one line with file, line and key", arguments: cases.indices)
    func refused(index: Int) throws {
        let (line, text, message) = Self.cases[index]
        var lines = Self.good.split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        lines[line - 1] = text
        let yaml = lines.joined(separator: "\n")
        let error = #expect(throws: SettingsError.self) {
            try ScenarioFile(yaml: yaml, file: "f.yaml")
        }
        let said = error?.description ?? ""
        #expect(said.hasPrefix(message), "said: \(said)")
        #expect(!said.contains("\n"))
    }

    @Test("what the cases change is good as it stands")
    func good() {
        #expect(throws: Never.self) { try ScenarioFile(yaml: Self.good, file: "f.yaml") }
    }

    @Test(
        "has neither a model nor stages, both, or nothing at all",
        arguments: [
            ("", "f: 'model' is missing, and so is 'stages'"),
            ("model: {}\nstages: [{}]", "f:2: 'stages' and 'model' exclude each other"),
            (
                "stages: [{fixed-ms: 1, linear-ms: 1, attention-ms: 0}]\nworkload: []",
                "f:2: 'workload' needs at least one entry"
            ),
            (
                "stages: [{fixed-ms: 1, linear-ms: 1, attention-ms: 0}]\npipeline: {stages: 2}",
                "f:1: 'stages' has 1 entries, 'pipeline.stages' is 2"
            ),
            (
                "stages: [{fixed-ms: 1, linear-ms: 1, attention-ms: 0}]\nlinks: [{}]",
                "f:2: 'links' has 1 entries, there are 0 between the stages"
            ),
            ("- 1", "f:1: the file must hold keys and values"),
            ("model: *a", "f:1: not YAML"),
        ])
    func incomplete(yaml: String, message: String) {
        let error = #expect(throws: SettingsError.self) { try ScenarioFile(yaml: yaml, file: "f") }
        let said = error?.description ?? ""
        #expect(said.hasPrefix(message), "said: \(said)")
    }
}
