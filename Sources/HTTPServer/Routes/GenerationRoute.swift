import HTTPTypes
import Hummingbird
import JSON
import Logging
import NIOCore
import PipelineTypes

/// A route that generates: decodes the request, runs it, and words the result, at once or as a
/// stream. Ends the generation when the client goes away.
struct GenerationRoute: Sendable {
    let state: ServerState
    /// Makes a checked call of a request's body.
    let decode: @Sendable (JSONField, ServedModel) throws(APIError) -> GenerationCall
    /// The body of an error, alone or as an event.
    let wordError: @Sendable (APIError) -> JSONValue

    func respond(to request: Request, in context: ServerContext) async throws -> Response {
        let arrived = ContinuousClock.now
        do {
            let call = try await self.call(from: request)
            let closure = await DisconnectWatcher.closure(of: context.channel)
            return try await respond(
                to: call, generation: start(call, since: arrived, until: closure))
        } catch let error as APIError {
            return Response(json: wordError(error), status: .init(code: error.status))
        } catch is CancellationError where state.generations.isShuttingDown {
            let error = APIError(Rejection.shuttingDown)
            return Response(json: wordError(error), status: .init(code: error.status))
        }
    }

    private func call(from request: Request) async throws -> GenerationCall {
        let body = try await state.body(of: request)
        let size = request.headers[.contentLength].flatMap { Int($0) } ?? .max
        let (decode, model) = (decode, state.model)
        let call = try await offloaded(bytes: size) { try decode(body, model) }
        try RequestLimits.check(call.plans)
        guard !state.generations.isShuttingDown else { throw APIError(Rejection.shuttingDown) }
        return call
    }

    private func start(
        _ call: GenerationCall, since arrived: ContinuousClock.Instant,
        until closure: ConnectionClosure
    ) -> RunningGeneration {
        let generation = RunningGeneration(
            plans: call.plans, engine: state.engine, tokenizer: state.model.tokenizer,
            arrived: arrived, onEnd: requestLog(names: call.names))
        let active = state.generations
        let entry = active.add(
            ActiveGenerations.Entry(
                names: call.names, requests: generation.requests, cancel: generation.cancel))
        let registration = closure.onClose(generation.cancel)
        generation.whenEnded {
            active.remove(entry)
            closure.remove(registration)
        }
        return generation
    }

    /// Writes what became of each sequence, if that is wanted.
    private func requestLog(names: [String]) -> @Sendable (Int, GenerationRecord) -> Void {
        guard state.options.logsRequests else { return { _, _ in } }
        let logger = state.logger
        return { sequence, record in logger.info("\(names[sequence]): \(record)") }
    }

    private func respond(
        to call: GenerationCall, generation: RunningGeneration
    ) async throws -> Response {
        guard call.isStreamed else {
            let transcripts = try await generation.forEachUpdate { _, _ in }
            return Response(json: call.format.body(for: transcripts))
        }
        // Refusals come first of all, while the status can still tell of them.
        let first = await generation.firstUpdate()
        if case .ended(.failed(let error), _)? = first?.update {
            generation.cancel()
            throw error
        }
        let (interval, wordError) = (state.options.streamInterval, wordError)
        let active = state.generations
        return Response { send in
            do {
                try await generation.stream(
                    as: call.format, startingWith: first, interval: interval, send: send)
            } catch let error as APIError {
                try await send([wordError(error)])
            } catch is CancellationError where active.isShuttingDown {
                try await send([wordError(APIError(Rejection.shuttingDown))])
            }
        }
    }
}

extension RunningGeneration {
    /// Sends every event of the format.
    fileprivate func stream(
        as format: any ResponseFormat, startingWith first: Update?, interval: Int,
        send: ([JSONValue]) async throws -> Void
    ) async throws {
        var events = format.makeEvents()
        var gatherers = Array(repeating: PieceGatherer(interval: interval), count: plans.count)
        _ = try await forEachUpdate(startingWith: first) { update, transcript in
            guard let piece = gatherers[update.sequence].add(update.update) else { return }
            let words = events.events(for: piece, of: update.sequence, transcript: transcript)
            if !words.isEmpty { try await send(words) }
        }
        let last = events.closingEvents()
        if !last.isEmpty { try await send(last) }
    }
}
