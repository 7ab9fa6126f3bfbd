import KVPaging
import PipelineTypes
import Testing

@Suite("Page pool")
struct PagePoolTests {
    @Test("every page is handed out once, and none when all are held")
    func exhaustion() {
        var pool = PagePool(pageCount: 3)
        #expect((0..<4).map { _ in pool.allocate()?.rawValue } == [0, 1, 2, nil])
        #expect(pool.freeCount == 0)
        #expect(pool.heldCount == 3)
    }

    @Test("the lowest free page is the next to be handed out", arguments: [4, 64, 65, 200])
    func lowestFirst(pageCount: Int) {
        var pool = PagePool(pageCount: pageCount)
        let pages = (0..<pageCount).compactMap { _ in pool.allocate() }
        #expect(pages.map(\.rawValue) == (0..<UInt32(pageCount)).map { $0 })
        for page in [pages[pageCount - 1], pages[1], pages[pageCount - 2]] { pool.free(page) }
        pool._checkInvariants()
        #expect(pool.allocate() == pages[1])
        #expect(pool.allocate() == pages[pageCount - 2])
        #expect(pool.allocate() == pages[pageCount - 1])
        #expect(pool.allocate() == nil)
        pool._checkInvariants()
    }

    @Test("pages that were never held stay untouched for as long as others are free")
    func touched() {
        var pool = PagePool(pageCount: 8)
        let pages = (0..<3).compactMap { _ in pool.allocate() }
        for page in pages { pool.free(page) }
        for _ in 0..<3 { _ = pool.allocate() }
        #expect(pool.touchedCount == 3)
        _ = pool.allocate()
        #expect(pool.touchedCount == 4)
    }

    @Test("freeing a page twice is a programmer's fault")
    func doubleFree() async {
        await #expect(processExitsWith: .failure) {
            var pool = PagePool(pageCount: 2)
            let page = pool.allocate()!
            pool.free(page)
            pool.free(page)
        }
    }

    @Test("freeing a page that does not exist is a programmer's fault")
    func foreignPage() async {
        await #expect(processExitsWith: .failure) {
            var pool = PagePool(pageCount: 2)
            pool.free(PageID(2))
        }
    }
}
