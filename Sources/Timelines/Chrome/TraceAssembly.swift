import PipelineTypes

/// Puts microbatches together from events in any order: ids tell the order of dispatch. Takes
/// memory in proportion to the events that were added, whatever the header claims.
struct TraceAssembly {
    struct Failure: Error {
        /// Where the trace is wrong, in bytes.
        var offset: Int
        var message: String
    }

    struct Flight {
        var id: MicrobatchID
        var dispatched: Int64
        var completed: Int64?
        var chunks: [ChunkSpan]
        /// Of all chunks, counted once: a file may hold many chunks, and many stages.
        let tokenCount: Int
        var offset: Int

        func failure(_ what: String) -> Failure {
            Failure(offset: offset, message: "microbatch \(id.rawValue) \(what)")
        }
    }

    private struct Completion {
        var id: MicrobatchID
        var time: Int64
        var offset: Int
    }

    struct Work {
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
                Flight(
                    id: id, dispatched: time, completed: nil, chunks: chunks,
                    tokenCount: chunks.tokenCount, offset: offset))
        case .completed(let id, let time):
            completions.append(Completion(id: id, time: time, offset: offset))
        case .computed(let id, let stage, let span):
            works.append(Work(id: id, stage: stage, span: span, offset: offset))
        case .other:
            break
        }
    }

    mutating func timeline(_ header: TraceHeader) throws(Failure) -> Timeline {
        flights.sort { $0.id < $1.id }
        let places = try places()
        try complete(places)
        let works = try works(places, header)
        try TraceLaws(flights: flights, works: works, stageCount: header.stageCount).check()
        let origin = header.origin
        let count = header.stageCount
        var timeline = Timeline(
            source: header.source, stageCount: count,
            microbatchesInFlightMax: header.microbatchesInFlightMax,
            droppedCount: header.droppedCount)
        timeline.microbatches.reserveCapacity(flights.count)
        for (index, flight) in flights.enumerated() {
            guard let completed = flight.completed else {
                throw flight.failure("is never completed")
            }
            timeline.microbatches.append(
                MicrobatchSpan(
                    id: flight.id,
                    dispatched: Instant(nanoseconds: origin + flight.dispatched),
                    completed: Instant(nanoseconds: origin + completed), chunks: flight.chunks,
                    stages: works[index * count..<(index + 1) * count].map {
                        $0.span.timing(origin: origin)
                    }))
        }
        return timeline
    }

    private func places() throws(Failure) -> [MicrobatchID: Int] {
        var places: [MicrobatchID: Int] = [:]
        places.reserveCapacity(flights.count)
        for (index, flight) in flights.enumerated() {
            guard places.updateValue(index, forKey: flight.id) == nil else {
                throw flight.failure("is dispatched twice")
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

    /// What all stages did, microbatch by microbatch.
    private func works(
        _ places: [MicrobatchID: Int], _ header: TraceHeader
    ) throws(Failure) -> [Work] {
        let count = header.stageCount
        var seen = [Int](repeating: 0, count: flights.count)
        for work in works {
            guard let place = places[work.id] else {
                throw Failure(
                    offset: work.offset,
                    message: "microbatch \(work.id.rawValue) is never dispatched")
            }
            guard work.stage < count else {
                throw Failure(
                    offset: work.offset,
                    message: "stage \(work.stage) does not exist: 'stages' is \(count)")
            }
            seen[place] += 1
        }
        for (index, flight) in flights.enumerated() where seen[index] != count {
            throw flight.failure("has \(seen[index]) events of stages, there are \(count) stages")
        }
        return try ordered(places, stageCount: count)
    }

    /// Puts the work into its places; there is as much as there are places.
    private func ordered(
        _ places: [MicrobatchID: Int], stageCount: Int
    ) throws(Failure) -> [Work] {
        // The index of the work in each place.
        var indices = [Int](repeating: -1, count: works.count)
        for (index, work) in works.enumerated() {
            guard let place = places[work.id] else { continue }
            let target = place * stageCount + work.stage
            guard indices[target] < 0 else {
                throw Failure(
                    offset: work.offset,
                    message: "stage \(work.stage) computes microbatch \(work.id.rawValue) twice")
            }
            indices[target] = index
        }
        return indices.map { works[$0] }
    }
}
