/// Times in order and apart from each other: what is left of many that may overlap.
struct DisjointTimes {
    let times: [Range<Int64>]

    /// Joins times that overlap or touch; empty ones do not count.
    init(_ parts: [Range<Int64>]) {
        var merged: [Range<Int64>] = []
        let sorted = parts.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        for part in sorted {
            if let last = merged.last, part.lowerBound <= last.upperBound {
                let end = max(last.upperBound, part.upperBound)
                merged[merged.count - 1] = last.lowerBound..<end
            } else {
                merged.append(part)
            }
        }
        times = merged
    }
}

/// Tells which parts of a time lie inside of `DisjointTimes`, for times that are asked for in
/// order.
struct TimeCursor {
    struct Part {
        var time: Range<Int64>
        var isInside: Bool
    }

    private let times: [Range<Int64>]
    private var position = 0

    init(_ times: DisjointTimes) {
        self.times = times.times
    }

    /// Cuts a time, which begins no earlier than the last one asked for ended, into parts inside
    /// and parts outside.
    mutating func cut(_ time: Range<Int64>) -> [Part] {
        var parts: [Part] = []
        var start = time.lowerBound
        while start < time.upperBound {
            while position < times.count, times[position].upperBound <= start { position += 1 }
            guard position < times.count, times[position].lowerBound < time.upperBound else {
                break
            }
            let inside = times[position].clamped(to: start..<time.upperBound)
            if inside.lowerBound > start {
                parts.append(Part(time: start..<inside.lowerBound, isInside: false))
            }
            parts.append(Part(time: inside, isInside: true))
            start = inside.upperBound
        }
        if start < time.upperBound {
            parts.append(Part(time: start..<time.upperBound, isInside: false))
        }
        return parts
    }
}
