import Hummingbird
import JSON
import PipelineTypes
import Tokenization

extension ServerState {
    /// Text to token ids and back.
    var tokenizerRoutes: [Route] {
        ["", "/v1"].flatMap { prefix -> [Route] in
            [
                .post("\(prefix)/tokenize") { request, _ in
                    Response(json: try tokenize(try await body(of: request)))
                },
                .post("\(prefix)/detokenize") { request, _ in
                    Response(json: try detokenize(try await body(of: request)))
                },
            ]
        }
    }

    private func tokenize(_ body: JSONField) throws(APIError) -> JSONValue {
        let prompt = body["prompt"]
        let addsSpecial = try body["add_special_tokens"].boolean() ?? true
        if let texts = try prompt.texts() {
            var lists: [[TokenID]] = []
            for text in texts {
                lists.append(try model.encode(text, at: prompt, addSpecialTokens: addsSpecial))
            }
            return tokenized(.array(lists.map { JSONValue($0) }), JSONValue(lists.map(\.count)))
        }
        let text = try prompt.required(prompt.string())
        let tokens = try model.encode(text, at: prompt, addSpecialTokens: addsSpecial)
        return tokenized(JSONValue(tokens), .integer(tokens.count))
    }

    private func tokenized(_ tokens: JSONValue, _ count: JSONValue) -> JSONValue {
        ["tokens": tokens, "count": count, "max_model_len": .integer(model.contextLength)]
    }

    private func detokenize(_ body: JSONField) throws(APIError) -> JSONValue {
        let field = body["tokens"]
        guard let tokenizer = model.tokenizer else {
            throw .badRequest("This server runs without a tokenizer.")
        }
        let skips = try body["skip_special_tokens"].boolean() ?? true
        guard case .array? = field.value?[0] else {
            let tokens = try field.required(field.tokens(in: model))
            return ["text": .string(tokenizer.decode(tokens, skipSpecialTokens: skips))]
        }
        var texts: [JSONValue] = []
        for field in try field.elements() ?? [] {
            let tokens = try field.required(field.tokens(in: model))
            texts.append(.string(tokenizer.decode(tokens, skipSpecialTokens: skips)))
        }
        return ["text": .array(texts)]
    }
}

extension JSONField {
    /// The strings of a list; nil where the field is no list.
    fileprivate func texts() throws(APIError) -> [String]? {
        guard case .array = value, let elements = try elements() else { return nil }
        var texts: [String] = []
        for element in elements { texts.append(try element.required(element.string())) }
        return texts
    }
}
