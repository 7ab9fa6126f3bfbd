import HeapModule
package import PipelineTypes

/// A radix tree over whole pages: which pages hold the keys and values of which token runs.
///
/// A node stands for one page, and for the tokens of its page after those of all its ancestors.
/// Whoever uses a page locks its node and all the node's ancestors; the tree thus never has a
/// locked node below an unlocked one, and unlocked nodes can be evicted leaf by leaf. Eviction
/// takes the leaf that was unlocked the longest time ago.
///
/// Children are found by one dictionary lookup per page. Nodes live in an array and refer to one
/// another by index.
package struct PrefixCache: Sendable {
    /// A node of one tree, valid until it is evicted. A locked node is never evicted.
    package struct NodeID: Hashable, Sendable {
        fileprivate let index: Int32

        /// The empty prefix, which has no page and is always there.
        package static let root = NodeID(index: 0)
    }

    private struct Node {
        var run: PageRun
        var page: PageID
        /// Users of this page or of one below it.
        var lockCount = 0
        var childCount = 0
        /// When the last lock went, in unlockings since the tree began.
        var lastUse: UInt64 = 0
        var isQueued = false

        var isEvictable: Bool {
            lockCount == 0 && childCount == 0
        }
    }

    /// A leaf that may be evicted. It may be out of date: its node may have been used since, be
    /// locked, or have children; whoever takes it out of the queue must look. A node has at most
    /// one candidate, so the queue is never longer than the tree is large.
    private struct Candidate: Comparable {
        var lastUse: UInt64
        var node: NodeID

        static func < (left: Candidate, right: Candidate) -> Bool {
            (left.lastUse, left.node.index) < (right.lastUse, right.node.index)
        }
    }

    /// Index 0 is the root; nil is a place for the next node.
    private var nodes: [Node?] = [nil]
    private var vacancies: [NodeID] = []
    private var children: [PageRun: NodeID] = [:]
    private var candidates = Heap<Candidate>()
    private var unlockings: UInt64 = 0
    /// Pages that can be had by evicting.
    package private(set) var unlockedCount = 0

    package init() {}

    /// Pages in the tree, one for each node.
    package var pageCount: Int {
        children.count
    }

    package func page(of node: NodeID) -> PageID {
        self[node].page
    }

    package func parent(of node: NodeID) -> NodeID {
        self[node].run.parent
    }

    package func isLocked(_ node: NodeID) -> Bool {
        self[node].lockCount > 0
    }

    /// The page after `parent` whose tokens are `tokens`, exactly one page of them.
    package func child(of parent: NodeID, tokens: ArraySlice<TokenID>) -> NodeID? {
        precondition(tokens.count == Page.size, "a run of \(tokens.count) tokens is not a page")
        return children[PageRun(parent: parent, tokens: tokens)]
    }

    /// Adds a page that the tree does not have, under a locked parent or the root, and locks it.
    package mutating func insert(
        _ page: PageID, tokens: ArraySlice<TokenID>, under parent: NodeID
    ) -> NodeID {
        precondition(parent == .root || isLocked(parent), "the parent of a new page is not locked")
        // A copy, because the slice would keep the whole prompt in memory.
        let run = PageRun(parent: parent, tokens: ArraySlice(Array(tokens)))
        let node = vacancies.popLast() ?? NodeID(index: Int32(nodes.count))
        precondition(children.updateValue(node, forKey: run) == nil, "the tree has this page")
        let content = Node(run: run, page: page, lockCount: 1)
        if Int(node.index) == nodes.count {
            nodes.append(content)
        } else {
            nodes[Int(node.index)] = content
        }
        if parent != .root { self[parent].childCount += 1 }
        return node
    }

    /// Gives a node that nobody locks another page with the same content. Returns the old one.
    package mutating func exchangePage(of node: NodeID, for page: PageID) -> PageID {
        precondition(!isLocked(node), "the page of a locked node is exchanged")
        defer { self[node].page = page }
        return self[node].page
    }

    /// Locks one node, whose ancestors the caller has locked before.
    package mutating func lock(_ node: NodeID) {
        if self[node].lockCount == 0 { unlockedCount -= 1 }
        self[node].lockCount += 1
    }

    /// Takes back one lock of one node; the caller goes on with its ancestors.
    package mutating func unlock(_ node: NodeID) {
        precondition(isLocked(node), "a node is unlocked more often than it was locked")
        self[node].lockCount -= 1
        guard !isLocked(node) else { return }
        unlockedCount += 1
        unlockings += 1
        self[node].lastUse = unlockings
        queueIfEvictable(node)
    }

    /// Removes the least recently used leaf that nobody locks; nil if every page is locked.
    package mutating func evict() -> PageID? {
        while let candidate = candidates.popMin() {
            let node = candidate.node
            self[node].isQueued = false
            if self[node].isEvictable && self[node].lastUse == candidate.lastUse {
                return remove(node)
            }
            queueIfEvictable(node)
        }
        return nil
    }

    private mutating func remove(_ node: NodeID) -> PageID {
        let content = self[node]
        children[content.run] = nil
        nodes[Int(node.index)] = nil
        vacancies.append(node)
        unlockedCount -= 1
        let parent = content.run.parent
        if parent != .root {
            self[parent].childCount -= 1
            queueIfEvictable(parent)
        }
        return content.page
    }

    private mutating func queueIfEvictable(_ node: NodeID) {
        guard self[node].isEvictable && !self[node].isQueued else { return }
        self[node].isQueued = true
        candidates.insert(Candidate(lastUse: self[node].lastUse, node: node))
    }

    private subscript(node: NodeID) -> Node {
        _read { yield nodes[Int(node.index)]! }
        _modify { yield &nodes[Int(node.index)]! }
    }
}

extension PrefixCache {
    package func _checkInvariants() {
        var childCounts = Array(repeating: 0, count: nodes.count)
        var locked = 0
        var alive = 0
        var queued = 0
        for (index, node) in nodes.enumerated() {
            guard let node else { continue }
            let id = NodeID(index: Int32(index))
            precondition(children[node.run] == id, "a node is not the child of its parent")
            precondition(node.run.tokens.count == Page.size, "a node is not one page")
            alive += 1
            locked += node.lockCount > 0 ? 1 : 0
            queued += node.isQueued ? 1 : 0
            precondition(!node.isEvictable || node.isQueued, "an evictable leaf is not queued")
            guard node.run.parent != .root else { continue }
            childCounts[Int(node.run.parent.index)] += 1
            precondition(
                node.lockCount <= self[node.run.parent].lockCount,
                "a node has more locks than its parent")
        }
        for (index, node) in nodes.enumerated() {
            precondition(node?.childCount ?? 0 == childCounts[index], "children are miscounted")
        }
        precondition(alive == children.count, "a node is lost")
        precondition(alive - locked == unlockedCount, "unlocked nodes are miscounted")
        precondition(queued == candidates.count, "a candidate has no node")
        precondition(alive + vacancies.count + 1 == nodes.count, "a place is lost")
    }
}
