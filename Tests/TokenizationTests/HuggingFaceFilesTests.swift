import Foundation
import PipelineTypes
import SeededRandom
import Testing

@testable import Tokenization

@Suite("Tokenizers out of a Hugging Face folder")
struct HuggingFaceFilesTests {
    private static func files(_ family: String) throws -> HuggingFaceTokenizerFiles {
        HuggingFaceTokenizerFiles(tokenizer: try Fixture.bytes("\(family).tokenizer.json"))
    }

    @Test("the tokens that end a sequence come from all configurations, once each")
    func endTokensComeFromAllFiles() throws {
        var files = try Self.files("llama3")
        #expect(try Tokenizer(files).endOfSequence == [])
        let plain = try Tokenizer(files)
        let eot = try #require(plain.id(ofSpecialToken: "<|eot_id|>"))
        let end = try #require(plain.id(ofSpecialToken: "<|end_of_text|>"))
        let begin = try #require(plain.id(ofSpecialToken: "<|begin_of_text|>"))
        files.generationConfiguration = Array("{\"eos_token_id\": [\(eot), 5]}".utf8)
        files.configuration = Array("{\"eos_token_id\": \(eot), \"bos_token_id\": 7}".utf8)
        files.tokenizerConfiguration = Array(
            """
            {"eos_token": {"content": "<|end_of_text|>"}, "bos_token": "<|begin_of_text|>"}
            """.utf8)
        let tokenizer = try Tokenizer(files)
        #expect(tokenizer.endOfSequence == [eot, 5, end])
        #expect(tokenizer.beginOfSequence == begin, "the tokenizer's own file knows best")
        #expect(tokenizer.encode("", addSpecialTokens: true) == [begin])
    }

    @Test("add_bos_token adds the token where the template does not, and takes it away")
    func addBeginOverrulesTheTemplate() throws {
        var files = try Self.files("deepseek-v3")
        let name = "<｜begin▁of▁sentence｜>"
        let begin = try #require(try Tokenizer(files).id(ofSpecialToken: name))
        files.tokenizerConfiguration = Array(
            "{\"bos_token\": {\"content\": \"\(name)\"}, \"add_bos_token\": true}".utf8)
        #expect(try Tokenizer(files).encode("", addSpecialTokens: true) == [begin])
        #expect(try Tokenizer(files).encode("", addSpecialTokens: false) == [])

        files = try Self.files("options")
        let frame = try Tokenizer(files).encode("", addSpecialTokens: true)
        #expect(frame.count == 2)
        files.tokenizerConfiguration = Array(
            """
            {"bos_token": "<s>", "add_bos_token": false, "eos_token": "</s>", "add_eos_token": true}
            """.utf8)
        #expect(try Tokenizer(files).encode("", addSpecialTokens: true) == [frame[1]])
    }

    @Test("an added token decodes to its own text, accents and all")
    func addedTokensDecodeToTheirText() throws {
        let tokenizer = try Tokenizer(Self.files("options"))
        let ids = tokenizer.encode("un café the", addSpecialTokens: false)
        #expect(tokenizer.decode(ids, skipSpecialTokens: true) == "un café the")
        #expect(ids.map(tokenizer.text(of:)).contains("café"))
    }

    /// A small tokenizer.json with one part replaced.
    private static func variant(
        vocab: String = #"{"a":0,"b":1,"ab":2}"#, merges: String = #"["a b"]"#,
        model: String = "",
        preTokenizer: String = #"{"type":"ByteLevel","add_prefix_space":false}"#,
        rest: String = ""
    ) -> String {
        """
        {"model":{"type":"BPE"\(model),"vocab":\(vocab),"merges":\(merges)},
        "pre_tokenizer":\(preTokenizer)\(rest)}
        """
    }

    private static func error(_ json: String) -> TokenizerError? {
        #expect(throws: TokenizerError.self, "\(json.prefix(300))") {
            try Tokenizer(HuggingFaceTokenizerFiles(tokenizer: Array(json.utf8)))
        }
    }

    @Test("the smallest file that is complete works")
    func smallestFile() throws {
        let files = HuggingFaceTokenizerFiles(tokenizer: Array(Self.variant().utf8))
        let tokenizer = try Tokenizer(files)
        #expect(tokenizer.encode("abba", addSpecialTokens: true) == [2, 1, 0])
        #expect(tokenizer.encode("xay", addSpecialTokens: true) == [0], "x and y have no token")
        #expect(tokenizer.vocabularySize == 3)
        let arrays = HuggingFaceTokenizerFiles(
            tokenizer: Array(Self.variant(merges: #"[["a","b"]]"#).utf8))
        #expect(try Tokenizer(arrays).encode("abba", addSpecialTokens: true) == [2, 1, 0])
    }

    @Test("how batches were cut and padded in training does not matter")
    func truncationAndPaddingDoNotMatter() throws {
        let json = Self.variant(rest: #","truncation":{"max_length":1},"padding":{"length":9}"#)
        let files = HuggingFaceTokenizerFiles(tokenizer: Array(json.utf8))
        #expect(try Tokenizer(files).encode("abba", addSpecialTokens: true) == [2, 1, 0])
    }

    @Test(
        "a component that is not known is refused by name",
        arguments: [
            (variant(model: #","byte_fallback":true"#), "model", "byte_fallback"),
            (variant(model: #","dropout":0.1"#), "model", "dropout"),
            (variant(model: #","end_of_word_suffix":"</w>""#), "model", "end_of_word_suffix"),
            (#"{"model":{"type":"Unigram","vocab":[]}}"#, "model", "Unigram"),
            (variant(preTokenizer: #"{"type":"Metaspace"}"#), "pre_tokenizer", ""),
            (
                variant(
                    preTokenizer: """
                        {"type":"Sequence","pretokenizers":
                        [{"type":"Punctuation"},{"type":"ByteLevel"}]}
                        """),
                "pre_tokenizer", "Punctuation"
            ),
            (variant(preTokenizer: #"{"type":"ByteLevel"}"#), "pre_tokenizer", ""),
            (variant(rest: #","normalizer":{"type":"NFKC"}"#), "normalizer", "NFKC"),
            (
                variant(
                    rest: #","normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"}]}"#
                ),
                "normalizer", "Lowercase"
            ),
            (
                variant(rest: #","post_processor":{"type":"BertProcessing"}"#), "post_processor",
                "BertProcessing"
            ),
            (variant(rest: #","decoder":{"type":"WordPiece"}"#), "decoder", "WordPiece"),
        ])
    func unknownComponentsAreRefused(json: String, component: String, name: String) {
        guard case .unsupported(let foundComponent, let foundName)? = Self.error(json) else {
            Issue.record("not refused as unsupported: \(json)")
            return
        }
        #expect(foundComponent == component)
        if !name.isEmpty { #expect(foundName == name) }
    }

    @Test(
        "what is no JSON is an error with file and place",
        arguments: [
            ("", 0, "unexpected end of the text"), ("{", 1, "expected a key in quotes"),
            ("NaN", 0, "expected a value"), ("1e999", 0, "the number 1e999 is out of range"),
            (#""\ud800""#, 1, "an escape is half of a surrogate pair"),
            ("\u{feff}{}", 0, "expected a value"), ("[1]]", 3, "unexpected text after the value"),
            (String(repeating: "[", count: 1_000_000), 64, "nested more than 64 levels deep"),
        ])
    func syntaxErrors(text: String, offset: Int, reason: String) {
        #expect(
            Self.error(text)
                == .invalidJSON(file: "tokenizer.json", offset: offset, reason: reason))
    }

    @Test("configurations are read as Python reads them")
    func pythonConfigurations() throws {
        var files = try Self.files("llama3")
        files.configuration = Array(#"{"x":NaN,"eos_token_id":1,"eos_token_id":2}"#.utf8)
        #expect(try Tokenizer(files).endOfSequence == [2])
        files.generationConfiguration = Array(#"{"eos_token_id":}"#.utf8)
        #expect(
            throws: TokenizerError.invalidJSON(
                file: "generation_config.json", offset: 16, reason: "expected a value")
        ) { try Tokenizer(files) }
    }

    @Test("a file that lies is an error")
    func liesAreErrors() {
        #expect(Self.error("{}") == .missingField("tokenizer.json.model"))
        #expect(Self.error("[]") == .wrongType(field: "tokenizer.json", expected: "an object"))
        #expect(Self.error(Self.variant(vocab: "{}", merges: "[]")) == .emptyVocabulary)
        #expect(Self.error(Self.variant(vocab: #"{"a":0,"b":0}"#)) == .duplicateID(0))
        #expect(Self.error(Self.variant(vocab: #"{"a":0,"a":1}"#)) == .duplicateToken("a"))
        for id in ["-1", "16777216", "9223372036854775807"] {
            #expect(
                Self.error(Self.variant(vocab: #"{"a":\#(id)}"#))
                    == .idOutOfRange(field: "tokenizer.json.model.vocab", id: Int(id) ?? 0))
        }
        for id in ["1.5", "\"1\"", "null", "1e400", "18446744073709551616"] {
            _ = Self.error(Self.variant(vocab: #"{"a":\#(id)}"#))
        }
        #expect(
            Self.error(Self.variant(merges: #"["a c"]"#))
                == .mergeOfUnknownTokens(index: 0, merge: "a c"))
        #expect(
            Self.error(Self.variant(merges: #"["b a"]"#))
                == .mergeOfUnknownTokens(index: 0, merge: "b a"))
        for merge in ["\"ab\"", "[]", "[\"a\"]", "[\"a\",\"b\",\"c\"]", "[1,2]", "7", "\" \""] {
            #expect(Self.error(Self.variant(merges: "[\(merge)]")) == .malformedMerge(index: 0))
        }
        #expect(
            Self.error(Self.variant(model: #","unk_token":"?""#))
                == .unknownToken(field: "unk_token", token: "?"))
    }

    @Test("added tokens and templates that lie are errors")
    func addedTokensThatLieAreErrors() {
        func added(_ entries: String) -> TokenizerError? {
            Self.error(Self.variant(rest: #","added_tokens":[\#(entries)]"#))
        }
        #expect(
            added(#"{"id":1,"content":"<x>"}"#) == .addedTokenConflict(token: "<x>", id: 1))
        #expect(added(#"{"id":4,"content":"a"}"#) == .addedTokenConflict(token: "a", id: 4))
        #expect(
            added(#"{"id":4,"content":"<x>"},{"id":4,"content":"<y>"}"#)
                == .addedTokenConflict(token: "<y>", id: 4))
        #expect(
            added(#"{"id":-4,"content":"<x>"}"#) == .idOutOfRange(field: "added_tokens", id: -4))
        #expect(added(#"{"content":"<x>"}"#) != nil)
        #expect(added(#"{"id":4,"content":"<x>","special":1}"#) != nil)

        func template(_ single: String) -> TokenizerError? {
            Self.error(
                Self.variant(
                    rest: """
                        ,"post_processor":{"type":"TemplateProcessing","single":\(single),
                        "special_tokens":{"<s>":{"ids":[99]}}}
                        """))
        }
        #expect(
            template(#"[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}]"#)
                == .idOutOfRange(field: "post_processor", id: 99))
        #expect(template(#"[{"SpecialToken":{"id":"<t>"}},{"Sequence":{"id":"A"}}]"#) != nil)
        #expect(template("[]") != nil)
        #expect(template(#"[{"Sequence":{}},{"Sequence":{}}]"#) != nil)
        #expect(template(#"[{"Else":{}}]"#) != nil)
    }

    @Test("configurations that lie are errors")
    func configurationsThatLieAreErrors() {
        func expectError(_ change: (inout HuggingFaceTokenizerFiles) -> Void) {
            var files = HuggingFaceTokenizerFiles(tokenizer: Array(Self.variant().utf8))
            change(&files)
            #expect(throws: TokenizerError.self) { try Tokenizer(files) }
        }
        expectError { $0.tokenizerConfiguration = Array(#"{"eos_token":"<none>"}"#.utf8) }
        expectError { $0.tokenizerConfiguration = Array(#"{"eos_token":7}"#.utf8) }
        expectError { $0.tokenizerConfiguration = Array(#"{"add_bos_token":"yes"}"#.utf8) }
        expectError { $0.generationConfiguration = Array(#"{"eos_token_id":3}"#.utf8) }
        expectError { $0.generationConfiguration = Array(#"{"eos_token_id":[-1]}"#.utf8) }
        expectError { $0.configuration = Array(#"{"bos_token_id":"1"}"#.utf8) }
        expectError { $0.configuration = Array("{".utf8) }
    }

    @Test("any cut or change of a file is an error or a tokenizer, never a crash")
    func damagedFilesDoNotCrash() throws {
        let bytes = try Fixture.bytes("options.tokenizer.json")
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        // Where the structure is: the ends of the file, without the long vocabulary.
        let positions = Array(0..<4000) + Array(bytes.count - 40..<bytes.count)
        var refused = 0
        for _ in 0..<150 {
            var damaged = bytes
            let position = positions.randomElement(using: &generator) ?? 0
            if Bool.random(using: &generator) {
                damaged.removeSubrange(position...)
            } else {
                damaged[position] = UInt8.random(in: 0...255, using: &generator)
            }
            do throws(TokenizerError) {
                let tokenizer = try Tokenizer(HuggingFaceTokenizerFiles(tokenizer: damaged))
                _ = tokenizer.encode("the quick", addSpecialTokens: true)
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 75, "seed \(seed)")
    }
}
