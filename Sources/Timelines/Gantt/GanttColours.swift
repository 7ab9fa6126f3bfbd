import PipelineTypes

/// Which colour each request has, and how far each one reaches.
struct GanttColours {
    /// Classes of the style.
    static let count = 8
    private static let shownMax = 8

    /// The first requests, in the order of their first chunks; the colour is the place.
    private(set) var shown: [RequestID] = []
    private(set) var requestCount = 0
    private var places: [RequestID: Int] = [:]
    /// The position after the last one of each request.
    private var ends: [Int] = []

    init(_ timeline: Timeline) {
        for microbatch in timeline.microbatches {
            for chunk in microbatch.chunks { add(chunk) }
        }
    }

    private mutating func add(_ chunk: ChunkSpan) {
        if let place = places[chunk.request] {
            ends[place] = max(ends[place], chunk.positions.upperBound)
            return
        }
        places[chunk.request] = requestCount
        ends.append(chunk.positions.upperBound)
        requestCount += 1
        if shown.count < Self.shownMax { shown.append(chunk.request) }
    }

    /// The colour of a microbatch; the last one if it has no chunks.
    func colour(_ microbatch: MicrobatchSpan) -> Int {
        guard let request = microbatch.mainChunk?.request, let place = places[request] else {
            return Self.count - 1
        }
        return place % Self.count
    }

    /// How far in its request a microbatch begins, from 0 to 1.
    func depth(_ microbatch: MicrobatchSpan) -> Double {
        guard let chunk = microbatch.mainChunk, let place = places[chunk.request], ends[place] > 0
        else { return 0 }
        return Double(chunk.positions.lowerBound) / Double(ends[place])
    }
}
