import ChatTemplates
import Checkpoints
import CommandLineOptions
import DecoderModels
import Foundation
import HTTPServer
import PipelineTypes
import Tokenization

/// What clients need of a checkpoint: its tokenizer and its chat template.
struct ModelFiles {
    let checkpoint: Checkpoint

    /// Throws one line that says what the checkpoint lacks.
    func servedModel(
        _ options: ModelOptions, model: DecoderConfiguration, contextLength: Int
    ) throws -> ServedModel {
        let tokenizer: Tokenizer?
        do {
            tokenizer = try self.tokenizer()
        } catch  where options.skipTokenizerInit {
            tokenizer = nil
        }
        return ServedModel(
            name: options.servedName, path: options.path, architecture: model.architecture,
            contextLength: contextLength, vocabularySize: model.vocabularySize,
            tokenizer: options.skipTokenizerInit ? nil : tokenizer,
            chatTemplate: options.skipTokenizerInit ? nil : try chatTemplate(),
            beginOfSequence: tokenizer?.beginOfSequence,
            endOfSequence: tokenizer?.endOfSequence ?? [])
    }

    /// Throws one line that says what the checkpoint lacks.
    func tokenizer() throws -> Tokenizer {
        switch checkpoint.contents {
        case .gguf(let metadata):
            return try Tokenizer(GGUFVocabulary(metadata))
        case .huggingFace(let folder):
            guard let path = folder.tokenizer else {
                throw UsageError(
                    "\(folder.path) has no tokenizer.json; without one, `penstock serve` with"
                        + " --skip-tokenizer-init takes token ids")
            }
            var files = HuggingFaceTokenizerFiles(tokenizer: try Self.bytes(path))
            files.tokenizerConfiguration = try folder.tokenizerConfig.map(Self.bytes)
            files.generationConfiguration = try folder.generationConfig.map(Self.bytes)
            files.configuration = try folder.file("config.json").map(Self.bytes)
            return try Tokenizer(files)
        }
    }

    private func chatTemplate() throws -> ChatTemplate? {
        guard let source = try chatTemplateSource() else { return nil }
        return try ChatTemplate(source: source)
    }

    private func chatTemplateSource() throws -> String? {
        switch checkpoint.contents {
        case .gguf(let metadata):
            return try metadata.stringIfPresent("tokenizer.chat_template")
        case .huggingFace(let folder):
            if let path = folder.chatTemplate {
                return String(decoding: try Self.bytes(path), as: UTF8.self)
            }
            guard let path = folder.tokenizerConfig else { return nil }
            return try JSONSettings.read(path: path).value("chat_template")?.string
        }
    }

    /// Several times the largest tokenizers.
    private static let bytesMax = 1 << 28

    private static func bytes(_ path: String) throws -> [UInt8] {
        try PlainFile.read(path, bytesMax: bytesMax)
    }
}

extension GGUFVocabulary {
    /// Reads what a GGUF file says under `tokenizer.ggml.`.
    init(_ metadata: GGUFMetadata) throws {
        self.init(
            model: try metadata.string("tokenizer.ggml.model"),
            preTokenizer: try metadata.stringIfPresent("tokenizer.ggml.pre"),
            tokens: try metadata.strings("tokenizer.ggml.tokens"),
            merges: try metadata.stringsIfPresent("tokenizer.ggml.merges") ?? [])
        func token(_ name: String) throws -> Int? {
            try metadata.unsignedIntegerIfPresent("tokenizer.ggml.\(name)_token_id")
        }
        tokenTypes = try metadata.integersIfPresent("tokenizer.ggml.token_type") ?? []
        beginOfSequence = try token("bos")
        endOfSequence = try token("eos")
        endOfTurn = try token("eot")
        endOfMessage = try token("eom")
        addsBeginOfSequence = try metadata.booleanIfPresent("tokenizer.ggml.add_bos_token")
        addsEndOfSequence = try metadata.booleanIfPresent("tokenizer.ggml.add_eos_token")
    }
}
