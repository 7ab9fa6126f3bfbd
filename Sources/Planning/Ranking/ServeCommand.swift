import PipelineTypes

/// The command line that serves a model as a plan says.
package struct ServeCommand: Hashable, Sendable {
    private let plan: Plan
    private let request: PlanRequest

    package init(_ plan: Plan, of request: PlanRequest) {
        self.plan = plan
        self.request = request
    }

    /// In Penstock's spelling.
    package var penstock: String {
        var words = ["penstock serve --model-path MODEL", "--pp-size \(plan.layout.stageCount)"]
        switch request.hardware.sharing {
        case .tensorParallel: words.append("--tp-size \(plan.layout.devicesPerStage)")
        case .threads: words.append("--threads \(plan.layout.devicesPerStage)")
        }
        if let counts = request.layerCounts {
            words.append("--pp-layer-partition \(Self.list(counts))")
        }
        switch plan.policy {
        case .automatic: words.append("--chunked-prefill-size auto")
        case .whole: words.append("--chunked-prefill-size -1")
        case .fixed(let tokens): words.append("--chunked-prefill-size \(tokens)")
        case .dynamic(let tokens, let factor):
            words.append("--chunked-prefill-size \(tokens) --enable-dynamic-chunking")
            words.append("--dynamic-chunking-smooth-factor \(factor)")
        }
        return (words + shared).joined(separator: " ")
    }

    /// What of it Penstock has not built yet, so that `serve` refuses it; nothing if it runs.
    package var notBuilt: [String] {
        var parts: [String] = []
        if request.hardware.sharing == .tensorParallel { parts.append("GPUs") }
        if !Self.architecturesBuilt.contains(request.model.architecture) {
            parts.append("\(request.model.architecture) models")
        }
        if request.hardware.sharing == .tensorParallel, plan.layout.devicesPerStage > 1 {
            parts.append("tensor parallelism")
        }
        if nodeCount > 1 { parts.append("several nodes") }
        return parts
    }

    private static let architecturesBuilt = ["llama"]

    /// In SGLang's spelling; nil for what it does not have.
    package var sglang: String? {
        var words = [
            "python3 -m sglang.launch_server --model-path MODEL",
            "--pp-size \(plan.layout.stageCount) --tp-size \(plan.layout.devicesPerStage)",
        ]
        var environment: [String] = []
        switch plan.policy {
        case .automatic: return nil
        case .whole: words.append("--chunked-prefill-size -1")
        case .fixed(let tokens): words.append("--chunked-prefill-size \(tokens)")
        case .dynamic(let tokens, let factor):
            words.append("--chunked-prefill-size \(tokens) --enable-dynamic-chunking")
            environment.append("SGLANG_DYNAMIC_CHUNKING_SMOOTH_FACTOR=\(factor)")
        }
        if let counts = request.layerCounts {
            environment.append("SGLANG_PP_LAYER_PARTITION=\(Self.list(counts))")
        }
        return (environment + words + shared).joined(separator: " ")
    }

    private var shared: [String] {
        var words: [String] = []
        if request.asyncBatchDepth > 0 {
            words.append("--pp-async-batch-depth \(request.asyncBatchDepth)")
        }
        words.append("--max-prefill-tokens \(request.chunkTokensMax)")
        if nodeCount > 1 {
            words.append("--nnodes \(nodeCount) --node-rank RANK --dist-init-addr HOST:PORT")
        }
        return words
    }

    private var nodeCount: Int {
        let perNode = request.hardware.devicesPerNode
        return (plan.layout.deviceCount + perNode - 1) / perNode
    }

    private static func list(_ counts: [Int]) -> String {
        counts.map(String.init).joined(separator: ",")
    }
}
