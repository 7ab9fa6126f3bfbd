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
