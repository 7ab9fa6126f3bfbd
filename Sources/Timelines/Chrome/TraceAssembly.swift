import PipelineTypes

/// Puts microbatches together from events in any order. Takes memory in proportion to the events
/// that were added, whatever the header claims.
struct TraceAssembly {
    struct Failure: Error {
        /// Where the trace is wrong, in bytes.
        var offset: Int
        var message: String
    }

    private struct Flight {
        var id: MicrobatchID
        var dispatched: Int64
        var completed: Int64?
        var chunks: [ChunkSpan]
        var offset: Int
    }

    private struct Completion {
        var id: MicrobatchID
        var time: Int64
        var offset: Int
    }

    private struct Work {
        var id: MicrobatchID
        var stage: Int
        var span: TraceEvent.ComputeSpan
        var offset: Int
    }

    private var flights: [Flight] = []
    private var completions: [Completion] = []
    private var works: [Work] = []

    mutating func add(_ event: TraceEvent, at offset: Int) {
        switch event {
        case .dispatched(let id, let time, let chunks):
            flights.append(
                Flight(id: id, dispatched: time, completed: nil, chunks: chunks, offset: offset))
        case .completed(let id, let time):
            completions.append(Completion(id: id, time: time, offset: offset))
        case .computed(let id, let stage, let span):
            works.append(Work(id: id, stage: stage, span: span, offset: offset))
        case .other:
            break
        }
    }

    mutating func timeline(_ header: TraceHeader) throws(Failure) -> Timeline {
        let places = try places()
        try complete(places)
        let timings = try timings(places, header)
        let origin = header.origin
        let count = header.stageCount
        var timeline = Timeline(
            source: header.source, stageCount: count,
            microbatchesInFlightMax: header.microbatchesInFlightMax,
            droppedCount: header.droppedCount)
        timeline.microbatches.reserveCapacity(flights.count)
        for (index, flight) in flights.enumerated() {
            guard let completed = flight.completed else {
                throw failure(flight, "is never completed")
            }
            timeline.microbatches.append(
                MicrobatchSpan(
                    id: flight.id,
                    dispatched: Instant(nanoseconds: origin + flight.dispatched),
                    completed: Instant(nanoseconds: origin + completed), chunks: flight.chunks,
                    stages: Array(timings[index * count..<(index + 1) * count])))
        }
        return timeline
    }

    private func places() throws(Failure) -> [MicrobatchID: Int] {
        var places: [MicrobatchID: Int] = [:]
        places.reserveCapacity(flights.count)
        for (index, flight) in flights.enumerated() {
            guard places.updateValue(index, forKey: flight.id) == nil else {
                throw failure(flight, "is dispatched twice")
            }
        }
        return places
    }

    private mutating func complete(_ places: [MicrobatchID: Int]) throws(Failure) {
        for completion in completions {
            let name = "microbatch \(completion.id.rawValue)"
            guard let place = places[completion.id] else {
                throw Failure(
                    offset: completion.offset, message: "\(name) is completed, never dispatched")
            }
            guard flights[place].completed == nil else {
                throw Failure(offset: completion.offset, message: "\(name) is completed twice")
            }
            guard completion.time >= flights[place].dispatched else {
                throw Failure(
                    offset: completion.offset,
                    message: "\(name) is completed before it is dispatched")
            }
            flights[place].completed = completion.time
        }
    }

    /// The timings of all stages, microbatch by microbatch.
    private func timings(
        _ places: [MicrobatchID: Int], _ header: TraceHeader
    ) throws(Failure) -> [StageTiming] {
        let count = header.stageCount
        var seen = [Int](repeating: 0, count: flights.count)
        for work in works {
            let name = "microbatch \(work.id.rawValue)"
            guard let place = places[work.id] else {
                throw Failure(offset: work.offset, message: "\(name) is never dispatched")
            }
            guard work.stage < count else {
                throw Failure(
                    offset: work.offset,
                    message: "stage \(work.stage) does not exist: 'stages' is \(count)")
            }
            seen[place] += 1
        }
        for (index, flight) in flights.enumerated() where seen[index] != count {
            throw failure(flight, "has \(seen[index]) events of stages, there are \(count) stages")
        }
        return try fill(places, header)
    }

    /// Puts every timing into its place; there are as many as places.
    private func fill(
        _ places: [MicrobatchID: Int], _ header: TraceHeader
    ) throws(Failure) -> [StageTiming] {
        let nothing = StageTiming(
            received: Instant(nanoseconds: 0), computeBegan: Instant(nanoseconds: 0),
            computeEnded: Instant(nanoseconds: 0), sendWaitNanoseconds: -1)
        var timings = [StageTiming](repeating: nothing, count: works.count)
        for work in works {
            guard let place = places[work.id] else { continue }
            let index = place * header.stageCount + work.stage
            guard timings[index].sendWaitNanoseconds < 0 else {
                throw Failure(
                    offset: work.offset,
                    message: "stage \(work.stage) computes microbatch \(work.id.rawValue) twice")
            }
            timings[index] = work.span.timing(origin: header.origin)
        }
        return timings
    }

    private func failure(_ flight: Flight, _ what: String) -> Failure {
        Failure(offset: flight.offset, message: "microbatch \(flight.id.rawValue) \(what)")
    }
}
