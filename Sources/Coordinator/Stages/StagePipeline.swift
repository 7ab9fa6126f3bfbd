import Glibc
import Logging
import PipelineTypes
import StageProtocol

/// What the coordinator learns from its stages.
enum PipelineEvent {
    case progress(StageLoadReport)
    /// All stages have loaded their layers.
    case ready
    case completed(MicrobatchResult)
    /// The pipeline is of no use any more; its processes are being ended.
    case lost(reason: String)
    /// No process of it is left.
    case ended
}

/// The stages' processes from their start to their end, as the coordinator's thread sees them.
/// Nothing here blocks: the owner polls `descriptors`, hands over what is ready, and comes back
/// by `deadline`.
final class StagePipeline {
    enum Phase: Equatable {
        /// Stages report and load until the deadline; each sign of life sets a new one.
        case starting(until: Instant)
        case serving
        /// The stages were asked to end.
        case leaving(until: Instant)
        /// The launcher was told to end them.
        case terminating(until: Instant)
        /// The kernel was.
        case killing(until: Instant)
        case ended
    }

    static let leavingSecondsMax = 1.5
    static let terminatingSecondsMax = 1.0
    static let killingSecondsMax = 1.5
    private static let strangersMax = 64

    let configurations: [StageConfiguration]
    let timeouts: Timeouts
    let logger: Logger
    let secret: String
    private let directory: LaunchDirectory
    private let listener: ControlListener
    private let job: StageJob
    private var output = StageOutput()
    private var lastWords = LastWords()
    private var outputHasEnded = false
    private var jobHasEnded = false
    private var connections: [StageConnection] = []
    private var dispatchedCount: UInt64 = 0
    private(set) var phase: Phase
    /// Not yet told to the owner.
    private var events: [PipelineEvent] = []

    /// Starts the stages' processes.
    init(_ options: CoordinatorOptions, now: Instant) throws(CoordinatorError) {
        configurations = options.stages
        timeouts = options.timeouts
        logger = options.logger
        secret = (0..<4).map { _ in String(UInt64.random(in: 0 ... .max), radix: 16) }.joined()
        directory = try LaunchDirectory(in: options.launch.directories)
        listener = try ControlListener(options.launch.controlAddress(in: directory.path))
        let command = try LaunchCommand(
            options.launch, stageCount: options.stages.count,
            identity: (address: listener.address.description, secret: secret),
            directory: directory.path)
        job = try StageJob(command)
        phase = .starting(until: now.advanced(bySeconds: options.timeouts.reporting))
    }

    // MARK: What the owner does

    /// What to poll.
    var descriptors: [pollfd] {
        var list = [
            pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(
                fd: outputHasEnded ? -1 : job.outputDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: jobHasEnded ? -1 : job.exitDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        for connection in connections {
            if !connection.isClosed {
                let wanted = connection.hasOutbound ? POLLIN | POLLOUT : POLLIN
                list.append(
                    pollfd(fd: connection.descriptor, events: Int16(wanted), revents: 0))
            }
            if isEnding, isAlive(connection) {
                let descriptor = connection.processDescriptor
                list.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
        }
        return list
    }

    /// When to call `handle` though nothing is ready.
    var deadline: Instant? {
        let ownDeadline: Instant? =
            switch phase {
            case .starting(let until), .leaving(let until), .terminating(let until),
                .killing(let until):
                until
            case .serving, .ended: nil
            }
        let strangers = connections.filter { $0.hello == nil }.map(\.helloDeadline)
        return (strangers + [ownDeadline].compactMap(\.self)).min()
    }

    /// Sends a microbatch on its way.
    func run(_ microbatch: Microbatch) {
        dispatchedCount += 1
        for connection in connections {
            guard let stage = connection.stage else { continue }
            connection.send(
                stage == 0 ? .run(microbatch) : .announce(dispatched: dispatchedCount))
        }
    }

    /// Looks after everything that is ready or due; returns what happened.
    func handle(ready: [pollfd], now: Instant) -> [PipelineEvent] {
        for entry in ready where entry.revents != 0 {
            switch entry.fd {
            case listener.descriptor: acceptConnections(now: now)
            case job.outputDescriptor: readOutput()
            case job.exitDescriptor: noteJobEnd(now: now)
            default: break
            }
        }
        for connection in connections where !connection.isClosed {
            let isReady = ready.contains { $0.fd == connection.descriptor && $0.revents != 0 }
            if isReady { serve(connection, now: now) }
        }
        dropStrangers(now: now)
        advancePhase(now: now)
        defer { events = [] }
        return events
    }

    /// Gives the pipeline up.
    func lose(_ reason: String, now: Instant) {
        guard !isEnding else { return }
        events.append(.lost(reason: firstComplaint() ?? reason))
        terminate(now: now)
    }

    /// Ends the stages: politely if they serve, so that each leaves MPI in good order.
    func shutDown(now: Instant) {
        guard !isEnding else { return }
        guard phase == .serving else { return terminate(now: now) }
        for connection in connections where connection.hello != nil { connection.send(.shutDown) }
        phase = .leaving(until: now.advanced(bySeconds: Self.leavingSecondsMax))
    }

    /// What the stages keep in memory, and their processes, in pipeline order.
    var stageFigures: [(memory: StageMemory, processID: Int32)] {
        stageConnections.compactMap { connection in
            guard let memory = connection.memory, let hello = connection.hello else { return nil }
            return (memory, hello.processID)
        }
    }

    // MARK: The control link

    private var stageConnections: [StageConnection] {
        connections.filter { $0.hello != nil }.sorted { $0.stage ?? 0 < $1.stage ?? 0 }
    }

    private func acceptConnections(now: Instant) {
        while let socket = listener.accept() {
            guard connections.count < configurations.count + Self.strangersMax else { continue }
            connections.append(StageConnection(socket, now: now))
        }
    }

    private func serve(_ connection: StageConnection, now: Instant) {
        connection.flush()
        do throws(LinkError) {
            while let message = try connection.receive() {
                if connection.hello == nil {
                    greet(connection, message, now: now)
                } else {
                    take(message, from: connection, now: now)
                }
            }
        } catch {
            connection.close()
            guard let stage = connection.stage else { return }
            switch error {
            case .closed: lose("stage \(stage) ended unexpectedly", now: now)
            case .system, .malformed: lose("stage \(stage): \(error)", now: now)
            }
        }
    }

    /// A stranger must show the secret first.
    private func greet(_ connection: StageConnection, _ message: StageMessage, now: Instant) {
        guard case .hello(let hello) = message, hello.secret.isSame(as: secret) else {
            logger.warning("a stranger on the control link was turned away")
            return connection.close()
        }
        guard hello.protocolVersion == StageHello.protocolVersion else {
            lose(
                "stage \(hello.stage) speaks version \(hello.protocolVersion) of the protocol, "
                    + "not \(StageHello.protocolVersion)", now: now)
            return
        }
        guard hello.stage < configurations.count,
            !connections.contains(where: { $0.stage == hello.stage })
        else {
            return lose("two processes say that they are stage \(hello.stage)", now: now)
        }
        connection.identify(hello)
        if isEnding { connection.killProcess() }
        guard case .starting = phase else { return }
        connection.send(.configure(configurations[hello.stage]))
        let isComplete = stageConnections.count == configurations.count
        if isComplete { extendLoading(now: now) }
    }

    private func take(_ message: StageMessage, from connection: StageConnection, now: Instant) {
        guard let stage = connection.stage, !isEnding else { return }
        switch (message, phase) {
        case (.progress(let progress), .starting):
            let layers = configurations[stage].layers
            events.append(
                .progress(StageLoadReport(stage: stage, layers: layers, progress: progress)))
            extendLoading(now: now)
        case (.ready(let memory), .starting):
            connection.noteReady(memory)
            extendLoading(now: now)
            if stageFigures.count == configurations.count {
                phase = .serving
                events.append(.ready)
            }
        case (.completed(let result), .serving) where stage == configurations.count - 1:
            events.append(.completed(result))
        case (.failed(let reason), _):
            lose("stage \(stage): \(reason)", now: now)
        default:
            lose("stage \(stage) sent a message that it may not send now", now: now)
        }
    }

    private func extendLoading(now: Instant) {
        guard stageConnections.count == configurations.count else { return }
        phase = .starting(until: now.advanced(bySeconds: timeouts.loading))
    }

    private func dropStrangers(now: Instant) {
        connections.removeAll { connection in
            connection.hello == nil && (connection.isClosed || connection.helloDeadline <= now)
        }
    }

    /// What a stage said before it went; that others went too is only the consequence.
    private func firstComplaint() -> String? {
        for connection in stageConnections {
            while let message = try? connection.receive() {
                guard case .failed(let reason) = message, let stage = connection.stage else {
                    continue
                }
                return "stage \(stage): \(reason)"
            }
        }
        return nil
    }

    // MARK: Processes

    private var isEnding: Bool {
        switch phase {
        case .starting, .serving: false
        case .leaving, .terminating, .killing, .ended: true
        }
    }

    private func isAlive(_ connection: StageConnection) -> Bool {
        var entry = pollfd(fd: connection.processDescriptor, events: Int16(POLLIN), revents: 0)
        return connection.processDescriptor >= 0 && poll(&entry, 1, 0) == 0
    }

    private func readOutput() {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(job.outputDescriptor, &bytes, bytes.count)
            outputHasEnded = count == 0
            guard count > 0 else { return }
            for line in output.append(bytes[..<count]) { log(line) }
        }
    }

    private func log(_ line: StageOutput.Line) {
        lastWords.append(line)
        if let stage = line.stage {
            logger.info("[stage \(stage)] \(line.text)")
        } else {
            logger.debug("[mpirun] \(line.text)")
        }
    }

    private func noteJobEnd(now: Instant) {
        guard !jobHasEnded, job.hasEnded() else { return }
        jobHasEnded = true
        readOutput()
        for line in output.finish() { log(line) }
        lose("mpirun ended unexpectedly\(lastWords.clause)", now: now)
    }

    private func terminate(now: Instant) {
        for connection in connections { connection.killProcess() }
        if !jobHasEnded { job.signal(SIGTERM) }
        phase = .terminating(until: now.advanced(bySeconds: Self.terminatingSecondsMax))
    }

    private func killAll(now: Instant) {
        for connection in connections { connection.killProcess() }
        if !jobHasEnded { job.signal(SIGKILL) }
        phase = .killing(until: now.advanced(bySeconds: Self.killingSecondsMax))
    }

    private func advancePhase(now: Instant) {
        if isEnding, jobHasEnded, !connections.contains(where: isAlive) {
            if phase != .ended { events.append(.ended) }
            phase = .ended
        }
        switch phase {
        case .starting(let until) where until <= now: lose(describeSilence(), now: now)
        case .leaving(let until) where until <= now: terminate(now: now)
        case .terminating(let until) where until <= now: killAll(now: now)
        case .killing(let until) where until <= now:
            logger.error("the kernel has not ended all stages")
            phase = .ended
            events.append(.ended)
        case .starting, .serving, .leaving, .terminating, .killing, .ended: break
        }
    }

    private func describeSilence() -> String {
        let silent = configurations.indices.filter { stage in
            !connections.contains { $0.stage == stage && $0.memory != nil }
        }
        let names = silent.map(String.init).joined(separator: ", ")
        return "stage \(names) did not become ready in time"
    }
}

extension String {
    /// Compares in a time that does not depend on where the strings differ.
    fileprivate func isSame(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
