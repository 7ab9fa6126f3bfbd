import ChatTemplates
import HTTPServer
import PipelineTypes
import Tokenization

/// A small model's outside: bytes are tokens 0 to 255, then come special tokens and some merges.
enum TestModel {
    static let begin: TokenID = 256
    static let end: TokenID = 257
    static let turn: TokenID = 258

    static func served(
        skipsTokenizer: Bool = false, contextLength: Int = 4096, truncates: Bool = false
    ) throws -> ServedModel {
        let tokenizer = try makeTokenizer()
        var model = ServedModel(
            name: "test-model", path: "/models/test-model", architecture: "llama",
            contextLength: contextLength, vocabularySize: tokenizer.vocabularySize,
            tokenizer: skipsTokenizer ? nil : tokenizer,
            chatTemplate: skipsTokenizer ? nil : try ChatTemplate(source: template),
            beginOfSequence: begin, endOfSequence: [end])
        model.truncatesToFit = truncates
        return model
    }

    static let template = """
        {%- for message in messages -%}
        {%- if message.content == 'boo' -%}
        {{ raise_exception('critics may not speak') }}
        {%- endif -%}
        {%- if message.mood -%}{{ message.mood.colour.upper() }}{%- endif -%}
        {{ '<|turn|>' + message.role + ':' + message.content + '\\n' }}
        {%- endfor -%}
        {%- if tools -%}{{ 'tools:' + (tools | tojson) + '\\n' }}{%- endif -%}
        {%- if style -%}{{ 'style:' + style + '\\n' }}{%- endif -%}
        {%- if add_generation_prompt -%}{{ '<|turn|>assistant:' }}{%- endif -%}
        """

    /// Token `n` below 256 is the byte `n`.
    static func makeTokenizer() throws -> Tokenizer {
        var tokens = (0..<256).map { String(character(ofByte: UInt8($0))) }
        tokens += ["<s>", "</s>", "<|turn|>", "he", "ll", "or"]
        var vocabulary = GGUFVocabulary(
            model: "gpt2", preTokenizer: "gpt-2", tokens: tokens,
            merges: ["h e", "l l", "o r"])
        let (normal, control) = (1, 3)
        vocabulary.tokenTypes = tokens.indices.map { (256...258).contains($0) ? control : normal }
        vocabulary.beginOfSequence = Int(begin)
        vocabulary.endOfSequence = Int(end)
        vocabulary.addsBeginOfSequence = false
        return try Tokenizer(vocabulary)
    }

    /// How byte-level vocabularies write a byte.
    private static func character(ofByte byte: UInt8) -> Character {
        let printable = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF] as [ClosedRange<Int>]
        if printable.contains(where: { $0.contains(Int(byte)) }) {
            return Character(Unicode.Scalar(byte))
        }
        let rank = (0..<Int(byte)).filter { earlier in
            !printable.contains { $0.contains(earlier) }
        }.count
        return Unicode.Scalar(UInt32(256 + rank)).map { Character($0) } ?? " "
    }

    static func logprob(_ token: TokenID, at position: Int) -> Float {
        -Float((Int(token) * 31 + position * 17) % 1009 + 1) / 97
    }
}
