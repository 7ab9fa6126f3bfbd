import JSON
import PipelineTypes
import Tokenization

extension JSONField {
    /// A list of token ids of the model.
    func tokens(in model: ServedModel) throws(APIError) -> [TokenID]? {
        guard !isAbsent else { return nil }
        guard case .array(let elements) = value else { throw unexpected("a list of token ids") }
        var tokens: [TokenID] = []
        tokens.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            if case .integer(let id) = element, id >= 0, id < model.vocabularySize {
                tokens.append(TokenID(id))
            } else {
                throw invalidToken(element, at: index, in: model)
            }
        }
        return tokens
    }

    private func invalidToken(
        _ element: JSONValue, at index: Int, in model: ServedModel
    ) -> APIError {
        switch element {
        case .integer(let id):
            error(
                "\(path)[\(index)]: token id \(id) is outside the vocabulary "
                    + "(\(model.vocabularySize) tokens).")
        case .number(let number):
            error("\(path)[\(index)]: expected a token id, got \(number).")
        default:
            error("\(path)[\(index)]: expected a token id, got \(element.kind).")
        }
    }
}

extension ServedModel {
    /// The tokens of a text that stands in this field.
    func encode(
        _ text: String, at field: JSONField, addSpecialTokens: Bool = true
    ) throws(APIError) -> [TokenID] {
        guard let tokenizer else {
            throw field.error(
                "\(field.path): this server runs without a tokenizer and takes token ids only.")
        }
        return tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
    }

    /// The same for a text that is to be a prompt: one that is much too long for the context is
    /// refused, or cut, before all of it is encoded.
    func encodePrompt(
        _ text: String, at field: JSONField, addSpecialTokens: Bool = true
    ) throws(APIError) -> [TokenID] {
        guard let tokenizer else {
            return try encode(text, at: field, addSpecialTokens: addSpecialTokens)
        }
        if truncatesToFit {
            return tokenizer.encode(
                text, addSpecialTokens: addSpecialTokens, enough: contextLength)
        }
        // What is a little too long is counted, as its writer wants to know by how much.
        let counted = 4 * min(contextLength, .max / 4)
        var least = tokenizer.tokenCountMin(of: text)
        if least <= contextLength {
            let tokens = tokenizer.encode(
                text, addSpecialTokens: addSpecialTokens, enough: counted)
            guard tokens.count > counted else { return tokens }
            least = tokens.count
        }
        throw promptTooLong("at least \(least)", at: field)
    }

    private func promptTooLong(_ count: String, at field: JSONField) -> APIError {
        APIError(
            status: 400,
            message: "The input (\(count) tokens) is longer than the model's context length "
                + "(\(contextLength) tokens).",
            parameter: field.path, code: APIError.contextLengthExceeded)
    }

    /// What turns tokens into the texts that OpenAI's interface is made of.
    func requireTokenizer() throws(APIError) -> Tokenizer {
        guard let tokenizer else {
            throw .badRequest(
                "This server runs without a tokenizer and serves token ids on /generate only.")
        }
        return tokenizer
    }

    /// Throws unless a request's `model` means this one.
    func check(_ name: JSONField) throws(APIError) {
        if let requested = try name.string(), !answers(to: requested) {
            throw .modelNotFound(requested)
        }
    }
}

extension [TokenID] {
    /// Throws for an empty prompt.
    func checkedPrompt(at field: JSONField) throws(APIError) -> [TokenID] {
        guard isEmpty else { return self }
        var error = APIError(Rejection.emptyPrompt)
        error.parameter = field.path
        throw error
    }
}
