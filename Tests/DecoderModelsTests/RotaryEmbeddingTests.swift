import Foundation
import Testing

@testable import DecoderModels

@Suite("rotary position embedding")
struct RotaryEmbeddingTests {
    private static func turns(at position: Int, _ frequencies: [Float]) -> [Float] {
        var turns = [Float](repeating: 0, count: 2 * frequencies.count)
        var span = turns.mutableSpan
        RotaryEmbedding.writeAngles(position: position, frequencies: frequencies, to: &span)
        return turns
    }

    @Test(
        "far into a text, a query and a key stand to each other as their distance says",
        arguments: [65536, 131_072, 1_048_575, 16_777_217])
    func relative(position: Int) {
        let rope = RotaryEmbedding(theta: 10000, scaling: .none)
        let frequencies = rope.frequencies(headSize: 64)
        let count = frequencies.count
        let key = Self.turns(at: position, frequencies)
        for distance in [0, 1, 63, 1000] {
            let query = Self.turns(at: position + distance, frequencies)
            for (i, frequency) in frequencies.enumerated() {
                let cosine = query[i] * key[i] + query[count + i] * key[count + i]
                let sine = query[count + i] * key[i] - query[i] * key[count + i]
                let angle = Double(distance) * Double(frequency)
                #expect(abs(Double(cosine) - cos(angle)) < 1e-6)
                #expect(abs(Double(sine) - sin(angle)) < 1e-6)
            }
        }
    }
}
