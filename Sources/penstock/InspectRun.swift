import Checkpoints
import CommandLineOptions
import DecoderModels
import Foundation
import Kernels
import PipelineTypes

/// `penstock inspect`: what a checkpoint holds, and how a pipeline would divide it.
struct InspectRun {
    private let options: InspectOptions

    init(_ options: InspectOptions) {
        self.options = options
    }

    private struct Report: Encodable {
        var path: String
        var architecture: String
        var layers: Int
        var hiddenSize: Int
        var heads: Int
        var kvHeads: Int
        var headSize: Int
        var feedForwardSize: Int
        var vocabularySize: Int
        var contextLength: Int
        var tiedEmbeddings: Bool
        var parameters: Int
        var tensorTypes: [TensorType]
        var layerPartition: [Int]
        var kvCacheType: String
        var kvBytesPerToken: Int
        var kvBytesPerTokenByStage: [Int]
    }

    private struct TensorType: Encodable {
        var type: String
        var tensors: Int
        var bytes: Int
    }

    func run() throws {
        let report = try makeReport()
        if options.json { try Console.printJSON(report) } else { try Console.print(text(report)) }
    }

    private func makeReport() throws -> Report {
        let checkpoint = try Checkpoint.open(path: options.modelPath)
        let model = try DecoderConfiguration(checkpoint)
        try DecoderTensors(checkpoint, model).check()
        let partition: LayerPartition
        do throws(LayerPartitionError) {
            partition =
                if let counts = options.layerCounts {
                    try LayerPartition(
                        layerCounts: counts, layers: model.layerCount, stages: options.stageCount)
                } else {
                    try LayerPartition(layers: model.layerCount, stages: options.stageCount)
                }
        } catch {
            throw UsageError(error.description)
        }
        let cacheType = KVCacheType(options.kvCache, type: .bfloat16)
        let tensors = try checkpoint.tensorNames.map { try checkpoint.tensor(named: $0) }
        return Report(
            path: checkpoint.path, architecture: model.architecture, layers: model.layerCount,
            hiddenSize: model.hiddenSize, heads: model.headCount, kvHeads: model.kvHeadCount,
            headSize: model.headSize, feedForwardSize: model.feedForwardSize,
            vocabularySize: model.vocabularySize, contextLength: model.contextLength,
            tiedEmbeddings: model.tiesEmbeddings,
            parameters: tensors.reduce(0) { $0 + $1.rows * $1.columns },
            tensorTypes: Self.types(of: tensors), layerPartition: partition.layerCounts,
            kvCacheType: cacheType.rawValue,
            kvBytesPerToken: model.kvByteCount(layers: model.layerCount, type: cacheType),
            kvBytesPerTokenByStage: partition.layerCounts.map {
                model.kvByteCount(layers: $0, type: cacheType)
            })
    }

    /// The heaviest type first.
    private static func types(of tensors: [Tensor]) -> [TensorType] {
        Dictionary(grouping: tensors) { "\($0.elementType)" }
            .map { name, tensors in
                TensorType(
                    type: name, tensors: tensors.count,
                    bytes: tensors.reduce(0) { $0 + $1.byteCount })
            }
            .sorted { ($0.bytes, $0.type) > ($1.bytes, $1.type) }
    }

    private func text(_ report: Report) -> String {
        let types = report.tensorTypes.map {
            "\($0.type) × \($0.tensors) (\(megabytes($0.bytes)))"
        }
        let stages = zip(report.layerPartition, report.kvBytesPerTokenByStage).enumerated().map {
            "  stage \($0.offset): \($0.element.0) layers, \($0.element.1) KV bytes per token"
        }
        let table = TextTable([
            ["architecture", report.architecture],
            ["parameters", String(format: "%.1f million", Double(report.parameters) / 1e6)],
            ["layers", "\(report.layers)"],
            ["hidden size", "\(report.hiddenSize)"],
            [
                "heads",
                "\(report.heads) × \(report.headSize), \(report.kvHeads) for keys and values",
            ],
            ["feed forward", "\(report.feedForwardSize)"],
            ["vocabulary", "\(report.vocabularySize)\(report.tiedEmbeddings ? ", tied" : "")"],
            ["context", "\(report.contextLength)"],
            ["tensors", types.joined(separator: ", ")],
            ["KV cache", "\(report.kvBytesPerToken) bytes per token (\(report.kvCacheType))"],
            ["partition", report.layerPartition.map(String.init).joined(separator: ",")],
        ])
        return ([report.path, table.text] + stages).joined(separator: "\n")
    }

    private func megabytes(_ bytes: Int) -> String {
        String(format: "%.1f MB", Double(bytes) / 1e6)
    }
}
