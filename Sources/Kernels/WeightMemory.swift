/// Gives weights memory in large pages, one buffer after the other: what is read once and from
/// memory is read by half as quickly again as from small ones.
///
/// Not for buffers that come and go: what one leaves is not given out again.
package final class WeightMemory {
    private var region: LargeMemory?
    private var used = 0

    /// Of the system's memory only what is written to is taken.
    private static let regionByteCount = 64 << 20

    package init() {}

    /// Zeros.
    func buffer(byteCount: Int) -> AlignedBuffer {
        let offset = (used + 63) / 64 * 64
        if let region, offset + byteCount <= region.byteCount {
            used = offset + byteCount
            return AlignedBuffer(region, offset: offset, byteCount: byteCount)
        }
        let region = LargeMemory(byteCount: max(byteCount, Self.regionByteCount))
        // What is left of the region before is given up.
        if byteCount < Self.regionByteCount {
            self.region = region
            used = byteCount
        }
        return AlignedBuffer(region, offset: 0, byteCount: byteCount)
    }
}
