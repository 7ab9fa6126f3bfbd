import Foundation
import PipelineTypes

/// What Transformers says of one prompt; made by scripts/fixtures/reference_logprobs.py.
struct Reference {
    var tokens: [TokenID]
    /// Of the prompt's tokens after the first, in float32.
    var logprobs: [Float]
    /// The most likely token in the place of each of these.
    var best: [TokenID]
    /// How far its logit is above the next.
    var gaps: [Float]
    /// How far Transformers' own bfloat16 run is from its float32 run.
    var bfloat16MeanDifference: Double
    var bfloat16LargestDifference: Double

    static func load(_ name: String) throws -> [Int: Reference] {
        let data = try Data(contentsOf: TestModels.fixtures.appending(path: "\(name).json"))
        let entries = try JSONDecoder().decode([String: Entry].self, from: data)
        return Dictionary(
            uniqueKeysWithValues: entries.map { (Int($0.key) ?? 0, $0.value.reference) })
    }

    private struct Entry: Decodable {
        var tokens: Data
        var logprobs: Data
        var best: Data
        var gaps: Data
        var bfloat16MeanDifference: Double
        var bfloat16LargestDifference: Double

        var reference: Reference {
            Reference(
                tokens: numbers(tokens), logprobs: numbers(logprobs), best: numbers(best),
                gaps: numbers(gaps), bfloat16MeanDifference: bfloat16MeanDifference,
                bfloat16LargestDifference: bfloat16LargestDifference)
        }

        private func numbers<Number: BitwiseCopyable>(_ data: Data) -> [Number] {
            data.withUnsafeBytes { bytes in
                (0..<data.count / MemoryLayout<Number>.size).map {
                    bytes.loadUnaligned(
                        fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self)
                }
            }
        }
    }
}
