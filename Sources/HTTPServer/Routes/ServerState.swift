import FoundationEssentials
import Hummingbird
import Logging
import PipelineTypes

/// What all routes share.
struct ServerState: Sendable {
    let engine: any InferenceEngine
    let model: ServedModel
    let options: HTTPServerOptions
    let logger: Logger
    let health: HealthProbe
    let generations = ActiveGenerations()
    /// Seconds since 1970.
    let started = Int(Date().timeIntervalSince1970)

    init(
        engine: any InferenceEngine, model: ServedModel, options: HTTPServerOptions, logger: Logger
    ) {
        self.engine = engine
        self.model = model
        self.options = options
        self.logger = logger
        health = HealthProbe(engine: engine, model: model, options: options)
    }

    /// The body of a request to a route that takes JSON.
    func body(of request: Request, mayBeEmpty: Bool = false) async throws -> JSONField {
        try await request.jsonBody(bytesMax: options.bodyBytesMax, mayBeEmpty: mayBeEmpty)
    }
}
