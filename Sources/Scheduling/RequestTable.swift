import PipelineTypes

/// Where a request is in the table; stays the same until the request is removed.
struct RequestSlot: Hashable, Sendable {
    fileprivate let index: Int
}

/// All requests that the scheduler knows, each at a fixed place, so that in-flight microbatches,
/// the queue and the list of running requests can point to them.
struct RequestTable: Sendable {
    private var states: [RequestState?] = []
    private var vacancies: [RequestSlot] = []
    private var slots: [RequestID: RequestSlot] = [:]

    var isEmpty: Bool {
        slots.isEmpty
    }

    func slot(of id: RequestID) -> RequestSlot? {
        slots[id]
    }

    /// In no order that means anything, but always the same.
    var occupied: [RequestSlot] {
        states.indices.filter { states[$0] != nil }.map { RequestSlot(index: $0) }
    }

    mutating func insert(_ state: RequestState) -> RequestSlot {
        let slot = vacancies.popLast() ?? RequestSlot(index: states.count)
        precondition(
            slots.updateValue(slot, forKey: state.id) == nil,
            "request \(state.id.rawValue) is submitted twice")
        if slot.index == states.count {
            states.append(state)
        } else {
            states[slot.index] = state
        }
        return slot
    }

    mutating func remove(_ slot: RequestSlot) {
        slots[self[slot].id] = nil
        states[slot.index] = nil
        vacancies.append(slot)
    }

    subscript(slot: RequestSlot) -> RequestState {
        _read { yield states[slot.index]! }
        _modify { yield &states[slot.index]! }
    }
}
