/// A block of memory, aligned to cache lines, that holds one message between stages. It has one
/// owner at a time: the stage that fills or reads it, or the transfer that moves it.
///
/// Not for small or shared data; use an array. This is the one file of `StageProtocol` that
/// handles pointers: all others, and the stages, see bounds-checked spans.
package struct MessageBuffer: ~Copyable {
    /// Alignment in bytes, and the unit of a message's length.
    package static let blockByteCount = 64

    /// For the transport alone.
    package let baseAddress: UnsafeMutableRawPointer
    /// Bytes that this buffer can hold.
    package let capacity: Int
    /// Bytes of the message, a multiple of the block size.
    package private(set) var byteCount: Int

    /// Memory for at least `byteCount` bytes; their content is arbitrary but never uninitialised.
    package init(byteCount: Int) {
        let capacity = Self.roundedUp(max(byteCount, 1))
        baseAddress = .allocate(byteCount: capacity, alignment: Self.blockByteCount)
        baseAddress.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
        self.capacity = capacity
        self.byteCount = Self.roundedUp(byteCount)
    }

    deinit {
        baseAddress.deallocate()
    }

    /// Declares how long the next message is; it must fit into the capacity.
    package mutating func resize(to byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= capacity, "the message does not fit")
        self.byteCount = Self.roundedUp(byteCount)
    }

    /// The next multiple of the block size.
    package static func roundedUp(_ byteCount: Int) -> Int {
        (byteCount + blockByteCount - 1) & ~(blockByteCount - 1)
    }

    /// Lends `count` numbers that begin `offset` bytes into the message.
    package func withElements<Element: WireElement, Result, Failure: Error>(
        _: Element.Type, at offset: Int, count: Int,
        _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = address(of: Element.self, at: offset, count: count)
        return try body(UnsafeBufferPointer(start: start, count: count).span)
    }

    /// Lends `count` numbers that begin `offset` bytes into the message for writing.
    package mutating func withMutableElements<Element: WireElement, Result, Failure: Error>(
        _: Element.Type, at offset: Int, count: Int,
        _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = address(of: Element.self, at: offset, count: count)
        let elements = UnsafeMutableBufferPointer(start: start, count: count)
        var span = elements.mutableSpan
        return try body(&span)
    }

    /// A copy of some bytes.
    func bytes(at offset: Int, count: Int) -> [UInt8] {
        Array(
            UnsafeBufferPointer(
                start: address(of: UInt8.self, at: offset, count: count), count: count))
    }

    private func address<Element: WireElement>(
        of _: Element.Type, at offset: Int, count: Int
    ) -> UnsafeMutablePointer<Element> {
        let stride = MemoryLayout<Element>.stride
        precondition(offset >= 0 && offset <= byteCount && offset.isMultiple(of: stride))
        precondition(count >= 0 && count <= (byteCount - offset) / stride)
        return (baseAddress + offset).assumingMemoryBound(to: Element.self)
    }
}

/// A number of which every bit pattern is a value.
package protocol WireElement: BitwiseCopyable {}
extension UInt8: WireElement {}
extension UInt16: WireElement {}
extension Float: WireElement {}
