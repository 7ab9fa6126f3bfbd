package import JSON

/// How the server listens and whom it serves.
package struct HTTPServerOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes any free port.
    package var port = 30000
    /// nil lets everybody in.
    package var apiKey: String?
    /// Asked for instead of `apiKey` on routes that change the server's state.
    package var adminAPIKey: String?
    /// Bytes of a request body; a prompt of a million token ids needs about 8 MiB.
    package var bodyBytesMax = 64 << 20
    /// Tokens between two events of a stream, after the first.
    package var streamInterval = 1
    /// What requests in flight get to finish when the server shuts down.
    package var shutdownGrace: Duration = .seconds(3)
    /// How long `/health` waits for its token.
    package var healthTimeout: Duration = .seconds(20)
    /// For how long a completed microbatch counts as proof of health.
    package var healthFreshness: Duration = .seconds(5)
    /// Writes a line into the log for every request that is over.
    package var logsRequests = false
    /// Settings that `/server_info` reports, as they were given.
    package var reportedSettings = JSONObject()

    package init() {}
}
