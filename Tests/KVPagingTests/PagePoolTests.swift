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

    @Test("the page freed last is the next to be handed out")
    func lastInFirstOut() {
        var pool = PagePool(pageCount: 4)
        let pages = (0..<4).compactMap { _ in pool.allocate() }
        pool.free(pages[1])
        pool.free(pages[3])
        #expect(pool.allocate() == pages[3])
        #expect(pool.allocate() == pages[1])
        pool._checkInvariants()
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
