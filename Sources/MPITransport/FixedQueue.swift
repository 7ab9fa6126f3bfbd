/// A first-in, first-out queue of a few owned elements; it never allocates.
struct FixedQueue<let capacity: Int, Element: ~Copyable>: ~Copyable {
    private var slots = InlineArray<capacity, Element?> { _ in nil }
    private var first = 0
    private(set) var count = 0

    var isEmpty: Bool {
        count == 0
    }

    var isFull: Bool {
        count == capacity
    }

    mutating func append(_ element: consuming Element) {
        precondition(!isFull, "the queue is full")
        slots[(first + count) % capacity] = consume element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = slots[first].take()
        first = (first + 1) % capacity
        count -= 1
        return element
    }

    /// Lends the element at `index`, counted from the oldest, for changing in place.
    mutating func withElement<Result, Failure: Error>(
        at index: Int, _ body: (inout Element) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard index < count else { return nil }
        return try body(&slots[(first + index) % capacity]!)
    }
}
