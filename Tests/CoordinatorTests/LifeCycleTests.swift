import Coordinator
import Foundation
import PipelineTestKit
import PipelineTypes
import Scheduling
import StageProtocol
import Synchronization
import Testing
import Timelines

extension RealStagesTests {
    @Suite("start and end")
    struct LifeCycleTests {
        @Test("a stage that refuses to load makes the start fail with its own line")
        func refusal() async throws {
            let harness = testHarness {
                $0.stages = 3; $0.model.refusingStage = 1
            }
            let error = await Self.startFailure(harness)
            #expect(error?.description == "stage 1: this model is refused")
            #expect(stageProcesses().isEmpty)
        }

        @Test("a stage that hangs while it loads is bounded by the time-out")
        func hangingLoad() async throws {
            let harness = testHarness { $0.model.hangingLoadStage = 1 }
            let error = await Self.startFailure(harness) { $0.timeouts.loading = 0.5 }
            #expect(error?.description == "stage 1 did not become ready in time")
            #expect(stageProcesses().isEmpty)
        }

        @Test("a stage that ends at once makes the start fail")
        func endsAtOnce() async throws {
            let error = await Self.startFailure(testHarness { $0.arguments = ["nothing"] })
            #expect(error?.description.hasPrefix("mpirun ended unexpectedly") == true)
            let missing = await Self.startFailure(testHarness { $0.executable = "/nowhere/stage" })
            #expect(missing?.description.hasPrefix("mpirun ended unexpectedly") == true)
            #expect(missing?.description.contains("/nowhere/stage") == true)
        }

        @Test("every stage tells how far it has loaded")
        func loadProgress() async throws {
            let lines = Mutex<[String]>([])
            try await withPipeline(testHarness()) { options in
                options.reportProgress = { report in
                    lines.withLock { $0.append(report.description) }
                }
            } _: { _ in
            }
            let told = lines.withLock(\.self)
            #expect(told.contains("stage 0: layers 0–2, 50 %"))
            #expect(told.contains("stage 1: layers 3–6, 100 %"))
        }

        @Test("shutting down leaves no process and no file, whatever the stages do")
        func shutDown() async throws {
            for state in ["idle", "busy", "stopped"] {
                let harness = testHarness { $0.model.hangingTokenCount = 77 }
                let coordinator = try Coordinator(try harness.options())
                try await coordinator.start()
                let stages = coordinator.status.stageProcesses
                if state == "stopped" { for process in stages { kill(process, SIGSTOP) } }
                let length = state == "busy" ? 77 : 30
                async let answer = coordinator.answer(
                    testPrompt(length: length, seed: 1), newTokens: state == "idle" ? 1 : 5000)
                try await Task.sleep(for: .milliseconds(200))
                let clock = ContinuousClock()
                let duration = await clock.measure { await coordinator.shutDown() }
                #expect(duration < .seconds(5), "\(state)")
                #expect(stageProcesses().isEmpty, "\(state)")
                #expect(!stages.contains(where: isRunning), "\(state)")
                #expect(FaultTests.controlAddress() == nil, "\(state)")
                let end = await answer.end
                if state == "idle" {
                    #expect(end == .finished(.length))
                } else {
                    #expect(end == .failed(Rejection.shuttingDown.message), "\(state)")
                }
                let late = await coordinator.answer([1], newTokens: 1)
                #expect(late.end == .rejected(.shuttingDown))
            }
        }

        @Test("a start can be given up half way")
        func shutDownWhileStarting() async throws {
            let harness = testHarness { $0.model.hangingLoadStage = 0 }
            let coordinator = try Coordinator(try harness.options())
            async let failure = Self.failure(of: coordinator)
            try await Task.sleep(for: .milliseconds(500))
            await coordinator.shutDown()
            #expect(await failure != nil)
            #expect(stageProcesses().isEmpty)
        }

        @Test("stages do not outlive a coordinator that is killed")
        func coordinatorDies() async throws {
            let driver = Process()
            driver.executableURL = URL(filePath: stageExecutable)
            driver.arguments = ["coordinate"]
            let output = Pipe()
            driver.standardOutput = output
            try driver.run()
            let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            let stages = line.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
            #expect(stages.count == 2)
            let family = stageProcesses()
            #expect(stages.allSatisfy(family.contains))
            kill(driver.processIdentifier, SIGKILL)
            #expect(await eventually(within: 3) { !family.contains(where: isRunning) })
            driver.waitUntilExit()
            // What it left in shared memory goes with the next start.
            try await withPipeline(testHarness()) { _ in }
            let names = try FileManager.default.contentsOfDirectory(atPath: "/dev/shm")
            #expect(!names.contains { $0.hasPrefix("penstock-\(driver.processIdentifier)-") })
        }

        @Test("a request whose reader goes away is cancelled and frees its pages")
        func readerGoesAway() async throws {
            let harness = testHarness { $0.model.computeMicroseconds = 2_000 }
            try await withPipeline(harness) { coordinator in
                await Self.readOneToken(coordinator)
                #expect(
                    await eventually { coordinator.status.totals.cancelledRequests == 1 })
                #expect(await eventually { coordinator.status.scheduler.usedPages == 0 })
            }
        }

        @Test("a stage runs on the processors that it is given")
        func processors() async throws {
            let allowed = Self.allowedProcessors(getpid())
            let first = try #require(Int(allowed.prefix { $0.isNumber }))
            try await withPipeline(testHarness()) { options in
                options.stages[1].processors = [first]
            } _: { coordinator in
                let stages = coordinator.status.stageProcesses
                #expect(Self.allowedProcessors(stages[0]) == allowed)
                #expect(Self.allowedProcessors(stages[1]) == String(first))
            }
        }

        @Test("stages can report over TCP")
        func controlOverTCP() async throws {
            let prompt = testPrompt(length: 300, seed: 6)
            try await withPipeline(testHarness()) { options in
                options.launch.controlAddress = .tcp(host: "127.0.0.1", port: 0)
            } _: { coordinator in
                let answer = await coordinator.answer(prompt, newTokens: 5)
                #expect(answer.tokens == testHarness().expected(prompt: prompt, newTokens: 5))
            }
        }

        @Test("stages that a remote shell starts on other hosts work like any others")
        func severalHosts() async throws {
            // The shell starts the other host's part here, where it acts as if it were there.
            let folder = FileManager.default.temporaryDirectory.appending(
                path: "remote-shell-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let shell = folder.appending(path: "shell")
            try "#!/bin/sh\nshift\nexec sh -c \"$*\"\n".write(
                to: shell, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o700], ofItemAtPath: shell.path)

            let harness = testHarness { $0.stages = 3 }
            let prompt = testPrompt(length: 700, seed: 8)
            try await withPipeline(harness) { options in
                options.launch.hosts = ["127.0.0.1", "127.0.0.2"]
                options.launch.environment["OMPI_MCA_plm_rsh_agent"] = shell.path
                options.launch.environment["OMPI_MCA_oob_tcp_if_include"] = "lo"
                options.launch.environment["OMPI_MCA_btl_tcp_if_include"] = "lo"
                options.launch.environment["OMPI_MCA_btl"] = "self,tcp"
            } _: { coordinator in
                let answer = await coordinator.answer(prompt, newTokens: 5)
                #expect(answer.tokens == harness.expected(prompt: prompt, newTokens: 5))
            }
            #expect(stageProcesses().isEmpty)
        }

        @Test("timings of the last microbatches are kept, one for each stage")
        func timings() async throws {
            let harness = testHarness { $0.stages = 3 }
            try await withPipeline(harness) { options in
                options.timingsKept = 10
            } _: { coordinator in
                _ = await coordinator.answer(testPrompt(length: 300, seed: 4), newTokens: 20)
                let timeline = coordinator.recentTimeline
                #expect(timeline.stageCount == 3 && timeline.source == .measured)
                let timings = timeline.microbatches
                #expect(timings.count == 10)
                #expect(coordinator.status.lastCompletion == timings.last?.completed)
                #expect(zip(timings, timings.dropFirst()).allSatisfy { $0.id < $1.id })
                for timing in timings {
                    #expect(timing.stages.count == 3)
                    #expect(timing.tokenCount == 1, "decode steps of one request")
                    var last = timing.dispatched
                    for stage in timing.stages {
                        #expect(last <= stage.computeBegan && stage.received <= stage.computeBegan)
                        #expect(stage.computeBegan <= stage.computeEnded)
                        last = stage.computeEnded
                    }
                    #expect(last <= timing.completed)
                }
            }
        }

        @Test("an idle pipeline sleeps")
        func idle() async throws {
            try await withPipeline(testHarness { $0.stages = 3 }) { coordinator in
                _ = await coordinator.answer(testPrompt(length: 300, seed: 4), newTokens: 5)
                try await Task.sleep(for: .milliseconds(500))
                let processes = stageProcesses()
                let before = processes.map(Self.processorTicks).reduce(0, +)
                try await Task.sleep(for: .seconds(3))
                let ticks = processes.map(Self.processorTicks).reduce(0, +) - before
                print("idle pipeline of 3 stages: \(Double(ticks) / 3) % of one core")
                #expect(processes.count == 4)
                #expect(ticks < 60, "more than a fifth of one core")
            }
        }

        /// Asks for many tokens and loses interest after the first.
        static func readOneToken(_ coordinator: Coordinator) async {
            var sampling = SamplingParameters()
            sampling.maxNewTokens = 5000
            for await event in coordinator.submit(prompt: [1, 2, 3], sampling: sampling).events {
                if case .token = event { return }
            }
        }

        /// A list such as "0-3,8".
        static func allowedProcessors(_ process: Int32) -> String {
            let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list") }
            return line?.split(separator: "\t").last.map(String.init) ?? ""
        }

        /// Hundredths of seconds that a process has used.
        static func processorTicks(_ process: Int32) -> Int {
            let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            let fields = status?.split(separator: ") ").last?.split(separator: " ") ?? []
            guard fields.count > 12 else { return 0 }
            return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
        }

        static func startFailure(
            _ harness: PipelineHarness, _ change: (inout CoordinatorOptions) -> Void = { _ in }
        ) async -> CoordinatorError? {
            do {
                var options = try harness.options()
                change(&options)
                return await failure(of: try Coordinator(options))
            } catch {
                Issue.record("\(error)")
                return nil
            }
        }

        static func failure(of coordinator: Coordinator) async -> CoordinatorError? {
            do {
                try await coordinator.start()
                await coordinator.shutDown()
                return nil
            } catch {
                return error
            }
        }
    }
}
