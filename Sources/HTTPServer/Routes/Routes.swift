import HTTPTypes
import Hummingbird
import PipelineTypes

/// A route, and who may use it.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

    enum Access: Sendable {
        /// Whoever can connect: for probes, which carry no key.
        case everybody
        case clients
        /// Holders of the admin key, if there is one.
        case administrators
    }

    var method: HTTPRequest.Method
    var path: String
    var access: Access
    var handler: Handler

    static func get(
        _ path: String, access: Access = .clients, _ handler: @escaping Handler
    ) -> Route {
        Route(method: .get, path: path, access: access, handler: handler)
    }

    static func post(
        _ path: String, access: Access = .clients, _ handler: @escaping Handler
    ) -> Route {
        Route(method: .post, path: path, access: access, handler: handler)
    }
}

extension ServerState {
    /// Every route of the server.
    var routes: [Route] {
        generationRoutes + modelRoutes + healthRoutes + adminRoutes + profileRoutes
            + tokenizerRoutes + unbuiltRoutes
    }

    private var generationRoutes: [Route] {
        let chat = GenerationRoute(
            state: self,
            decode: { (body, model) throws(APIError) in
                try ChatRequest(body, model: model).call()
            },
            wordError: { $0.openAIBody })
        let completions = GenerationRoute(
            state: self,
            decode: { (body, model) throws(APIError) in
                try CompletionRequest(body, model: model).call()
            },
            wordError: { $0.openAIBody })
        let generate = GenerationRoute(
            state: self,
            decode: { (body, model) throws(APIError) in
                try GenerateRequest(body, model: model).call()
            },
            wordError: { $0.nativeBody })
        return [
            .post("/v1/chat/completions", chat.respond),
            .post("/v1/completions", completions.respond),
            .post("/generate", generate.respond),
        ]
    }

    /// What the interface has and this server does not: said clearly, not as an unknown path.
    private var unbuiltRoutes: [Route] {
        let paths: [(HTTPRequest.Method, String)] = [
            (.get, "/metrics"), (.post, "/v1/embeddings"), (.post, "/v1/responses"),
            (.post, "/v1/rerank"),
        ]
        return paths.map { method, path in
            Route(method: method, path: path, access: .everybody) { _, _ in
                throw APIError(status: 501, message: "\(path) is not supported yet.")
            }
        }
    }
}
