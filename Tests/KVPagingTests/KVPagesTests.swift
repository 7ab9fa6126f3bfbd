import KVPaging
import PipelineTypes
import Testing

@Suite("Pages of KV cache")
struct KVPagesTests {
    @Test("full pages are found again by their tokens, in order, up to a limit")
    func longestPrefix() {
        var kv = KVPages(pageCount: 10, isSharing: true)
        let tokens = run(5)
        let first = kv.filledTable(of: tokens)
        var second = PageTable()
        #expect(kv.adopt(&second, of: tokens, before: 5 * 64 - 1) == 4)
        #expect(second.pages == Array(first.pages[..<4]))
        #expect(kv.adopt(&second, of: tokens, before: 5 * 64) == 1)
        kv._checkInvariants(tables: [first, second])
    }

    @Test("prompts share the pages before their first difference and no others")
    func branching() {
        var kv = KVPages(pageCount: 20, isSharing: true)
        let first = kv.filledTable(of: run(4))
        var other = run(4)
        other[2 * 64 + 63] += 1
        var second = PageTable()
        #expect(kv.adopt(&second, of: other, before: other.count) == 2)
        kv.fill(&second, of: other)
        #expect(second.pages[..<2] == first.pages[..<2])
        #expect(Set(second.pages[2...]).isDisjoint(with: first.pages))
        kv._checkInvariants(tables: [first, second])
    }

    @Test("the same tokens after different ones are a different page")
    func pagesDependOnAllBefore() {
        var kv = KVPages(pageCount: 20, isSharing: true)
        let first = kv.filledTable(of: run(1) + run(1, salt: 9))
        var second = PageTable()
        let other = run(1, salt: 5) + run(1, salt: 9)
        #expect(kv.adopt(&second, of: other, before: other.count) == 0)
        kv._checkInvariants(tables: [first, second])
    }

    @Test("a page that is not full is not shared and becomes free with its table")
    func partialPages() {
        var kv = KVPages(pageCount: 10, isSharing: true)
        let tokens = run(2) + [1, 2, 3]
        var table = kv.filledTable(of: tokens)
        #expect(table.pages.count == 3)
        kv.release(&table)
        #expect(kv.pool.freeCount == 8)
        #expect(kv.cache.pageCount == 2)
        #expect(kv.availableCount == 10)
        #expect(table.pages.isEmpty)
    }

    @Test("without sharing nothing is found and every page becomes free")
    func noSharing() {
        var kv = KVPages(pageCount: 10, isSharing: false)
        var first = kv.filledTable(of: run(3))
        var second = PageTable()
        #expect(kv.adopt(&second, of: run(3), before: 3 * 64) == 0)
        #expect(kv.heldPrefixLength(of: run(3), before: 3 * 64) == 0)
        kv.release(&first)
        #expect(kv.pool.freeCount == 10)
    }

    @Test("pages that a table uses are not evicted, whoever else lets go of them")
    func locksProtect() {
        var kv = KVPages(pageCount: 4, isSharing: true)
        var first = kv.filledTable(of: run(3))
        var second = PageTable()
        #expect(kv.adopt(&second, of: run(3), before: 2 * 64) == 2)
        kv.release(&first)
        #expect(kv.availableCount == 2)
        kv.flush()
        #expect(kv.pool.freeCount == 2)
        #expect(kv.cache.pageCount == 2)
        kv._checkInvariants(tables: [second])
    }

    @Test("the least recently used run is evicted first, from its end")
    func evictionOrder() {
        var kv = KVPages(pageCount: 6, isSharing: true)
        var tables = (0..<3).map { kv.filledTable(of: run(2, salt: UInt32($0))) }
        for index in [1, 0, 2] {
            kv.release(&tables[index])
        }
        // Used again: now run 1 is the most recent.
        var again = PageTable()
        #expect(kv.adopt(&again, of: run(2, salt: 1), before: 128) == 2)
        kv.release(&again)

        func cachedLengths() -> [Int] {
            (0..<3).map { salt in
                var copy = kv
                var table = PageTable()
                return copy.adopt(&table, of: run(2, salt: UInt32(salt)), before: 128)
            }
        }
        var lengths = [cachedLengths()]
        var table = PageTable()
        for count in 1...6 {
            kv.extend(&table, to: count)
            kv._checkInvariants(tables: [table])
            lengths.append(cachedLengths())
        }
        #expect(
            lengths == [
                [2, 2, 2], [1, 2, 2], [0, 2, 2], [0, 2, 1], [0, 2, 0], [0, 1, 0], [0, 0, 0],
            ])
    }

    @Test("of two pages with the same tokens the cache keeps that of the table that uses it")
    func duplicateOfUsedPage() {
        var kv = KVPages(pageCount: 10, isSharing: true)
        var first = kv.filledTable(of: run(2))
        var second = PageTable()
        kv.extend(&second, to: 2)
        kv.publish(&second, of: run(2), before: 128)
        #expect(second.pathLength == 0)
        #expect(kv.cache.pageCount == 2)
        kv._checkInvariants(tables: [first, second])

        // When the other table has gone, the pages in use replace those that are not.
        kv.release(&first)
        kv.publish(&second, of: run(2), before: 128)
        #expect(second.pathLength == 2)
        #expect(kv.pool.freeCount == 8)
        kv._checkInvariants(tables: [second])
    }

    @Test("a table never costs more pages than it lists")
    func noHiddenPages() {
        var kv = KVPages(pageCount: 3, isSharing: true)
        var first = kv.filledTable(of: run(2))
        kv.release(&first)
        // Recomputes a page that the cache has, as whoever needs its last token does.
        var second = PageTable()
        #expect(kv.adopt(&second, of: run(2), before: 127) == 1)
        kv.fill(&second, of: run(2))
        kv.extend(&second, to: 3)
        #expect(second.pages.count == 3)
        kv._checkInvariants(tables: [second])
    }

    @Test("the prefix that is held by others counts only what is locked")
    func heldPrefix() {
        var kv = KVPages(pageCount: 10, isSharing: true)
        var first = kv.filledTable(of: run(3))
        var second = PageTable()
        _ = kv.adopt(&second, of: run(3), before: 64)
        #expect(kv.heldPrefixLength(of: run(3), before: 150) == 2)
        kv.release(&first)
        #expect(kv.heldPrefixLength(of: run(3), before: 192) == 1)
    }

    @Test("the checker notices a page that two tables own")
    func checkerCatchesSharedOwners() async {
        await #expect(processExitsWith: .failure) {
            var kv = KVPages(pageCount: 4, isSharing: false)
            var table = PageTable()
            kv.extend(&table, to: 1)
            kv._checkInvariants(tables: [table, table])
        }
    }

    @Test("the checker notices a page that nobody owns")
    func checkerCatchesLostPages() async {
        await #expect(processExitsWith: .failure) {
            var kv = KVPages(pageCount: 4, isSharing: true)
            var table = PageTable()
            kv.extend(&table, to: 1)
            kv._checkInvariants(tables: [])
        }
    }

    @Test("a table released twice through a copy is a programmer's fault")
    func doubleRelease() async {
        await #expect(processExitsWith: .failure) {
            var kv = KVPages(pageCount: 4, isSharing: true)
            var table = PageTable()
            kv.extend(&table, to: 2)
            var copy = table
            kv.release(&table)
            kv.release(&copy)
        }
    }

    @Test("random tables over few prompts never lose, leak or mix up a page")
    func randomTables() {
        for seed in 0..<200 as Range<UInt64> {
            var random = Numbers(state: seed)
            var kv = KVPages(pageCount: 12, isSharing: true)
            var tables: [(tokens: [TokenID], table: PageTable)] = []
            for _ in 0..<120 {
                let tokens = run(random.next(5), salt: UInt32(random.next(3)))
                if tables.count < 4 && random.next(2) == 0 {
                    var table = PageTable()
                    _ = kv.adopt(&table, of: tokens, before: tokens.count)
                    tables.append((tokens, table))
                } else if let index = tables.indices.last.map({ random.next($0 + 1) }) {
                    let missing =
                        Page.count(for: tables[index].tokens.count)
                        - tables[index].table.pages.count
                    if missing > 0 && missing <= kv.availableCount {
                        kv.fill(&tables[index].table, of: tables[index].tokens)
                    } else {
                        kv.release(&tables[index].table)
                        tables.remove(at: index)
                    }
                }
                kv._checkInvariants(tables: tables.map(\.table))
            }
            for index in tables.indices {
                kv.release(&tables[index].table)
            }
            #expect(kv.availableCount == 12, "seed \(seed)")
        }
    }
}

extension KVPages {
    fileprivate mutating func fill(_ table: inout PageTable, of tokens: [TokenID]) {
        extend(&table, to: Page.count(for: tokens.count))
        publish(&table, of: tokens, before: tokens.count)
    }

    fileprivate mutating func filledTable(of tokens: [TokenID]) -> PageTable {
        var table = PageTable()
        fill(&table, of: tokens)
        return table
    }
}

/// The tokens of so many pages; other salts differ from the first token on.
private func run(_ pages: Int, salt: UInt32 = 0) -> [TokenID] {
    (0..<UInt32(pages * Page.size)).map { $0 + salt * 100_000 }
}

private struct Numbers {
    var state: UInt64

    mutating func next(_ end: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % end
    }
}
