import Checkpoints
import Foundation
import Kernels
import Testing

@testable import DecoderModels

/// What a stage's weights take in memory, of a model whose layers are stored quantised.
@Suite("packed weights")
struct PackedWeightsTests {
    private static let model = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../models/SmolLM2-135M-Instruct.Q4_1.gguf").standardizedFileURL.path()

    @Test(
        "they take as many bytes as is said before they are loaded",
        arguments: [(ComputeType.bfloat16, false), (.float32, false), (.bfloat16, true)])
    func byteCount(type: ComputeType, roundsLayers: Bool) throws {
        let checkpoint = try Checkpoint.open(path: Self.model)
        let model = try DecoderConfiguration(checkpoint)
        let tensors = DecoderTensors(checkpoint, model)
        let kernels = try #require(LayerKernels(instructionSet: .best, type: type))
        let int8 = roundsLayers ? Int8Kernels(instructionSet: .best) : nil
        let weights = try StageWeights(
            checkpoint, model, layers: 0..<model.layerCount, kernels: kernels, int8: int8,
            threadCount: 1
        ) { _ in }
        let said = try tensors.packedByteCount(
            InstructionSet.best.activationType(type), roundsLayers: roundsLayers)
        // oneDNN fills panels up to whole blocks of columns.
        let filling = kernels.activationType == .bfloat16 ? said / 20 : 0
        #expect((said...said + filling).contains(weights.byteCount))
    }

    @Test("f32 takes the checkpoint's blocks alone, and bf16 has panels beside them")
    func panels() throws {
        let checkpoint = try Checkpoint.open(path: Self.model)
        let tensors = DecoderTensors(checkpoint, try DecoderConfiguration(checkpoint))
        let blocks = try tensors.packedByteCount(.float32, roundsLayers: false)
        let weightCount = 134_479_872
        #expect(blocks < weightCount)
        let both = try tensors.packedByteCount(.bfloat16, roundsLayers: false)
        #expect(both == blocks + 2 * weightCount)
    }
}
