import HTTPTypes
import Hummingbird

extension ServerState {
    /// What changes the server's state.
    var adminRoutes: [Route] {
        let flush: Route.Handler = { _, _ in
            await engine.flushCache()
            return Response(text: "The cache was flushed.\n")
        }
        let abort: Route.Handler = { request, _ in
            let body = try await body(of: request)
            let name = try body["rid"].string()
            guard try body["abort_all"].boolean() ?? false || name?.isEmpty == false else {
                throw APIError.badRequest("Either rid or abort_all must be given.")
            }
            let all = try body["abort_all"].boolean() ?? false
            for request in generations.requests(named: all ? nil : name) { engine.cancel(request) }
            return Response(status: .ok)
        }
        return [
            .get("/flush_cache", access: .administrators, flush),
            .post("/flush_cache", access: .administrators, flush),
            .post("/abort_request", access: .administrators, abort),
        ]
    }
}
