import PipelineTypes
import Testing

@testable import Tokenization

/// Encodes every case of a family and reports each difference to the reference.
func expectReferenceIDs(
    _ tokenizer: Tokenizer, _ family: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let cases = try EncodingCase.all(family)
    #expect(cases.count > 2400, sourceLocation: sourceLocation)
    for item in cases {
        let ids = tokenizer.encode(
            item.text, addSpecialTokens: true,
            recognizeSpecialTokens: item.recognizesSpecialTokens)
        if ids != item.ids {
            Issue.record(
                """
                \(family), \(item.category): \(item.text.debugDescription)
                got \(ids.map { "\($0):\(tokenizer.text(of: $0))" })
                not \(item.ids.map { "\($0):\(tokenizer.text(of: $0))" })
                """, sourceLocation: sourceLocation)
        }
    }
}

func expectReferenceText(
    _ tokenizer: Tokenizer, _ family: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    for item in try Fixture.decoded([DecodingCase].self, "\(family).decoded.json") {
        for skips in [false, true] {
            let text = tokenizer.decode(item.ids, skipSpecialTokens: skips)
            let expected = skips ? item.skipped : item.all
            #expect(
                Array(text.utf8) == Array(expected.utf8), "\(family) \(item.ids)",
                sourceLocation: sourceLocation)
            #expect(
                incrementalText(tokenizer, item.ids, skipSpecialTokens: skips) == text,
                sourceLocation: sourceLocation)
        }
    }
}

func incrementalText(
    _ tokenizer: Tokenizer, _ tokens: [TokenID], skipSpecialTokens: Bool
) -> String {
    var detokenizer = IncrementalDetokenizer(
        tokenizer: tokenizer, skipSpecialTokens: skipSpecialTokens)
    let pieces = tokens.map { detokenizer.append($0) }
    return pieces.joined() + detokenizer.finish()
}
