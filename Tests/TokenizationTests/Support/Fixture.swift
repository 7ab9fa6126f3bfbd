import Foundation
import PipelineTypes

@testable import Tokenization

/// Hard strings, tokenizers, and what Hugging Face's `tokenizers` makes of the one with the other.
enum Fixture {
    private static let tests = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The model that the test suite's set-up fetches.
    static let smolLM2 = tests.appending(path: "../../models/SmolLM2-135M-Instruct.Q4_1.gguf")
        .standardizedFileURL.path()

    /// The families whose whole tokenizer is among the fixtures.
    static let families = ["gpt2", "llama3", "qwen2", "deepseek-v3", "options"]

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: tests.appending(path: "Fixtures").appending(path: name)))
    }

    static func decoded<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes(name)))
    }

    static func tokenizer(_ family: String) throws -> Tokenizer {
        try Tokenizer(
            HuggingFaceTokenizerFiles(tokenizer: bytes("\(family).tokenizer.json")))
    }
}

/// One category of `strings.json`.
struct HardStrings: Decodable {
    var category: String
    var strings: [String]

    static func all() throws -> [HardStrings] {
        try Fixture.decoded([HardStrings].self, "strings.json")
    }
}

/// A string and the ids that the reference gives it.
struct EncodingCase {
    var category: String
    var text: String
    var ids: [TokenID]
    var recognizesSpecialTokens: Bool

    static func all(_ family: String) throws -> [EncodingCase] {
        let categories = try HardStrings.all()
        var numbers = LEB128Reader(bytes: try Fixture.bytes("\(family).ids"))
        var cases: [EncodingCase] = []
        for recognizes in [true, false] {
            for category in categories where recognizes || category.category == "special tokens" {
                for text in category.strings {
                    let count = Int(numbers.next())
                    let ids = (0..<count).map { _ in numbers.next() }
                    cases.append(
                        EncodingCase(
                            category: category.category, text: text, ids: ids,
                            recognizesSpecialTokens: recognizes))
                }
            }
        }
        precondition(numbers.isAtEnd, "\(family).ids does not belong to strings.json")
        return cases
    }
}

/// Ids, and what the reference decodes them to.
struct DecodingCase: Decodable {
    var ids: [TokenID]
    var all: String
    var skipped: String
}

private struct LEB128Reader {
    let bytes: [UInt8]
    private var offset = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool {
        offset == bytes.count
    }

    mutating func next() -> UInt32 {
        var number: UInt32 = 0
        var shift: UInt32 = 0
        repeat {
            number |= UInt32(bytes[offset] & 127) << shift
            shift += 7
            offset += 1
        } while bytes[offset - 1] > 127
        return number
    }
}
