import HeapModule
import PipelineTypes

/// What is to happen, in the order of its time; what is due at the same time happens in the order
/// in which it was scheduled.
struct EventQueue<Event> {
    private struct Entry: Comparable {
        let time: Instant
        let number: UInt64
        let event: Event

        static func == (left: Entry, right: Entry) -> Bool {
            left.number == right.number
        }

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.number < right.number : left.time < right.time
        }
    }

    private var entries = Heap<Entry>()
    private var number: UInt64 = 0
    /// The time of the event that happened last.
    private(set) var now = Instant.zero

    /// Not before now.
    mutating func schedule(_ event: Event, at time: Instant) {
        entries.insert(Entry(time: max(time, now), number: number, event: event))
        number += 1
    }

    /// The next event; its time is now.
    mutating func next() -> Event? {
        guard let entry = entries.popMin() else { return nil }
        now = entry.time
        return entry.event
    }
}
