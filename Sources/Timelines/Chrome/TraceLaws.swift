import PipelineTypes

/// What holds of every pipeline: microbatches are dispatched in the order of their ids, each passes
/// the stages one after the other, and a stage computes one at a time, in that order.
struct TraceLaws {
    typealias Failure = TraceAssembly.Failure

    /// In the order of their ids.
    let flights: [TraceAssembly.Flight]
    /// One for each stage of each flight, flight by flight.
    let works: [TraceAssembly.Work]
    let stageCount: Int

    func check() throws(Failure) {
        for (index, flight) in flights.enumerated() {
            let earlier = index > 0 ? flights[index - 1] : nil
            if let earlier, flight.dispatched < earlier.dispatched {
                throw flight.failure("is dispatched before microbatch \(earlier.id.rawValue)")
            }
            var leftLast = flight.dispatched
            for stage in 0..<stageCount {
                let work = works[index * stageCount + stage]
                try check(work, of: flight, leftLast: leftLast)
                if let earlier {
                    let last = works[(index - 1) * stageCount + stage].span
                    guard work.span.began >= last.ended else {
                        throw failure(
                            work, "before it is done with microbatch \(earlier.id.rawValue)")
                    }
                }
                leftLast = work.span.ended
            }
        }
    }

    /// - Parameter leftLast: when the stage before was done with the microbatch; for the first
    ///   stage, when it was dispatched.
    private func check(
        _ work: TraceAssembly.Work, of flight: TraceAssembly.Flight, leftLast: Int64
    ) throws(Failure) {
        let span = work.span
        if let claimed = span.tokenCount, claimed != flight.tokenCount {
            throw failure(work, "with \(claimed) tokens, its chunks have \(flight.tokenCount)")
        }
        guard span.arrived >= flight.dispatched, span.began >= leftLast else {
            let source = work.stage > 0 ? "stage \(work.stage - 1) is done with it" : "its dispatch"
            throw failure(work, "before \(source)")
        }
        guard span.began >= span.arrived else { throw failure(work, "before it arrives") }
        if let completed = flight.completed, span.ended + span.sendWait > completed {
            throw failure(work, "beyond its completion")
        }
    }

    private func failure(_ work: TraceAssembly.Work, _ what: String) -> Failure {
        Failure(
            offset: work.offset,
            message: "stage \(work.stage) computes microbatch \(work.id.rawValue) \(what)")
    }
}
