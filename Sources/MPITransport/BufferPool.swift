import StageProtocol

/// Keeps a few buffers for their next use, so that a steady stream of messages allocates nothing.
struct BufferPool: ~Copyable {
    private var buffers = InlineArray<8, MessageBuffer?> { _ in nil }

    /// The smallest kept buffer that holds `byteCount` bytes, or else a new one.
    mutating func take(byteCount: Int) -> MessageBuffer {
        guard let slot = smallest(holding: byteCount), var buffer = buffers[slot].take() else {
            return MessageBuffer(byteCount: byteCount)
        }
        buffer.resize(to: byteCount)
        return buffer
    }

    /// Keeps a buffer in place of the smallest one if there is no room.
    mutating func keep(_ buffer: consuming MessageBuffer) {
        var target = 0
        for slot in buffers.indices where capacity(of: slot) < capacity(of: target) {
            target = slot
        }
        if buffer.capacity > capacity(of: target) { buffers[target] = consume buffer }
    }

    private func smallest(holding byteCount: Int) -> Int? {
        var best: Int?
        for slot in buffers.indices where capacity(of: slot) >= max(byteCount, 1) {
            if let found = best, capacity(of: found) <= capacity(of: slot) { continue }
            best = slot
        }
        return best
    }

    /// −1 for an empty slot.
    private func capacity(of slot: Int) -> Int {
        switch buffers[slot] {
        case .some(let buffer): buffer.capacity
        case .none: -1
        }
    }
}
