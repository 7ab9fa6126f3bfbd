package import JSON
package import PipelineTypes

/// A request's fault, or the engine's, as the client is told of it.
package struct APIError: Error, Hashable, Sendable {
    /// The HTTP status.
    package var status: Int
    package var message: String
    /// The field of the request that is at fault.
    package var parameter: String?
    /// A name that clients can test for; the status where there is none.
    package var code: String?

    package init(
        status: Int, message: String, parameter: String? = nil, code: String? = nil
    ) {
        self.status = status
        self.message = message
        self.parameter = parameter
        self.code = code
    }

    /// What kind of error it is, in the words that clients of this interface know.
    package var type: String {
        switch status {
        case 400, 413, 415: "BadRequestError"
        case 401: "AuthenticationError"
        case 404: "NotFoundError"
        case 405: "MethodNotAllowedError"
        case 501: "NotImplementedError"
        case 503: "ServiceUnavailableError"
        default: "InternalServerError"
        }
    }
}

extension APIError {
    static let contextLengthExceeded = "context_length_exceeded"

    package static func badRequest(_ message: String, parameter: String? = nil) -> APIError {
        APIError(status: 400, message: message, parameter: parameter)
    }

    /// For what the interface has but this server does not have yet.
    package static func unsupported(_ feature: String, parameter: String) -> APIError {
        .badRequest("\(feature) is not supported yet.", parameter: parameter)
    }

    package static func modelNotFound(_ name: String) -> APIError {
        APIError(
            status: 404, message: "The model '\(name)' does not exist.", parameter: "model",
            code: "model_not_found")
    }

    package init(_ rejection: Rejection) {
        switch rejection {
        case .queueFull, .shuttingDown:
            self.init(status: 503, message: rejection.message)
        case .promptTooLong, .exceedsMemory:
            self.init(status: 400, message: rejection.message, code: Self.contextLengthExceeded)
        case .emptyPrompt:
            self.init(status: 400, message: rejection.message)
        }
    }

    package init(_ error: SamplingParameterError) {
        self.init(status: 400, message: error.message, parameter: error.parameter)
    }

    package init(_ error: JSONSyntaxError) {
        self.init(
            status: 400,
            message: "The request body is not valid JSON: \(error.message) (byte \(error.offset)).")
    }
}

extension APIError {
    /// The body that OpenAI's clients and those of its flat variant both understand.
    package var openAIBody: JSONValue {
        let details: [(String, JSONValue)] = [
            ("message", .string(message)),
            ("type", .string(type)),
            ("param", JSONValue(parameter)),
            ("code", code.map(JSONValue.string) ?? .integer(status)),
        ]
        let nested = JSONObject(details.map { .init(key: $0.0, value: $0.1) })
        var flat = JSONObject([.init(key: "object", value: "error")])
        for member in nested.members { flat[member.key] = member.value }
        flat["error"] = .object(nested)
        return .object(flat)
    }

    /// The body that clients of `/generate` know.
    package var nativeBody: JSONValue {
        ["error": ["message": .string(message)]]
    }
}
