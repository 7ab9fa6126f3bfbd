import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

/// Words every error as clients of the route expect it, unknown paths and methods among them.
struct ErrorMiddleware: RouterMiddleware {
    /// Paths with the methods that they take.
    let methods: [String: [HTTPRequest.Method]]
    let logger: Logger

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            // The connection cannot go on, and Hummingbird ends it.
            throw error
        } catch {
            let error = apiError(error, request: request)
            let isNative = request.uri.path == "/generate"
            var response = Response(
                json: isNative ? error.nativeBody : error.openAIBody,
                status: .init(code: error.status))
            if error.status == 405 { response.headers[.allow] = allowed(request.uri.path) }
            return response
        }
    }

    private func allowed(_ path: String) -> String {
        (methods[path] ?? []).map(\.rawValue).joined(separator: ", ")
    }

    private func apiError(_ error: any Error, request: Request) -> APIError {
        let path = request.uri.path
        switch error {
        case let error as APIError:
            return error
        case let error as HTTPError where error.status == .notFound:
            guard let allowed = methods[path], !allowed.contains(request.method) else {
                return APIError(status: 404, message: "There is no \(path) on this server.")
            }
            return APIError(
                status: 405,
                message: "\(path) takes \(self.allowed(path)), not \(request.method.rawValue).")
        case let error as HTTPError:
            return APIError(
                status: error.status.code, message: error.body ?? error.status.reasonPhrase)
        case is CancellationError:
            return APIError(status: 503, message: "The request was cancelled.")
        default:
            logger.error("request failed", metadata: ["path": "\(path)", "error": "\(error)"])
            return APIError(status: 500, message: "Internal error.")
        }
    }
}
