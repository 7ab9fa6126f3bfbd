import Foundation
import Testing
import Timelines

/// `penstock simulate`, as people use it.
@Suite("simulate", .serialized)
struct SimulateTests {
    private static let scenarios = TestModels.root.appending(path: "scenarios")

    /// What `--json` prints, as far as the tests look at it.
    private struct Figures: Decodable {
        var traceHash: String
        var simulated: Run
        var paced: Run?

        struct Run: Decodable {
            var makespanSeconds: Double
            var requests: [Request]
            var ends: [End]
        }

        struct Request: Decodable, Equatable {
            var promptTokens: Int
            var outputTokens: Int
            var timeToFirstTokenSeconds: Double?
            var chunks: [Int]
        }

        struct End: Decodable, Equatable {
            var end: String
            var requests: Int
        }
    }

    private static func simulate(_ arguments: String...) async throws -> Figures {
        let result = try await ChildProcess.run(
            Penstock.executable, ["simulate", "--json"] + arguments)
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Figures.self, from: Data(result.output.utf8))
    }

    /// Runs `body` with a file of this content, "s.yaml", in a folder of its own.
    private static func withFile<Result>(
        _ content: String, _ body: (String) async throws -> Result
    ) async throws -> Result {
        try await TemporaryFolder.with { folder in
            let file = folder.appending(path: "s.yaml")
            try Data(content.utf8).write(to: file)
            return try await body(file.path)
        }
    }

    @Test("two processes print the same trace hash, and another one for another seed")
    func determinism() async throws {
        let path = Self.scenarios.appending(path: "chat-and-documents.yaml").path
        let first = try await Self.simulate(path)
        let second = try await Self.simulate(path)
        let other = try await Self.simulate(path, "--seed", "2")
        #expect(first.traceHash == second.traceHash)
        #expect(first.traceHash.count == 16)
        #expect(first.traceHash != other.traceHash)
        #expect(first.simulated.requests.count == 126)
    }

    @Test("the table has a line for each figure and each stage")
    func table() async throws {
        let path = Self.scenarios.appending(path: "one-long-prompt.yaml").path
        let result = try await ChildProcess.run(
            Penstock.executable, ["simulate", path, "--chunking", "fixed:1024"])
        #expect(result.status == 0 && result.errors.isEmpty)
        for part in [
            "4 stages, chunking fixed:1024, seed 0", "makespan", "TTFT median", "ITL p99",
            "prompt tokens/s", "requests finished          1", "imbalance", "link wait",
            "trace hash ",
        ] {
            #expect(result.output.contains(part), "\(part) in \(result.output)")
        }
        #expect(!result.output.contains("paced"))
    }

    @Test("policies and sends of the command line take the place of the scenario's")
    func overrides() async throws {
        let path = Self.scenarios.appending(path: "one-long-prompt.yaml").path
        let whole = try await Self.simulate(path, "--chunking", "off")
        #expect(whole.simulated.requests[0].chunks == [32768])
        let fixed = try await Self.simulate(path, "--chunking", "fixed:4096")
        #expect(fixed.simulated.requests[0].chunks == [Int](repeating: 4096, count: 8))
        let dynamic = try await Self.simulate(path, "--chunking", "dynamic:4096:1")
        #expect(dynamic.simulated.requests[0].chunks.first == 4096)
        #expect(dynamic.simulated.requests[0].chunks.count > 8)
        let best = try await Self.simulate(path)
        for other in [whole, fixed, dynamic] {
            #expect(best.simulated.makespanSeconds < other.simulated.makespanSeconds)
        }
        let held = try await Self.simulate(path, "--sends", "synchronous")
        #expect(held.simulated.makespanSeconds > best.simulated.makespanSeconds)
    }

    @Test("a prompt's chunks are all listed, though the last be of one token, and no decode step")
    func chunks() async throws {
        let yaml = """
            stages: [{fixed-ms: 1, linear-ms: 0.01, attention-ms: 0}]
            limits: {chunking: "fixed:128"}
            workload: [{prompt-tokens: 129, output-tokens: 3}]
            """
        let figures = try await Self.withFile(yaml) { try await Self.simulate($0) }
        #expect(figures.simulated.requests.map(\.chunks) == [[128, 1]])
    }

    @Test("a trace and a chart are written, and the trace reads back")
    func files() async throws {
        try await TemporaryFolder.with { folder in
            let trace = folder.appending(path: "trace.json")
            let chart = folder.appending(path: "chart.svg")
            _ = try await Self.simulate(
                Self.scenarios.appending(path: "one-long-prompt.yaml").path, "--trace", trace.path,
                "--gantt", chart.path)
            let timeline = try ChromeTrace.parse(String(contentsOf: trace, encoding: .utf8))
            #expect(timeline.source == .simulated && timeline.stageCount == 4)
            let tokens = timeline.microbatches.reduce(0) { $0 + $1.tokenCount }
            // Of the 32 output tokens, the last is not computed any further.
            #expect(tokens == 32768 + 31)
            #expect(try String(contentsOf: chart, encoding: .utf8).contains("</svg>"))
        }
    }

    /// Runs `body` in a folder that holds a scenario, "s.yaml", and a trace of it, "t.json".
    private static func inFolder(_ body: (URL) async throws -> Void) async throws {
        try await withFile(small) { scenario in
            let folder = URL(filePath: scenario).deletingLastPathComponent()
            _ = try await simulate(scenario, "--trace", folder.appending(path: "t.json").path)
            try await body(folder)
        }
    }

    private static let small = """
        stages: [{fixed-ms: 1, linear-ms: 0.01, attention-ms: 0}]
        workload: [{prompt-tokens: 100, output-tokens: 0}]
        """

    @Test("files that are the same, or cannot be written, are refused before anything is run")
    func sameFiles() async throws {
        try await Self.inFolder { folder in
            let path = { (name: String) in folder.appending(path: name).path }
            let link = path("link.yaml")
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: "s.yaml")
            try FileManager.default.createSymbolicLink(
                atPath: path("dangling"), withDestinationPath: "new")
            let cases: [(arguments: [String], message: String)] = [
                (
                    ["simulate", path("s.yaml"), "--trace", link],
                    "--trace \(link) would overwrite the scenario"
                ),
                (
                    ["simulate", path("s.yaml"), "--gantt", path("./s.yaml")],
                    "--gantt \(path("./s.yaml")) would overwrite the scenario"
                ),
                (
                    [
                        "simulate", path("s.yaml"), "--trace", path("new"), "--gantt",
                        path("dangling"),
                    ],
                    "--trace \(path("new")) and --gantt \(path("dangling")) are the same file"
                ),
                (
                    ["simulate", path("s.yaml"), "--gantt", path("none/x.svg")],
                    "--gantt: cannot write \(path("none/x.svg")): No such file or directory"
                ),
                (
                    ["simulate", path("s.yaml"), "--trace", folder.path],
                    "--trace: cannot write \(folder.path): Is a directory"
                ),
                (
                    ["trace", path("t.json"), "--gantt", path("t.json")],
                    "--gantt \(path("t.json")) would overwrite the trace"
                ),
            ]
            for (arguments, message) in cases {
                let result = try await ChildProcess.run(Penstock.executable, arguments)
                #expect(result.status == 2 && result.output.isEmpty, "\(arguments)")
                #expect(result.errors == "penstock: \(message)\n")
            }
            #expect(!FileManager.default.fileExists(atPath: path("new")))
            #expect(try String(contentsOfFile: path("s.yaml"), encoding: .utf8) == Self.small)
        }
    }

    @Test("what is known is printed, though a file of it cannot be written in the end")
    func fullDisk() async throws {
        try await Self.inFolder { folder in
            let path = { (name: String) in folder.appending(path: name).path }
            for (arguments, message) in [
                (
                    ["simulate", path("s.yaml"), "--trace", "/dev/full", "--gantt", "/dev/null"],
                    "cannot write the trace to /dev/full: No space left on device"
                ),
                (
                    ["simulate", path("s.yaml"), "--gantt", "/dev/full"],
                    "cannot write /dev/full: No space left on device"
                ),
                (
                    ["trace", path("t.json"), "--gantt", "/dev/full"],
                    "cannot write /dev/full: No space left on device"
                ),
            ] {
                let result = try await ChildProcess.run(Penstock.executable, arguments)
                #expect(result.status == 1 && result.output.contains("link wait"))
                #expect(result.errors == "penstock: \(message)\n")
            }
        }
    }

    @Test("prompts that were computed count, though nothing was asked of them")
    func noOutput() async throws {
        let result = try await Self.withFile(Self.small) { path in
            try await ChildProcess.run(Penstock.executable, ["simulate", path])
        }
        // 100 tokens in 2 ms.
        #expect(result.output.contains(": 1 stage, chunking auto, seed 0\n"))
        let rate = result.output.split(separator: "\n").first { $0.contains("prompt tokens/s") }
        #expect(rate?.hasSuffix("  50000.0") == true, "\(result.output)")
        #expect(
            result.output.contains(
                "the stages in the 2 ms from the first dispatch to the last completion:"))
    }

    @Test("what cannot be simulated is one line and exit status 2")
    func refusals() async throws {
        for (yaml, arguments, part) in [
            ("pipeline: {stages: 2}\nmodel: {layer: 4}", [], ":2: unknown key 'model.layer'"),
            ("model: [", [], "not YAML"),
            ("", [], "'model' is missing"),
            ("", ["--chunking", "fixed:100"], "--chunking"),
            (
                Self.small + "\nfaults: [{kind: stage-dies, stage: 0, at-seconds: 0, "
                    + "down-seconds: 1e6}]", [],
                ".yaml: the run is given up: it takes 1000000 s or more"
            ),
            ("", ["--paced", "--sends", "synchronous"], "--sends has no effect"),
        ] {
            let result = try await Self.withFile(yaml) { path in
                try await ChildProcess.run(Penstock.executable, ["simulate", path] + arguments)
            }
            #expect(result.status == 2 && result.output.isEmpty)
            #expect(result.errors.hasPrefix("penstock: ") && result.errors.contains(part))
            #expect(result.errors.count { $0 == "\n" } == 1)
        }
        let missing = try await ChildProcess.run(
            Penstock.executable, ["simulate", "/nowhere/scenario.yaml"])
        #expect(missing.status == 2)
        #expect(missing.errors == "penstock: /nowhere/scenario.yaml: the file cannot be read\n")
    }

    @Test("paced stages compute the chunks of the simulation, in real processes")
    func paced() async throws {
        let yaml = """
            pipeline: {stages: 4}
            model: {layers: 8, fixed-ms: 2, linear-ms: 0.02, attention-ms: 1e-6}
            limits: {chunking: "dynamic:1024:0.75"}
            workload: [{prompt-tokens: 8000, output-tokens: 6}]
            """
        let figures = try await Self.withFile(yaml) { try await Self.simulate($0, "--paced") }
        let simulated = figures.simulated
        let paced = try #require(figures.paced)
        #expect(paced.requests.map(\.chunks) == simulated.requests.map(\.chunks))
        #expect(simulated.requests[0].chunks.count > 8)
        #expect(paced.requests.map(\.outputTokens) == [6])
        #expect(paced.ends == simulated.ends)
        // No stage is ever faster than its cost; how much slower depends on the machine.
        #expect(paced.makespanSeconds > 0.95 * simulated.makespanSeconds)
        #expect(paced.makespanSeconds < 60)
    }

    @Test("every request of a busy pipeline ends, though one of its processes is killed")
    func death() async throws {
        let yaml = """
            pipeline: {stages: 3}
            model: {layers: 6, fixed-ms: 2, linear-ms: 0.02, attention-ms: 1e-6}
            workload:
              - {count: 12, per-second: 30, prompt-tokens: [50, 400], output-tokens: [5, 20]}
              - {count: 4, clients: 2, prompt-tokens: 2000, output-tokens: 3}
            faults: [{kind: stage-dies, stage: 1, at-seconds: 0.2, down-seconds: 0.5}]
            """
        let figures = try await Self.withFile(yaml) { try await Self.simulate($0, "--paced") }
        let paced = try #require(figures.paced)
        #expect(paced.ends == [Figures.End(end: "finished", requests: 16)])
        #expect(paced.ends == figures.simulated.ends)
        // Lengths are those of the simulation, in whatever order requests were submitted.
        let lengths = { (run: Figures.Run) in
            run.requests.map { [$0.promptTokens, $0.outputTokens] }.sorted {
                $0.lexicographicallyPrecedes($1)
            }
        }
        #expect(lengths(paced) == lengths(figures.simulated))
    }

    @Test("a paced run whose layers are shared out anew says that the simulated one's are not")
    func repartition() async throws {
        let yaml = """
            pipeline: {stages: 2}
            model: {layers: 8, fixed-ms: 2, linear-ms: 0.05, attention-ms: 1e-7}
            limits: {chunking: "fixed:256"}
            workload: [{count: 4, clients: 1, prompt-tokens: 4096}]
            faults:
              - {kind: stage-slows, stage: 1, factor: 3, from-seconds: 0}
              - {kind: stage-dies, stage: 1, at-seconds: 1, down-seconds: 0.5}
            paced: {partition-by-cost: true}
            """
        let result = try await Self.withFile(yaml) { path in
            try await ChildProcess.run(Penstock.executable, ["simulate", path, "--paced"])
        }
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("layers of the stages: 4 + 4 at first, "))
        #expect(result.output.contains("at the end; the simulated ones stay as they are at first"))
    }

    @Test("what real processes cannot do is refused before any is started")
    func pacedRefusals() async throws {
        let stages =
            "stages: [{fixed-ms: 1, linear-ms: 0, attention-ms: 0}, "
            + "{fixed-ms: 1, linear-ms: 0, attention-ms: 0}]\nworkload: [{prompt-tokens: 9}]\n"
        for (rest, part) in [
            ("link: {sends: synchronous}", "synchronous sends"),
            (
                "faults: [{kind: link-stalls, link: 0, from-seconds: 0, to-seconds: 1}]",
                "links stall"
            ),
        ] {
            let result = try await Self.withFile(stages + rest) { path in
                try await ChildProcess.run(Penstock.executable, ["simulate", path, "--paced"])
            }
            #expect(result.status == 2 && result.errors.contains(part), "\(result.errors)")
        }
    }
}
