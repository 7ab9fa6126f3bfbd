import HTTPTypes
import Hummingbird

/// Lets in who shows the key that a route asks for.
struct KeyMiddleware: RouterMiddleware {
    let apiKey: String?
    let adminAPIKey: String?
    let access: Route.Access

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        if let key = expectedKey, !Self.isSame(key, presentedKey(in: request)) {
            throw APIError(
                status: 401, message: "The API key is missing or wrong.", code: "invalid_api_key")
        }
        return try await next(request, context)
    }

    private var expectedKey: String? {
        switch access {
        case .everybody: nil
        case .clients: apiKey
        case .administrators: adminAPIKey ?? apiKey
        }
    }

    private func presentedKey(in request: Request) -> String {
        let words = (request.headers[.authorization] ?? "").split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { return "" }
        return String(words[1])
    }

    /// Compares in a time that depends on the length of `presented` alone, not on how much of it
    /// is right.
    static func isSame(_ expected: String, _ presented: String) -> Bool {
        let (expected, presented) = (Array(expected.utf8), Array(presented.utf8))
        var difference = expected.count ^ presented.count
        for (index, byte) in presented.enumerated() where !expected.isEmpty {
            difference |= Int(byte ^ expected[index % expected.count])
        }
        return difference == 0
    }
}
