package import PipelineTypes

/// All pages of KV cache, and what may be done with them.
///
/// A page is free, or a table's own, or the prefix cache's. Pages of the cache that no table
/// locks are as good as free: they are evicted when somebody needs them.
package struct KVPages: Sendable {
    package private(set) var pool: PagePool
    package private(set) var cache = PrefixCache()
    /// Whether requests share pages at all.
    package let isSharing: Bool

    package init(pageCount: Int, isSharing: Bool) {
        pool = PagePool(pageCount: pageCount)
        self.isSharing = isSharing
    }

    /// Pages that can be had: free ones and those that the cache can give up.
    package var availableCount: Int {
        pool.freeCount + cache.unlockedCount
    }

    /// Appends the cached pages that continue the table, for tokens before position `limit`.
    /// Does nothing if the table has pages that are not on its path.
    ///
    /// - Returns: how many pages were appended.
    package mutating func adopt(
        _ table: inout PageTable, of tokens: [TokenID], before limit: Int
    ) -> Int {
        guard isSharing, table.pages.count == table.pathLength else { return 0 }
        let first = table.pathLength
        while (table.pathLength + 1) * Page.size <= limit,
            let node = cache.child(of: table.node, tokens: tokens.page(table.pathLength))
        {
            cache.lock(node)
            table.node = node
            table.pathLength += 1
            table.pages.append(cache.page(of: node))
        }
        return table.pathLength - first
    }

    /// Leading pages of `tokens` that some table holds already, so that adopting them costs
    /// nobody a page.
    package func heldPrefixLength(of tokens: [TokenID], before limit: Int) -> Int {
        guard isSharing else { return 0 }
        var length = 0
        var last = PrefixCache.NodeID.root
        while (length + 1) * Page.size <= limit,
            let node = cache.child(of: last, tokens: tokens.page(length)), cache.isLocked(node)
        {
            last = node
            length += 1
        }
        return length
    }

    /// Lengthens the table to `count` pages; evicts from the cache what is needed. The caller has
    /// made sure that enough pages are available.
    package mutating func extend(_ table: inout PageTable, to count: Int) {
        while table.pages.count < count {
            if pool.freeCount == 0, let evicted = cache.evict() { pool.free(evicted) }
            guard let page = pool.allocate() else { preconditionFailure("no page is available") }
            table.pages.append(page)
        }
    }

    /// Puts the table's pages of positions before `end` into the cache, as far as they are full.
    ///
    /// Where the cache has a page with the same tokens already, it keeps one of the two: this one,
    /// if no table uses the other; else the other, and this page and those after it remain the
    /// table's own for the time being. A table thus never keeps pages that it does not list.
    package mutating func publish(_ table: inout PageTable, of tokens: [TokenID], before end: Int) {
        guard isSharing else { return }
        while (table.pathLength + 1) * Page.size <= end {
            let page = table.pages[table.pathLength]
            let run = tokens.page(table.pathLength)
            if let node = cache.child(of: table.node, tokens: run) {
                guard !cache.isLocked(node) else { return }
                pool.free(cache.exchangePage(of: node, for: page))
                cache.lock(node)
                table.node = node
            } else {
                table.node = cache.insert(page, tokens: run, under: table.node)
            }
            table.pathLength += 1
        }
    }

    /// Gives up all pages of the table: its own become free, those of its path are unlocked.
    package mutating func release(_ table: inout PageTable) {
        for page in table.pages[table.pathLength...].reversed() {
            pool.free(page)
        }
        while table.node != .root {
            let parent = cache.parent(of: table.node)
            cache.unlock(table.node)
            table.node = parent
        }
        table = PageTable()
    }

    /// Evicts every page that no table locks.
    package mutating func flush() {
        while let page = cache.evict() {
            pool.free(page)
        }
    }

    /// Whether the pages held are those of the cache and the own ones of `tables`, each once.
    package func _checkInvariants(tables: [PageTable]) {
        pool._checkInvariants()
        cache._checkInvariants()
        var own = 0
        var isOwned = Array(repeating: false, count: pool.pageCount)
        for table in tables {
            precondition(table.pathLength <= table.pages.count, "a path is longer than its table")
            var node = table.node
            for page in table.pages[..<table.pathLength].reversed() {
                precondition(cache.page(of: node) == page, "a path does not fit its table")
                precondition(cache.isLocked(node), "a page in use is not locked")
                node = cache.parent(of: node)
            }
            precondition(node == .root, "a path does not begin at the root")
            for page in table.pages[table.pathLength...] {
                precondition(!pool.isFree(page), "page \(page.rawValue) of a table is free")
                precondition(!isOwned[Int(page.rawValue)], "page \(page.rawValue) has two owners")
                isOwned[Int(page.rawValue)] = true
                own += 1
            }
        }
        precondition(own + cache.pageCount == pool.heldCount, "pages are lost")
    }
}

extension [TokenID] {
    /// The tokens of page `index`.
    fileprivate func page(_ index: Int) -> ArraySlice<TokenID> {
        self[index * Page.size..<(index + 1) * Page.size]
    }
}
