import PipelineTypes

/// The neighbours of a symbol in the list of those that are left; −1 at either end.
struct SymbolLink {
    var previous: Int
    var next: Int
    /// The symbol was merged into the one before it.
    var isMerged = false
}

extension BytePairEncoder {
    /// Merges `scratch.symbols`, a doubly linked list, with a heap of possible merges. Entries of
    /// pairs that have changed since are recognised when they come up.
    func mergeByHeap(_ scratch: inout BytePairScratch, into tokens: inout [TokenID]) {
        let count = scratch.symbols.count
        scratch.links.removeAll(keepingCapacity: true)
        scratch.heap.removeAll()
        for index in 0..<count {
            scratch.links.append(
                SymbolLink(previous: index - 1, next: index + 1 < count ? index + 1 : -1))
        }
        for index in 0..<count {
            push(pairAt: index, &scratch)
        }
        while let entry = scratch.heap.popMin() {
            let index = entry.position
            let link = scratch.links[index]
            guard !link.isMerged, link.next >= 0,
                let merge = merges.merge(scratch.symbols[index], scratch.symbols[link.next]),
                merge.token == entry.token
            else { continue }
            scratch.symbols[index] = merge.token
            let afterNext = scratch.links[link.next].next
            scratch.links[link.next].isMerged = true
            scratch.links[index].next = afterNext
            if afterNext >= 0 { scratch.links[afterNext].previous = index }
            push(pairAt: index, &scratch)
            if link.previous >= 0 { push(pairAt: link.previous, &scratch) }
        }
        for index in 0..<count where !scratch.links[index].isMerged {
            tokens.append(scratch.symbols[index])
        }
    }

    private func push(pairAt index: Int, _ scratch: inout BytePairScratch) {
        let next = scratch.links[index].next
        guard next >= 0,
            let merge = merges.merge(scratch.symbols[index], scratch.symbols[next])
        else { return }
        scratch.heap.push(MergeHeap.Entry(rank: merge.rank, token: merge.token, position: index))
    }
}

/// A binary heap of possible merges: the lowest rank first, the leftmost of equal ones.
struct MergeHeap {
    struct Entry {
        var rank: UInt32
        var token: TokenID
        var position: Int

        func precedes(_ other: Entry) -> Bool {
            rank != other.rank ? rank < other.rank : position < other.position
        }
    }

    private var entries: [Entry] = []

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
    }

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var index = entries.count - 1
        while index > 0, entries[index].precedes(entries[(index - 1) / 2]) {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func popMin() -> Entry? {
        guard let last = entries.popLast() else { return nil }
        guard let first = entries.first else { return last }
        entries[0] = last
        var index = 0
        while true {
            var smallest = index
            let child = 2 * index + 1
            if child < entries.count, entries[child].precedes(entries[smallest]) {
                smallest = child
            }
            if child + 1 < entries.count, entries[child + 1].precedes(entries[smallest]) {
                smallest = child + 1
            }
            guard smallest != index else { return first }
            entries.swapAt(index, smallest)
            index = smallest
        }
    }
}
