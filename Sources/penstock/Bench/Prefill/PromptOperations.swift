import DecoderModels
import Kernels

extension DecoderConfiguration {
    /// FLOP of a prompt that comes after nothing, up to its first token: 2 for each weight and
    /// token, and 4 for each of the heads' numbers and each pair of a token and one that it sees.
    func promptOperations(tokens: Int) -> Double {
        let tokens = Double(tokens)
        let layerWeights =
            hiddenSize * heads.qkvSize + headCount * headSize * hiddenSize
            + 3 * hiddenSize * feedForwardSize
        let pairs = tokens * (tokens + 1) / 2
        let layer = 2 * Double(layerWeights) * tokens + 4 * Double(headCount * headSize) * pairs
        return Double(layerCount) * layer + 2 * Double(vocabularySize * hiddenSize)
    }
}
