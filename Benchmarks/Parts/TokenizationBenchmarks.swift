import Foundation

@testable import PipelineTypes
@testable import Tokenization

/// 100 KB of English to tokens and back, with the small vocabularies of the tests.
func tokenizationBenchmarks() {
    for family in ["gpt2", "llama3"] {
        measure("tokenization: encode 100 KB, \(family)") {
            (tokenizer: try tokenizer(family), text: try englishText(byteCount: 100_000))
        } timing: {
            $0.tokenizer.encode($0.text, addSpecialTokens: false)
        } expect: {
            $0.tokenizer.decode($1, skipSpecialTokens: false) == $0.text
        }
        measure("tokenization: decode 100 KB token by token, \(family)") {
            let (tokenizer, text) = (try tokenizer(family), try englishText(byteCount: 100_000))
            return (tokenizer, tokens: tokenizer.encode(text, addSpecialTokens: false))
        } timing: { (tokenizer: Tokenizer, tokens: [TokenID]) in
            var detokenizer = IncrementalDetokenizer(tokenizer: tokenizer, skipSpecialTokens: true)
            var byteCount = 0
            for token in tokens { byteCount += detokenizer.append(token).utf8.count }
            return byteCount + detokenizer.finish().utf8.count
        } expect: {
            $1 == 100_000
        }
    }
}

private let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

private func tokenizer(_ family: String) throws -> Tokenizer {
    let fixtures = repository.appending(path: "Tests/TokenizationTests/Fixtures")
    let file = try Data(contentsOf: fixtures.appending(path: "\(family).tokenizer.json"))
    return try Tokenizer(HuggingFaceTokenizerFiles(tokenizer: [UInt8](file)))
}

/// The licence, again and again: a text that does not change from day to day.
private func englishText(byteCount: Int) throws -> String {
    let text = try String(contentsOf: repository.appending(path: "LICENSE"), encoding: .utf8)
    return String(repeating: text, count: byteCount / text.utf8.count + 1).prefix(byteCount)
        .description
}
