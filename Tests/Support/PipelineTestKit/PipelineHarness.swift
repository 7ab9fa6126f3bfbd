package import Coordinator
import Glibc
import Logging
package import PipelineTypes
import SeededRandom
package import StageProtocol

/// Options for a pipeline of test stages.
package struct PipelineHarness: Sendable {
    package var stages = 2
    package var layers = 7
    package var depth = 0
    package var chunking = ChunkingPolicy.fixed(tokens: 128)
    package var pageCount = 256
    package var activationType = ActivationType.float32
    package var model = TestModelPath()
    package var arguments = ["stage"]
    package var executable: String

    package init(executable: String) {
        self.executable = executable
    }

    package func options() throws -> CoordinatorOptions {
        let partition = try LayerPartition(layers: layers, stages: stages)
        let configurations = (0..<stages).map { stage in
            StageConfiguration(
                stage: stage, layerCounts: partition.layerCounts, modelPath: model.description,
                dataType: "hash", kvCacheType: "", activationType: activationType,
                instructionSet: nil,
                threadCount: 1, processors: [], pageCount: pageCount, contextLength: 8192)
        }
        let limits = ServingLimits(
            stageCount: stages, asyncBatchDepth: depth, pageCount: pageCount,
            contextLength: 8192, runningRequestsMax: 64, queuedRequestsMax: nil,
            chunking: chunking, prefillTokensMax: 4096, microbatchRequestsMax: nil,
            prefixCacheEnabled: true)
        let launch = LaunchOptions(
            executable: executable, arguments: arguments,
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"])
        return CoordinatorOptions(
            limits: limits, stages: configurations, launch: launch,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// What a request with this prompt must be answered.
    package func expected(
        prompt: [TokenID], newTokens: Int, seed: UInt64 = 0
    ) -> [TokenID] {
        HashModel.oracle(
            prompt: prompt, newTokens: newTokens, seed: seed, layerCount: layers,
            hiddenSize: model.hiddenSize
        ).map(\.token)
    }
}

/// Tokens that depend on the seed alone.
package func testPrompt(length: Int, seed: UInt64) -> [TokenID] {
    var generator = SeededGenerator(seed: seed)
    return (0..<length).map { _ in TokenID.random(in: 0..<50_000, using: &generator) }
}
