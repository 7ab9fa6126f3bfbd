/// A sampling parameter outside its range; `message` reads like "top_p must be in (0, 1], got 2."
package struct SamplingParameterError: Error, Hashable, Sendable {
    package var parameter: String
    package var message: String

    package init(parameter: String, message: String) {
        self.parameter = parameter
        self.message = message
    }
}

extension SamplingParameters {
    /// Checks every range; throws on the first parameter that is out of it.
    package func validate(vocabularySize: Int) throws(SamplingParameterError) {
        try check("temperature", temperature, "be non-negative") { $0 >= 0 && $0.isFinite }
        try check("top_p", topP, "be in (0, 1]") { $0 > 0 && $0 <= 1 }
        try check("min_p", minP, "be in [0, 1]") { $0 >= 0 && $0 <= 1 }
        try check("top_k", topK ?? 1, "be -1 (disable) or at least 1") { $0 >= 1 }
        try check("frequency_penalty", frequencyPenalty, "be in [-2, 2]") { abs($0) <= 2 }
        try check("presence_penalty", presencePenalty, "be in [-2, 2]") { abs($0) <= 2 }
        try check("repetition_penalty", repetitionPenalty, "be in (0, 2]") { $0 > 0 && $0 <= 2 }
        try check("max_new_tokens", maxNewTokens ?? 0, "be at least 0") { $0 >= 0 }
        try check("min_new_tokens", minNewTokens, "be in [0, max_new_tokens]") {
            $0 >= 0 && $0 <= maxNewTokens ?? Int.max
        }
        for entry in logitBias {
            try check("logit_bias", entry.bias, "be in [-100, 100]") { abs($0) <= 100 }
            try check("logit_bias", entry.token, "name tokens below \(vocabularySize)") {
                $0 < vocabularySize
            }
        }
        for token in stopTokens {
            try check("stop_token_ids", token, "name tokens below \(vocabularySize)") {
                $0 < vocabularySize
            }
        }
    }

    private func check<Value>(
        _ parameter: String, _ value: Value, _ rule: String, _ holds: (Value) -> Bool
    ) throws(SamplingParameterError) {
        guard holds(value) else {
            throw SamplingParameterError(
                parameter: parameter, message: "\(parameter) must \(rule), got \(value).")
        }
    }
}
