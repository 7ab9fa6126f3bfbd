import PipelineTypes
import StageProtocol
import Testing
import Timelines

@testable import Coordinator

@Suite("parts of the coordinator")
struct PartsTests {
    @Test("restarts wait twice as long each time, up to a limit, and end when there are too many")
    func restartPolicy() {
        var policy = RestartPolicy()
        policy.restartsMax = 4
        policy.windowSeconds = 100
        policy.firstDelaySeconds = 1
        policy.delaySecondsMax = 3
        var history = RestartHistory(policy)
        let delays = (Int64(0)..<5).map { loss in
            let now = Instant(nanoseconds: 1000 + loss)
            return history.restart(after: now).map { $0.seconds(since: now) }
        }
        #expect(delays == [1, 2, 3, 3, nil])
        let later = Instant(nanoseconds: 101_000_000_000)
        #expect(history.restart(after: later)?.seconds(since: later) == 1)
    }

    @Test("how far a long prompt is, is said every ten seconds, and of short ones never")
    func prefillProgress() {
        var progress = PrefillProgress()
        let (long, short) = (RequestID(1), RequestID(2))
        progress.begin(long, tokenCount: 100_000)
        progress.begin(short, tokenCount: 600)
        func note(_ request: RequestID, to end: Int, dispatched: Int64, completed: Int64)
            -> [String]
        {
            progress.note(
                [ChunkSpan(request: request, positions: max(0, end - 300)..<end)],
                dispatched: Instant(nanoseconds: dispatched * 1_000_000_000),
                completed: Instant(nanoseconds: completed * 1_000_000_000))
        }
        #expect(note(long, to: 2000, dispatched: 1, completed: 5) == [])
        #expect(note(long, to: 4000, dispatched: 4, completed: 10) == [])
        #expect(
            note(long, to: 5000, dispatched: 6, completed: 11)
                == ["5000 of a prompt's 100000 tokens are computed, 5 %"])
        #expect(note(short, to: 300, dispatched: 11, completed: 12) == [])
        #expect(note(long, to: 50_000, dispatched: 11, completed: 20) == [])
        #expect(
            note(long, to: 60_000, dispatched: 18, completed: 22)
                == ["60000 of a prompt's 100000 tokens are computed, 60 %"])
        #expect(note(short, to: 600, dispatched: 12, completed: 40) == [], "its last chunk")
        #expect(note(long, to: 100_001, dispatched: 50, completed: 60) == [], "decoding")
        progress.end(long)
        #expect(note(long, to: 70_000, dispatched: 70, completed: 90) == [])
    }

    @Test("the launcher's output is told apart by stage, wherever it is cut")
    func stageOutput() {
        let text =
            "[1,0]<stderr>:first: a\n[1,12]<stdout>:\nplain [x\n[1,1]<stdout>:ümlaut\n[odd\nend"
        let expected = [
            StageOutput.Line(stage: 0, text: "first: a"), StageOutput.Line(stage: 12, text: ""),
            StageOutput.Line(stage: nil, text: "plain [x"),
            StageOutput.Line(stage: 1, text: "ümlaut"), StageOutput.Line(stage: nil, text: "[odd"),
            StageOutput.Line(stage: nil, text: "end"),
        ]
        for size in 1...text.utf8.count {
            var output = StageOutput()
            let bytes = Array(text.utf8)
            var lines: [StageOutput.Line] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                lines += output.append(bytes[start..<min(start + size, bytes.count)])
            }
            lines += output.finish()
            #expect(lines == expected, "pieces of \(size) bytes")
        }
    }

    @Test("the last words are one line, of what has letters")
    func lastWords() {
        var words = LastWords()
        #expect(words.clause == "")
        for text in ["-----", "mpirun   could not", "", "start it"] {
            words.append(StageOutput.Line(stage: nil, text: text))
        }
        words.append(StageOutput.Line(stage: 1, text: "oh"))
        #expect(words.clause == ": mpirun could not start it [stage 1] oh")
    }

    @Test("the launcher's long notices do not drive out what was said before them")
    func lastWordsOfANotice() {
        var words = LastWords()
        let rule = String(repeating: "-", count: 74)
        let advice = (1...17).map { "advice \($0)" }
        for text in ["no route to host\r", rule, "it failed."] + advice + [rule, "the end"] {
            words.append(StageOutput.Line(stage: nil, text: text))
        }
        #expect(words.clause.hasPrefix(": no route to host it failed. advice 1 "))
        #expect(words.clause.hasSuffix(" the end"))
    }

    @Test("the stages' environment is the caller's, with no trace of another MPI job")
    func launchCommand() throws {
        var options = LaunchOptions(
            executable: "/bin/stage", arguments: ["stage", "-v"],
            environment: [
                "PATH": "/usr/bin", "KEEP": "1", "PMIX_RANK": "3", "OMPI_COMM_WORLD_SIZE": "9",
                "OMP_NUM_THREADS": "64",
            ])
        options.launcherArguments = ["--report-bindings", "--mca", "btl", "self,tcp"]
        let command = try LaunchCommand(
            options, stageCount: 3, identity: (address: "unix:/x", secret: "s3cret"),
            directory: "/d")
        #expect(command.environment["KEEP"] == "1")
        #expect(command.environment["PMIX_RANK"] == nil)
        #expect(command.environment["OMPI_COMM_WORLD_SIZE"] == nil)
        #expect(command.environment["OMP_NUM_THREADS"] == "1")
        #expect(command.environment[StageIdentity.secretVariable] == "s3cret")
        #expect(!command.arguments.contains { $0.contains("s3cret") })
        #expect(command.arguments.suffix(3) == ["/bin/stage", "stage", "-v"])
        #expect(command.arguments.contains("--report-bindings"))
        // mpirun refuses a setting that is given twice.
        #expect(command.arguments.count { $0 == "btl" } == 1)
    }

    @Test("hosts get equal shares of the stages, in order, and are told what they need by name")
    func launchOnHosts() throws {
        var options = LaunchOptions(
            executable: "/bin/stage", arguments: ["stage"], environment: ["PATH": "/usr/bin"])
        options.hosts = ["alpha", "10.0.0.2", "gamma"]
        let command = try LaunchCommand(
            options, stageCount: 8, identity: (address: "tcp:alpha:1", secret: "s3cret"),
            directory: "/d")
        let placed = try #require(command.arguments.firstIndex(of: "--host"))
        #expect(command.arguments[placed + 1] == "alpha:3,10.0.0.2:3,gamma:2")
        for name in [StageIdentity.addressVariable, StageIdentity.secretVariable] {
            let named = try #require(command.arguments.firstIndex(of: name))
            #expect(command.arguments[named - 1] == "-x")
        }
        #expect(!command.arguments.contains { $0.contains("s3cret") })
        // Neither may keep the launcher or the messages on this host.
        #expect(!command.arguments.contains("isolated"))
        #expect(!command.arguments.contains("btl"))
        // Else a host is known by the first part of its name alone.
        #expect(command.arguments.contains("orte_keep_fqdn_hostnames"))
        #expect(throws: CoordinatorError("3 hosts are too many for 2 stages")) {
            try LaunchCommand(
                options, stageCount: 2, identity: (address: "", secret: ""), directory: "/d")
        }
    }

    @Test("stages on several hosts report to a port of the first")
    func controlAddress() {
        var options = LaunchOptions(executable: "/bin/stage", arguments: [], environment: [:])
        #expect(options.controlAddress(in: "/d") == .unix(path: "/d/control"))
        options.hosts = ["alpha", "beta"]
        #expect(options.controlAddress(in: "/d") == .tcp(host: "alpha", port: 0))
        options.controlAddress = .tcp(host: "gamma", port: 7)
        #expect(options.controlAddress(in: "/d") == .tcp(host: "gamma", port: 7))
    }

    @Test("a closed inbox refuses commands and gives back those that nobody took")
    func inbox() throws {
        let inbox = try Inbox()
        #expect(inbox.post(.flushCache))
        #expect(inbox.take().count == 1)
        #expect(inbox.post(.flushCache) && inbox.post(.shutDown))
        #expect(inbox.close().count == 2)
        #expect(!inbox.post(.flushCache))
        #expect(inbox.take().isEmpty)
    }

    @Test("a load report reads like a line for the operator")
    func loadReport() {
        let report = StageLoadReport(
            stage: 1, layers: 15..<30, progress: LoadProgress(loadedBytes: 43, totalBytes: 100))
        #expect(report.description == "stage 1: layers 15–29, 43 %")
    }
}
