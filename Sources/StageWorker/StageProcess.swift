import CPlatform
import Glibc
package import StageProtocol

/// The life of a stage's process: report to the coordinator, join the others, load the layers,
/// work, leave.
package enum StageProcess {
    /// Runs a stage from start to end on the calling thread, which must be the main one: the
    /// transport makes all of its calls there.
    ///
    /// - Parameters:
    ///   - makeTransport: Joins the other stages.
    ///   - makeBackend: Loads the layers, telling of its progress.
    /// - Returns: The exit status: 0 if the coordinator asked the stage to end.
    package static func run<Transport: StageTransport, Backend: StageBackend>(
        _ identity: StageIdentity,
        transport makeTransport: () throws(TransportError) -> Transport,
        backend makeBackend: (
            _ configuration: StageConfiguration, _ progress: (LoadProgress) -> Void
        ) throws(StageFault) -> Backend
    ) -> Int32 {
        let link: StageLink
        do {
            link = try StageLink(identity)
        } catch {
            complain("cannot report to the coordinator: \(error)")
            return 1
        }
        // Pauses while waiting for a message are short; the default slack would double them.
        _ = penstock_set_timer_slack(1_000)

        var joined: Transport?
        do throws(StageError) {
            let transport = try join(identity, makeTransport)
            joined = transport
            let configuration = try receiveConfiguration(link, transport: transport)
            let backend = try load(configuration, link: link, makeBackend)
            let worker = StageWorker(
                configuration: configuration, transport: transport, link: link, backend: backend)
            if try worker.run() {
                try leave(transport)
            } else {
                // Others may wait for a message that this stage will never send.
                transport.abort()
            }
            return 0
        } catch {
            try? link.send(.failed("\(error)"))
            joined?.abort()
            return 1
        }
    }

    private static func join<Transport: StageTransport>(
        _ identity: StageIdentity, _ makeTransport: () throws(TransportError) -> Transport
    ) throws(StageError) -> Transport {
        let transport: Transport
        do { transport = try makeTransport() } catch { throw .transport(error) }
        guard transport.stage == identity.stage else {
            throw .unexpected("the launcher and the transport number the stages differently")
        }
        return transport
    }

    private static func leave(_ transport: some StageTransport) throws(StageError) {
        do { try transport.finish() } catch { throw .transport(error) }
    }

    private static func receiveConfiguration(
        _ link: StageLink, transport: some StageTransport
    ) throws(StageError) -> StageConfiguration {
        let message: CoordinatorMessage
        do { message = try link.waitForMessage() } catch { throw .link(error) }
        guard case .configure(let configuration) = message else {
            throw .unexpected("the coordinator gave orders before it described the stage")
        }
        guard configuration.stage == transport.stage,
            configuration.stageCount == transport.stageCount
        else {
            throw .unexpected("the coordinator and the transport number the stages differently")
        }
        return configuration
    }

    private static func load<Backend: StageBackend>(
        _ configuration: StageConfiguration, link: StageLink,
        _ makeBackend: (StageConfiguration, (LoadProgress) -> Void) throws(StageFault) -> Backend
    ) throws(StageError) -> Backend {
        let processors = configuration.processors.map(Int32.init)
        if !processors.isEmpty,
            penstock_restrict_to_processors(processors, processors.count) != 0
        {
            throw .link(.last("run on processors \(configuration.processors)"))
        }
        let backend: Backend
        do {
            backend = try makeBackend(configuration) { try? link.send(.progress($0)) }
        } catch {
            throw .backend(error)
        }
        do { try link.send(.ready(backend.memory)) } catch { throw .link(error) }
        return backend
    }

    /// One line on the standard error stream, for want of a link.
    private static func complain(_ reason: String) {
        let line = Array("penstock stage: \(reason)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
