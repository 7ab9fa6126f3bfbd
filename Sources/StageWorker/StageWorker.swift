import CPlatform
import PipelineTypes
import StageProtocol

/// A stage's blocking loop: receive a microbatch, compute it, send it on. It decides nothing; a
/// microbatch carries all that the stage needs to know.
///
/// While a message is bound to come or to leave, the loop looks after the transport; otherwise it
/// sleeps on the control link, where the coordinator announces every microbatch.
final class StageWorker<Transport: StageTransport, Backend: StageBackend> {
    private let configuration: StageConfiguration
    private let transport: Transport
    private let link: StageLink
    private var backend: Backend

    /// On the first stage: microbatches to compute, oldest first, and when they arrived.
    private var queue: [(microbatch: Microbatch, arrived: Instant)] = []
    /// On the others: microbatches dispatched, and those of them that have arrived.
    private var announcedCount: UInt64 = 0
    private var arrivedCount: UInt64 = 0
    private var isShuttingDown = false
    private var transportFailure: TransportError?
    private var priority: PacedPriority

    init(
        configuration: StageConfiguration, transport: Transport, link: StageLink,
        backend: consuming Backend
    ) {
        self.configuration = configuration
        self.transport = transport
        self.link = link
        self.backend = backend
        priority = PacedPriority(
            isPaced: configuration.pacing != nil, stageCount: configuration.stageCount)
    }

    /// Works until the coordinator says to stop. Returns whether nothing was left to do.
    func run() throws(StageError) -> Bool {
        var pause = WaitingPause()
        while !isShuttingDown {
            if try step() {
                pause.reset()
                continue
            }
            priority.set(false)
            if isExpectingTransfers {
                pause.wait(wokenBy: link.descriptor)
            } else if !isShuttingDown {
                pause.reset()
                _ = penstock_wait_readable(link.descriptor, -1)
            }
        }
        return !isExpectingTransfers && queue.isEmpty
    }

    /// Reads the orders that have arrived and computes one microbatch; false if there is none.
    func step() throws(StageError) -> Bool {
        try readControlLink()
        return isShuttingDown ? false : try computeNext()
    }

    /// Whether a message is bound to come or to leave.
    private var isExpectingTransfers: Bool {
        arrivedCount < announcedCount || transport.unfinishedSendCount > 0
    }

    private func readControlLink() throws(StageError) {
        while let message: CoordinatorMessage = try onLink({ () throws(LinkError) in
            try link.receive()
        }) {
            switch message {
            case .run(let microbatch) where configuration.isFirst:
                queue.append((microbatch, MonotonicClock.now()))
            case .announce(let dispatched) where !configuration.isFirst:
                announcedCount = dispatched
            case .shutDown:
                isShuttingDown = true
            case .configure, .run, .announce:
                throw .unexpected("the coordinator sent a message that this stage cannot take")
            }
        }
    }

    /// Computes the next microbatch and passes it on; false if there is none.
    private func computeNext() throws(StageError) -> Bool {
        guard let input = try nextInput() else { return false }
        try check(input.microbatch)
        let layout = MessageLayout(
            microbatchByteCount: input.encodedMicrobatch.count,
            timingCount: input.timings.count + 1, rows: input.microbatch.tokenCount,
            hiddenSize: backend.hiddenSize, activationType: configuration.activationType)
        var output =
            configuration.isLast
            ? ActivationRows() : ActivationRows(for: layout, transport: transport)

        let began = MonotonicClock.now()
        let results = try forward(input, output: &output)
        var timing = StageTiming(
            received: input.arrived, computeBegan: began, computeEnded: MonotonicClock.now(),
            sendWaitNanoseconds: 0, work: backend.computeTimes)

        if configuration.isLast {
            try complete(input.microbatch, results: results, timings: input.timings + [timing])
        } else {
            timing.sendWaitNanoseconds = try waitUntilSendable()
            var message = output.packed(layout: layout, transport: transport)
            layout.write(
                microbatch: input.encodedMicrobatch, timings: input.timings + [timing],
                into: &message)
            do { try transport.send(message) } catch { throw .transport(error) }
        }
        input.recycle(to: transport)
        return true
    }

    private func nextInput() throws(StageError) -> StageInput? {
        if configuration.isFirst {
            try progress()
            guard !queue.isEmpty else { return nil }
            let (microbatch, arrived) = queue.removeFirst()
            return StageInput(dispatched: microbatch, at: arrived)
        }
        let arrived: ArrivedMessage?
        do { arrived = try transport.receive() } catch { throw .transport(error) }
        guard let message = arrived else { return nil }
        arrivedCount += 1
        do {
            return try StageInput(message: message, transport: transport) { layout in
                layout.hiddenSize == backend.hiddenSize
                    && layout.activationType == configuration.activationType
                    && layout.timingCount == configuration.stage
            }
        } catch {
            throw .message(error)
        }
    }

    private func check(_ microbatch: Microbatch) throws(StageError) {
        let pageCount = configuration.pageCount
        for chunk in microbatch.chunks
        where chunk.pages.contains(where: { $0.rawValue >= pageCount }) {
            throw .unexpected("a microbatch names KV pages that do not exist")
        }
    }

    private func forward(
        _ input: borrowing StageInput, output: inout ActivationRows
    ) throws(StageError) -> [ChunkResult] {
        let microbatch = input.microbatch
        let results: [ChunkResult]
        priority.set(true)
        do throws(StageFault) {
            results = try input.rows.withElements { rows throws(StageFault) in
                try output.withMutableElements { target throws(StageFault) in
                    try backend.forward(microbatch, input: rows, output: &target) {
                        self.progressWhileComputing()
                    }
                }
            }
        } catch {
            throw .backend(error)
        }
        if let failure = transportFailure { throw .transport(failure) }
        return results
    }

    private func progressWhileComputing() {
        guard transportFailure == nil else { return }
        do { try transport.progress() } catch { transportFailure = error }
    }

    private func progress() throws(StageError) {
        do { try transport.progress() } catch { throw .transport(error) }
    }

    /// Returns how many nanoseconds that took.
    private func waitUntilSendable() throws(StageError) -> Int64 {
        let began = MonotonicClock.now()
        var pause = WaitingPause()
        while !transport.canSend {
            try progress()
            pause.wait(wokenBy: -1)
        }
        return MonotonicClock.now().nanoseconds - began.nanoseconds
    }

    private func complete(
        _ microbatch: Microbatch, results: [ChunkResult], timings: [StageTiming]
    ) throws(StageError) {
        guard results.count == microbatch.chunks.count else {
            throw .unexpected(
                "the model gave \(results.count) results for a microbatch of "
                    + "\(microbatch.chunks.count) chunks")
        }
        let result = MicrobatchResult(id: microbatch.id, chunks: results, timings: timings)
        try onLink { () throws(LinkError) in try link.send(.completed(result)) }
    }

    private func onLink<Value>(
        _ body: () throws(LinkError) -> Value
    ) throws(StageError) -> Value {
        do { return try body() } catch { throw .link(error) }
    }
}
