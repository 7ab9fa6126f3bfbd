/// The pre-tokenizers that GGUF files know by name (`tokenizer.ggml.pre`), where a
/// `tokenizer.json` spells them out.
enum PreTokenizerFamily: Sendable {
    case gpt2
    case smolLM
    case llama3
    case qwen2
    case deepSeekV3
    /// What llama.cpp does with files that do not name their pre-tokenizer.
    case unnamed

    init(ggufName: String?) throws(TokenizerError) {
        switch ggufName {
        case nil, "default": self = .unnamed
        case "gpt-2", "gpt2", "phi-2": self = .gpt2
        case "smollm", "starcoder", "refact": self = .smolLM
        case "llama3", "llama-v3", "llama-bpe": self = .llama3
        case "qwen2", "deepseek-r1-qwen": self = .qwen2
        case "deepseek-v3": self = .deepSeekV3
        case let name?: throw .unsupported(component: "tokenizer.ggml.pre", name: name)
        }
    }

    /// Text is brought into Unicode's normalization form C first.
    var normalizesText: Bool {
        self == .qwen2
    }

    /// A piece that is a token as a whole is that token, whatever the merges say.
    var ignoresMerges: Bool {
        self == .llama3
    }

    /// Whether prompts begin with the beginning-of-sequence token, if the file does not say.
    var addsBeginOfSequence: Bool {
        self == .llama3
    }

    func preTokenizer() throws(TokenizerError) -> PreTokenizer {
        var splits: [PreTokenizer.Split] = []
        for pattern in patterns {
            let translated = try PatternTranslation.translate(pattern)
            splits.append(PreTokenizer.Split(try Pattern(translated)))
        }
        return PreTokenizer(splits: splits)
    }

    /// Each isolates what it matches in what the one before it left.
    private var patterns: [String] {
        switch self {
        case .gpt2:
            [Self.gpt2Pattern]
        case .smolLM:
            [#"\p{N}"#, Self.gpt2Pattern]
        case .llama3:
            [Self.llama3Pattern(number: #"\p{N}{1,3}"#)]
        case .qwen2:
            [Self.llama3Pattern(number: #"\p{N}"#)]
        case .deepSeekV3:
            [
                #"\p{N}{1,3}"#,
                "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+",
                ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
                    + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"#
                    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            ]
        case .unnamed:
            [
                #"[\p{P}\$\+<=>\^~\|]+"#,
                #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#,
                #"\p{N}+"#,
                #"[0-9][0-9][0-9]"#,
            ]
        }
    }

    /// The pattern of GPT-2, which `ByteLevel` in a `tokenizer.json` applies too.
    static let gpt2Pattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    private static func llama3Pattern(number: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
}
