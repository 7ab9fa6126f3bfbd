import JSON

extension GenerationOutcome {
    /// OpenAI's `finish_reason`.
    var openAIName: JSONValue {
        switch self {
        case .stoppedAtToken, .stoppedAtString: "stop"
        case .lengthReached: "length"
        case .aborted: "abort"
        case .failed: "error"
        }
    }

    /// What made it stop: a token id, a string, or null.
    var matchedStop: JSONValue {
        switch self {
        case .stoppedAtToken(let token): .integer(Int(token))
        case .stoppedAtString(let string): .string(string)
        case .lengthReached, .aborted, .failed: .null
        }
    }
}

extension JSONObject {
    /// Adds the members that tell how a choice ended; null while it goes on.
    mutating func appendFinish(_ outcome: GenerationOutcome?) {
        self["finish_reason"] = outcome?.openAIName ?? .null
        self["matched_stop"] = outcome?.matchedStop ?? .null
    }
}
