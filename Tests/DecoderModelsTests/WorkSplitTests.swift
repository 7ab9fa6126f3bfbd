import Testing

@testable import DecoderModels

@Suite("how workers share rows")
struct WorkSplitTests {
    @Test("every worker gets as many blocks, of as many rows", arguments: 1...8)
    func even(workerCount: Int) throws {
        for rowCount in 257...4096 {
            guard case .rows(let size) = WorkSplit(rowCount: rowCount, workerCount: workerCount)
            else {
                Issue.record("\(rowCount) rows are enough for blocks")
                continue
            }
            let blocks = (rowCount + size - 1) / size
            let turns = (blocks + workerCount - 1) / workerCount
            let busiest = min(turns * size, rowCount)
            #expect(size <= WorkSplit.blockRowsMax)
            #expect(busiest - rowCount / workerCount <= turns, "\(rowCount) rows: \(size)")
        }
    }

    @Test("a block's rows are many, or all that a worker has", arguments: 1...8)
    func large(workerCount: Int) throws {
        for rowCount in 257...4096 {
            guard case .rows(let size) = WorkSplit(rowCount: rowCount, workerCount: workerCount)
            else { continue }
            let most = min(WorkSplit.blockRowsMax, rowCount / workerCount)
            #expect(2 * size >= most, "\(rowCount) rows: \(size)")
        }
    }

    @Test("of few rows, each worker takes some columns")
    func few() {
        for rowCount in 1...63 {
            let split = WorkSplit(rowCount: rowCount, workerCount: 2)
            #expect(
                { if case .columns = split { true } else { false } }(), "\(rowCount) rows")
        }
        guard case .rows(1) = WorkSplit(rowCount: 1, workerCount: 1) else {
            Issue.record("one worker has nobody to share columns with")
            return
        }
    }
}
