/// How a message is cut for its way. MPI asks the receiver before it sends a long message, and
/// goes on when the sender next looks after it, which one that computes does rarely. A short
/// message goes off at once, as far as the kernel has room for it, and the kernel moves it on.
///
/// The first piece is tagged with the number of pieces, the others with 0. All are as long as the
/// first but the last, which may be shorter. Lengths are counted in blocks.
struct MessagePieces: Hashable {
    let count: Int
    let blocksEach: Int

    static let followingTag: Int32 = 0
    /// MPI knows tags up to this one everywhere.
    static let countMax = 32767
    /// 60 KiB: what Open MPI sends over TCP without asking, less its own header.
    static let blocksEachMin = 960
    /// The most that MPI can count, with the others' offsets in range.
    private static let blocksEachMax = 1 << 30

    /// Cuts a message.
    init(blocks: Int) {
        let least = (blocks + Self.countMax - 1) / Self.countMax
        blocksEach = max(Self.blocksEachMin, least)
        count = max(1, (blocks + blocksEach - 1) / blocksEach)
    }

    /// What the first piece tells of a message; nil if it is not one of ours.
    init?(firstTag: Int32, firstBlocks: Int32) {
        guard (1...Self.countMax).contains(Int(firstTag)),
            (0...Self.blocksEachMax).contains(Int(firstBlocks))
        else { return nil }
        count = Int(firstTag)
        blocksEach = Int(firstBlocks)
    }

    /// Of the first piece.
    var firstTag: Int32 {
        Int32(count)
    }

    /// Blocks that all pieces have together at most.
    var blocksMax: Int {
        count * blocksEach
    }

    /// Where a piece of a message of so many blocks lies.
    func range(_ piece: Int, of blocks: Int) -> Range<Int> {
        let start = piece * blocksEach
        return start..<min(start + blocksEach, blocks)
    }
}
