/// The newest of many elements, as many as are kept, in no order.
struct Newest<Element: Hashable & Sendable>: Hashable, Sendable {
    private(set) var elements: [Element] = []
    private let countMax: Int
    /// The place of the oldest, once all places are taken.
    private var oldest = 0

    init(countMax: Int) {
        precondition(countMax > 0, "nothing can be kept")
        self.countMax = countMax
    }

    mutating func add(_ element: Element) {
        guard elements.count == countMax else { return elements.append(element) }
        elements[oldest] = element
        oldest = (oldest + 1) % countMax
    }
}
