/// A token of the model's vocabulary.
package typealias TokenID = UInt32

/// Identifies one request for as long as the coordinator lives.
package struct RequestID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: RequestID, right: RequestID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Identifies one microbatch; microbatches are numbered in the order of their dispatch.
package struct MicrobatchID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: MicrobatchID, right: MicrobatchID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Identifies one page of KV cache; the same id means the same positions on every stage.
package struct PageID: Hashable, Comparable, Sendable {
    package let rawValue: UInt32

    package init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static func < (left: PageID, right: PageID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The geometry of a page of KV cache.
package enum Page {
    /// Positions that one page holds.
    package static let size = 64

    /// Pages that `positions` consecutive positions, starting at a page boundary, occupy.
    package static func count(for positions: Int) -> Int {
        (positions + size - 1) / size
    }
}

/// A point in time, in nanoseconds since an origin that the driver chose: the monotonic clock in
/// the coordinator, zero in the simulator.
package struct Instant: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Seconds from `earlier` to this instant.
    package func seconds(since earlier: Instant) -> Double {
        Double(nanoseconds - earlier.nanoseconds) * 1e-9
    }
}
