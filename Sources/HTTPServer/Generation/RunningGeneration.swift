package import PipelineTypes
package import Tokenization

/// The sequences of one HTTP request while they are generated.
///
/// Their updates arrive in one stream, those of each sequence in order. Whatever ends the stream
/// early, a dropped consumer, a cancelled task or `cancel`, ends the sequences in the engine too.
package struct RunningGeneration: Sendable {
    package struct Update: Sendable {
        package var sequence: Int
        package var update: GenerationUpdate
    }

    package let plans: [GenerationPlan]
    /// The engine's names of the sequences, in their order.
    package let requests: [RequestID]
    private let updates: AsyncStream<Update>
    private let continuation: AsyncStream<Update>.Continuation
    private let tasks: [Task<Void, Never>]

    /// Submits every plan, in order. `onEnd` gets the record of each sequence that is over, whose
    /// times count from `arrived`.
    package init(
        plans: [GenerationPlan], engine: any InferenceEngine, tokenizer: Tokenizer?,
        arrived: ContinuousClock.Instant = .now,
        onEnd: @escaping @Sendable (_ sequence: Int, GenerationRecord) -> Void = { _, _ in }
    ) {
        self.plans = plans
        let streams = plans.map { plan in
            engine.submit(prompt: plan.prompt, sampling: plan.sampling, logprobs: plan.logprobs)
        }
        requests = streams.map(\.id)
        let (updates, continuation) = AsyncStream.makeStream(of: Update.self)
        let tasks = plans.indices.map { sequence in
            let session = GenerationSession(plan: plans[sequence], tokenizer: tokenizer)
            let stream = streams[sequence]
            return Task {
                var record = GenerationRecord(
                    promptTokenCount: plans[sequence].prompt.count, arrived: arrived)
                await session.run(stream, on: engine) { update in
                    record.note(update)
                    continuation.yield(Update(sequence: sequence, update: update))
                }
                record.end()
                onEnd(sequence, record)
            }
        }
        self.updates = updates
        self.continuation = continuation
        self.tasks = tasks
        whenEnded {}
    }

    /// Calls `action` once all is over, however that comes about. One action at most.
    package func whenEnded(_ action: @escaping @Sendable () -> Void) {
        continuation.onTermination = { [tasks] _ in
            for task in tasks { task.cancel() }
            action()
        }
    }

    /// Ends the stream of updates, and with it what is still being generated.
    package var cancel: @Sendable () -> Void {
        // Must not hold the stream itself, whose end of life is what cancels otherwise.
        { [continuation] in continuation.finish() }
    }

    /// The first update, for `forEachUpdate`; nil if the stream ended before.
    package func firstUpdate() async -> Update? {
        var iterator = updates.makeAsyncIterator()
        return await iterator.next()
    }

    /// Passes every update to `body` together with the transcript up to and including it, until
    /// each sequence has ended. Throws what a sequence failed with, or `CancellationError` if the
    /// stream ended early; the other sequences are cancelled then.
    package func forEachUpdate(
        startingWith first: Update? = nil, _ body: (Update, Transcript) async throws -> Void
    ) async throws -> [Transcript] {
        defer { cancel() }
        var transcripts = plans.map { Transcript(promptTokenCount: $0.prompt.count) }
        var remaining = transcripts.count
        var iterator = updates.makeAsyncIterator()
        var upcoming = first
        while remaining > 0 {
            if upcoming == nil { upcoming = await iterator.next() }
            guard let update = upcoming else { throw CancellationError() }
            upcoming = nil
            transcripts[update.sequence].apply(update.update)
            if case .ended(let outcome, _) = update.update {
                if case .failed(let error) = outcome { throw error }
                remaining -= 1
            }
            try await body(update, transcripts[update.sequence])
        }
        return transcripts
    }
}

extension GenerationSession {
    /// Follows one stream to its end, or to a stop string, and cancels the request if the engine
    /// has not ended it by then.
    fileprivate func run(
        _ stream: EngineStream, on engine: any InferenceEngine,
        report: (GenerationUpdate) -> Void
    ) async {
        var session = self
        var engineHasEnded = false
        defer { if !engineHasEnded { engine.cancel(stream.id) } }
        for await event in stream.events {
            if case .ended = event { engineHasEnded = true }
            for update in session.consume(event) { report(update) }
            if session.hasEnded { return }
        }
        if !Task.isCancelled { report(session.breakOff()) }
    }
}
