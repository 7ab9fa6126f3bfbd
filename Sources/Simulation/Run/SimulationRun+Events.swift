import DequeModule
import PipelineTypes
import Scheduling
import Timelines

extension SimulationRun {
    mutating func handle(_ event: SimulationEvent) {
        switch event {
        case .submission(let source): submit(source)
        case .cancellation(let id):
            checker.noteCancellation(id)
            tell(.cancel(id))
        case .death(let downSeconds): losePipeline(forSeconds: downSeconds)
        case .lost:
            forgetPipeline()
            tell(.pipelineLost)
        case .ready:
            if !pipeline.isAlive { pipeline.revive() }
            contents = KVContents(pageCount: limits.pageCount)
            tell(.pipelineReady)
        case .pipeline(.completed(let id), _): complete(id)
        case .pipeline(let event, let number):
            if number == pipeline.number { pipeline.handle(event, into: &queue) }
        }
    }

    private mutating func submit(_ source: Int) {
        guard let submission = clients.submit(source: source) else { return }
        let request = submission.request
        sources.append(source)
        openCount += 1
        recorder.noteSubmission(request, source: clients.sources[source].name, at: queue.now)
        checker.noteSubmission(request)
        if let seconds = clients.nextArrival(of: source) {
            queue.schedule(.submission(source: source), at: queue.now.after(seconds))
        }
        if let seconds = submission.cancelAfter {
            queue.schedule(.cancellation(request.id), at: queue.now.after(seconds))
        }
        tell(.submit(request))
    }

    private mutating func complete(_ id: MicrobatchID) {
        // What a pipeline sent before it died may come after its loss was noticed.
        guard flights.first?.id == id, let timings = pipeline.takeTimings(of: id) else { return }
        let flight = flights.removeFirst()
        checker.noteCompletion()
        if recorder.keepsTimeline {
            recorder.noteCompletion(
                MicrobatchSpan(
                    id: id, dispatched: flight.dispatched, completed: queue.now,
                    chunks: flight.chunks, stages: timings))
        }
        tell(.completed(MicrobatchResult(id: id, chunks: flight.results, timings: timings)))
    }

    // MARK: The scheduler

    private mutating func tell(_ event: Scheduler.Event) {
        actions.removeAll(keepingCapacity: true)
        scheduler.handle(event, at: queue.now, into: &actions)
        for index in actions.indices {
            trace.combine(actions[index])
            switch actions[index] {
            case .dispatch(let microbatch): dispatch(microbatch)
            case .deliver(let id, let event): deliver(event, to: id)
            case .protocolViolation(let what):
                checker.violation("the scheduler does not understand its pipeline: \(what)")
            }
        }
        checker.check(scheduler.status)
    }

    private mutating func dispatch(_ microbatch: Microbatch) {
        var flight = Flight(id: microbatch.id, dispatched: queue.now)
        checker.noteDispatch(microbatch)
        for chunk in microbatch.chunks {
            let content = contents.compute(chunk)
            checker.noteChunk(chunk, contents: contents)
            let sampled = chunk.outputs.sampling.map { step in
                TokenModel.token(after: content ?? TokenModel.emptyContent, seed: step.seed)
            }
            flight.results.append(
                ChunkResult(
                    request: chunk.request, sampled: sampled.map { ScoredToken(token: $0) }))
            if recorder.keepsTimeline {
                flight.chunks.append(
                    ChunkSpan(request: chunk.request, positions: chunk.start..<chunk.end))
            }
        }
        flights.append(flight)
        pipeline.accept(microbatch, into: &queue)
    }

    private mutating func deliver(_ event: RequestEvent, to id: RequestID) {
        checker.noteDelivery(of: event, to: id)
        recorder.noteDelivery(of: event, to: id, at: queue.now)
        guard case .ended = event, id.rawValue < sources.count else { return }
        openCount -= 1
        let source = sources[Int(id.rawValue)]
        if let seconds = clients.arrivalAfterEnd(of: source) {
            queue.schedule(.submission(source: source), at: queue.now.after(seconds))
        }
    }

    // MARK: Faults

    /// The pipeline dies; the coordinator hears of it, and later of its successor.
    private mutating func losePipeline(forSeconds seconds: Double) {
        guard pipeline.isAlive else { return }
        pipeline.die()
        let heard = queue.now.after(controlLatency)
        queue.schedule(.lost, at: heard)
        queue.schedule(.ready, at: max(heard, queue.now.after(seconds)))
    }

    private mutating func forgetPipeline() {
        flights.removeAll()
        checker.notePipelineEnd()
    }
}
