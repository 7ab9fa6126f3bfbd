import Coordinator
import Foundation
import PipelineTestKit
import PipelineTypes
import Testing

/// The executable that is a stage, beside the one that runs the tests.
let stageExecutable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "PipelineTestStage").path

func testHarness(_ change: (inout PipelineHarness) -> Void = { _ in }) -> PipelineHarness {
    var harness = PipelineHarness(executable: stageExecutable)
    change(&harness)
    return harness
}

/// Runs a pipeline for as long as `body` takes.
func withPipeline(
    _ harness: PipelineHarness, _ change: (inout CoordinatorOptions) -> Void = { _ in },
    _ body: (Coordinator) async throws -> Void
) async throws {
    var options = try harness.options()
    change(&options)
    let coordinator = try Coordinator(options)
    try await coordinator.start()
    do {
        try await body(coordinator)
    } catch {
        await coordinator.shutDown()
        throw error
    }
    await coordinator.shutDown()
}

/// What a request was told.
struct Answer: Equatable {
    var tokens: [TokenID] = []
    var logprobs: [Float?] = []
    var promptLogprobs: [ScoredToken] = []
    var end: RequestEnd?
}

extension Coordinator {
    /// Submits a request and waits for its end.
    func answer(
        _ prompt: [TokenID], newTokens: Int, seed: UInt64 = 0,
        logprobs: LogprobOptions = LogprobOptions()
    ) async -> Answer {
        var sampling = SamplingParameters()
        sampling.maxNewTokens = newTokens
        sampling.seed = seed
        var answer = Answer()
        for await event in submit(prompt: prompt, sampling: sampling, logprobs: logprobs).events {
            switch event {
            case .started: break
            case .promptLogprobs(let scores): answer.promptLogprobs += scores
            case .token(let token):
                answer.tokens.append(token.token)
                answer.logprobs.append(token.logprob)
            case .ended(let end): answer.end = end
            }
        }
        return answer
    }
}

/// Waits until `condition` holds, at most `seconds`; returns whether it does.
func eventually(within seconds: Double = 10, _ condition: () -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    while clock.now < end {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return condition()
}

/// Whether a process runs; one that has ended and waits for its parent does not.
func isRunning(_ processID: Int32) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
    guard let state = status?.split(separator: ") ").last?.first else { return false }
    return state != "Z"
}

/// Every process that is a stage of a test or the launcher of one, whoever its parent is now.
func stageProcesses() -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.sorted().filter { process in
        let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
        guard let words = command?.split(separator: "\0"), isRunning(process),
            let position = words.firstIndex(where: { $0 == stageExecutable })
        else { return false }
        return words[position...].dropFirst().first != "transport"
    }
}
