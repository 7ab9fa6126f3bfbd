import PipelineTypes
import SeededRandom
import Testing

@testable import Tokenization

@Suite("Long text")
struct LongTextTests {
    /// Merges by the definition: looks for the lowest rank from the left, again and again.
    private static func mergedByDefinition(_ word: [UInt8], _ encoder: BytePairEncoder) -> [TokenID]
    {
        var tokens = word.compactMap { encoder.vocabulary.token(ofBytes: [$0]) }
        while true {
            let candidates = tokens.indices.dropLast().compactMap { index in
                encoder.merges.merge(tokens[index], tokens[index + 1]).map { (index, $0) }
            }
            guard let best = candidates.min(by: { $0.1.rank < $1.1.rank }) else { return tokens }
            tokens[best.0] = best.1.token
            tokens.remove(at: best.0 + 1)
        }
    }

    @Test("words of any length are merged by the definition")
    func longWordsAreMergedByTheDefinition() throws {
        let encoder = try Fixture.tokenizer("gpt2").encoder
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let limit = BytePairEncoder.scannedLengthMax
        var scratch = BytePairScratch()
        for length in [0, 1, 2, 3, limit - 1, limit, limit + 1, limit * 2, limit * 5] {
            for letters in ["a", "the", "thena ", "abcdefghijklmnopqrstuvwxyz"] {
                let word = (0..<length).map { _ in
                    letters.utf8.randomElement(using: &generator) ?? 0x61
                }
                var tokens: [TokenID] = []
                encoder.encode(word, 0..<length, scratch: &scratch, into: &tokens)
                #expect(tokens == Self.mergedByDefinition(word, encoder), "seed \(seed)")
            }
        }
    }

    @Test(
        "one word of a megabyte is encoded in a time that grows with its length",
        .timeLimit(.minutes(2)),
        arguments: [
            "a", "ab", " ", "\n", "1", "=", "é", "世", "<|im_", "\u{301}\u{323}", "\u{1AC3}",
        ])
    func aMegabyteIsEncoded(unit: String) throws {
        let tokenizer = try Fixture.tokenizer("qwen2")
        let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
        let tokens = tokenizer.encode(text, addSpecialTokens: false)
        let decoded = tokens.reduce(into: 0) { $0 += tokenizer.bytes(of: $1).count }
        #expect(decoded == text.utf8.count)
    }

    @Test("one tokenizer serves many tasks at once")
    func manyTasksAtOnce() async throws {
        let tokenizer = try Fixture.tokenizer("llama3")
        let cases = try EncodingCase.all("llama3").filter(\.recognizesSpecialTokens)
        let differences = await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    cases.indices.filter { $0 % 8 != task }.count { index in
                        let ids = tokenizer.encode(cases[index].text, addSpecialTokens: true)
                        return ids != cases[index].ids
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(differences == 0)
    }
}
