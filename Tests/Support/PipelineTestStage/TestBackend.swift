import Foundation
import PipelineTestKit
import PipelineTypes
import StageProtocol
import StageWorker

/// Computes the hash model, and misbehaves where the test asks for it.
struct TestBackend: StageBackend {
    let hiddenSize: Int
    let computeTimes = ComputeTimes()
    let memory: StageMemory
    private let path: TestModelPath
    private let configuration: StageConfiguration
    private var model: HashModel

    init(
        _ configuration: StageConfiguration, progress: (LoadProgress) -> Void
    ) throws(StageFault) {
        guard let path = TestModelPath(configuration.modelPath) else {
            throw StageFault("\(configuration.modelPath) is not a test's model")
        }
        for part in 0...4 {
            progress(LoadProgress(loadedBytes: UInt64(part), totalBytes: 4))
        }
        if path.refusingStage == configuration.stage { throw StageFault("this model is refused") }
        if path.hangingLoadStage == configuration.stage { Self.hang() }
        self.path = path
        self.configuration = configuration
        hiddenSize = path.hiddenSize
        let layerCount = configuration.layerCounts.reduce(0, +)
        model = HashModel(
            layers: configuration.layers, layerCount: layerCount, hiddenSize: hiddenSize,
            pageCount: configuration.pageCount)
        memory = StageMemory(
            weights: 1000, cache: UInt64(8 * configuration.pageCount), working: 0,
            workingPerToken: 0)
    }

    mutating func forward(
        _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>,
        progress: () -> Void
    ) throws(StageFault) -> [ChunkResult] {
        if microbatch.chunks.contains(where: { $0.tokens.count == path.hangingTokenCount }) {
            Self.hang()
        }
        if microbatch.chunks.contains(where: { $0.tokens.count == path.fatalTokenCount }) {
            exit(9)
        }
        let results = model.forward(microbatch, input: input, output: &output)
        for _ in 0..<4 where path.computeMicroseconds > 0 {
            usleep(UInt32(path.computeMicroseconds / 4))
            progress()
        }
        return results
    }

    private static func hang() -> Never {
        while true { sleep(1000) }
    }
}
