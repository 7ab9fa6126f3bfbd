import HTTPTypes
import Hummingbird

extension ServerState {
    /// What load balancers and people who wait for the server ask.
    var healthRoutes: [Route] {
        [
            .get("/health", access: .everybody) { _, _ in
                let isHealthy = await health.isHealthy()
                return Response(isWell: isHealthy && !generations.isShuttingDown)
            },
            .get("/health_generate", access: .everybody) { _, _ in
                let generates = await health.generates()
                return Response(isWell: generates && !generations.isShuttingDown)
            },
            .get("/ready", access: .everybody) { _, _ in
                let status = await engine.status()
                return Response(isWell: !generations.isShuttingDown && status.phase == .ready)
            },
            .get("/ping", access: .everybody) { _, _ in Response(status: .ok) },
        ]
    }
}

extension Response {
    fileprivate init(isWell: Bool) {
        self.init(status: isWell ? .ok : .serviceUnavailable)
    }
}
