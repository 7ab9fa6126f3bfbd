import CPlatform
import Coordinator
import Foundation
import PipelineTestKit
import PipelineTypes
import SeededRandom
import StageProtocol
import Testing

extension RealStagesTests {
    @Suite("faults")
    struct FaultTests {
        @Test(
            "requests in flight survive the death of a stage, with the expected tokens",
            arguments: [0, 1, 2])
        func stageDies(victim: Int) async throws {
            let harness = testHarness {
                $0.stages = 3
                $0.depth = 2
                $0.model.computeMicroseconds = 4_000
            }
            try await withPipeline(harness) { coordinator in
                await Self.answersStayRight(coordinator, harness) {
                    kill(coordinator.status.stageProcesses[victim], SIGKILL)
                }
                #expect(coordinator.status.restarts == 1)
                #expect(coordinator.status.phase == .serving)
            }
        }

        @Test("requests in flight survive the death of the launcher")
        func launcherDies() async throws {
            let harness = testHarness { $0.model.computeMicroseconds = 4_000 }
            try await withPipeline(harness) { coordinator in
                let stages = coordinator.status.stageProcesses
                await Self.answersStayRight(coordinator, harness) {
                    for process in stageProcesses() where !stages.contains(process) {
                        kill(process, SIGKILL)
                    }
                }
                #expect(coordinator.status.restarts == 1)
                #expect(!stages.contains(where: isRunning))
            }
        }

        @Test("a stage that hangs in the middle of its work is replaced")
        func stageHangs() async throws {
            let harness = testHarness { $0.model.hangingTokenCount = 77 }
            try await withPipeline(harness) { options in
                options.timeouts.microbatch = 0.5
                options.restartPolicy.restartsMax = 1
                options.restartPolicy.firstDelaySeconds = 0.01
            } _: { coordinator in
                let prompt = testPrompt(length: 30, seed: 1)
                let answer = await coordinator.answer(prompt, newTokens: 3)
                #expect(answer.tokens == harness.expected(prompt: prompt, newTokens: 3))
                // This one hangs the restarted pipeline too; then the coordinator gives up.
                let fatal = await coordinator.answer(testPrompt(length: 77, seed: 1), newTokens: 3)
                guard case .failed(let reason) = fatal.end else {
                    Issue.record("the request ended with \(String(describing: fatal.end))")
                    return
                }
                #expect(reason.contains("did not come back within 0.5 s"))
            }
        }

        @Test("a pipeline that is lost again and again is given up, and requests are told why")
        func givesUp() async throws {
            let harness = testHarness { $0.model.fatalTokenCount = 99 }
            try await withPipeline(harness) { options in
                options.restartPolicy.restartsMax = 2
                options.restartPolicy.firstDelaySeconds = 0.01
            } _: { coordinator in
                let answer = await coordinator.answer(testPrompt(length: 99, seed: 2), newTokens: 1)
                guard case .failed(let reason) = answer.end else {
                    Issue.record("the request ended with \(String(describing: answer.end))")
                    return
                }
                #expect(reason.contains("lost too often"))
                #expect(coordinator.status.phase == .failed(reason))
                #expect(coordinator.status.restarts == 2)
                #expect(await coordinator.failure() == reason)
                let next = await coordinator.answer([1, 2], newTokens: 1)
                #expect(next.end == .failed(reason))
            }
        }

        @Test("strangers on the control link are dropped and disturb nobody")
        func strangers() async throws {
            let harness = testHarness { $0.model.computeMicroseconds = 2_000 }
            try await withPipeline(harness) { coordinator in
                let address = try #require(Self.controlAddress())
                await Self.answersStayRight(coordinator, harness) {
                    var generator = SeededGenerator(seed: 77)
                    for attempt in 0..<40 {
                        let bytes = Self.strangeBytes(attempt, using: &generator)
                        #expect(Self.isTurnedAway(sending: bytes, to: address))
                    }
                }
                #expect(coordinator.status.restarts == 0)
            }
        }

        /// Runs six requests, disturbs them after a while, and compares what they were told.
        static func answersStayRight(
            _ coordinator: Coordinator, _ harness: PipelineHarness, after disturb: () -> Void
        ) async {
            let prompts = (0..<6).map { testPrompt(length: 50 + 150 * $0, seed: UInt64($0)) }
            async let answers = withTaskGroup(of: (Int, Answer).self) { group in
                for (index, prompt) in prompts.enumerated() {
                    group.addTask { (index, await coordinator.answer(prompt, newTokens: 40)) }
                }
                return await group.reduce(into: [Int: Answer]()) { $0[$1.0] = $1.1 }
            }
            try? await Task.sleep(for: .milliseconds(250))
            disturb()
            for (index, answer) in await answers {
                #expect(answer.end == .finished(.length))
                #expect(
                    answer.tokens == harness.expected(prompt: prompts[index], newTokens: 40))
            }
        }

        /// The control socket of the pipeline that this process has started.
        static func controlAddress() -> ControlAddress? {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []
            let own = names.first { $0.hasPrefix("penstock-\(getpid())-") }
            return own.map { .unix(path: "/dev/shm/\($0)/control") }
        }

        /// Wrong secrets, garbage, oversized frames, and frames for somebody else.
        static func strangeBytes(
            _ attempt: Int, using generator: inout SeededGenerator
        ) -> [UInt8] {
            let hello = StageHello(
                secret: String(repeating: "a", count: 64), stage: attempt % 3, processID: 1,
                host: "stranger")
            return switch attempt % 5 {
            case 0: StageMessage.hello(hello).framed()
            case 1: StageMessage.failed("disturb").framed()
            case 2: [0xFF, 0xFF, 0xFF, 0xFF, 65]
            case 3: (0..<200).map { _ in UInt8.random(in: 1...255, using: &generator) }
            default: CoordinatorMessage.shutDown.framed()
            }
        }

        /// Connects, sends, and waits for the other side to close.
        static func isTurnedAway(sending bytes: [UInt8], to address: ControlAddress) -> Bool {
            guard case .unix(let path) = address else { return false }
            let peer = penstock_connect_unix(path)
            guard peer >= 0 else { return false }
            defer { close(peer) }
            _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            guard penstock_wait_readable(peer, 5_000_000_000) == 1 else { return false }
            var answer = [UInt8](repeating: 0, count: 16)
            return recv(peer, &answer, answer.count, 0) <= 0
        }
    }
}
