import PipelineTypes
import Testing

@testable import DecoderModels

@Suite("the rows of a microbatch")
struct MicrobatchRowsTests {
    /// A decode step behind so many positions.
    private static func decodeStep(_ request: Int, after count: Int) -> Chunk {
        Chunk(
            request: RequestID(UInt64(request)), start: count, tokens: [1],
            pages: (0..<Page.count(for: count + 1)).map { PageID(UInt32($0)) })
    }

    private static func rows(
        _ chunks: [Chunk], kvHeads: Int, workerCount: Int
    ) -> MicrobatchRows {
        MicrobatchRows(
            Microbatch(id: MicrobatchID(1), chunks: chunks), kvHeads: kvHeads,
            tokensPerTask: 32, workerCount: workerCount)
    }

    @Test(
        "decode steps leave no more parts than are accounted for, and each segment once",
        arguments: [1, 2, 3, 8], [1, 3, 8])
    func parts(workerCount: Int, kvHeads: Int) {
        let contexts = [1, 63, 1023, 1024, 5000, 40_000, 131_072]
        let batches =
            contexts.map { [$0] } + [contexts, contexts + contexts]
            + contexts.map { Array(repeating: $0, count: 5) }
        for batch in batches {
            let rows = Self.rows(
                batch.enumerated().map { Self.decodeStep($0, after: $1) }, kvHeads: kvHeads,
                workerCount: workerCount)
            let bound = MicrobatchRows.partCountMax(
                positions: (batch.max() ?? 0) + 1, workerCount: workerCount)
            #expect(rows.partCount <= bound, "\(batch)")
            var parts: [Int] = []
            for task in rows.attentionTasks {
                if let segments = task.segments { parts += segments.map { task.firstPart + $0 } }
            }
            #expect(parts.sorted() == Array(0..<rows.partCount), "\(batch)")
            // One head of one request would leave all workers but one idle.
            let isNeeded = workerCount > 1 && kvHeads == 1 && batch.count == 1
            #expect(!isNeeded || batch[0] < 1024 || rows.partCount > 0, "\(batch)")
        }
    }

    @Test("a row's place is its token's, page by page")
    func places() {
        let pages = [7, 3].map { PageID($0) }
        let prompt = Chunk(
            request: RequestID(1), start: Page.size - 1, tokens: [10, 11], pages: pages)
        let rows = Self.rows([Self.decodeStep(0, after: 5), prompt], kvHeads: 1, workerCount: 1)
        #expect(rows.firstRows == [0, 1])
        #expect(rows.places.map(\.token) == [1, 10, 11])
        #expect(rows.places.map(\.position) == [5, Page.size - 1, Page.size])
        #expect(rows.places.map(\.page.rawValue) == [0, 7, 3])
        #expect(rows.places.map(\.slot) == [5, Page.size - 1, 0])
        #expect(rows.newPages.map(\.rawValue) == [3])
    }
}
