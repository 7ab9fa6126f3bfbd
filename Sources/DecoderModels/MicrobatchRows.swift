import Kernels
import PipelineTypes

/// Where each row of a microbatch's activations belongs.
struct MicrobatchRows {
    /// Where one row, a token of one chunk, belongs.
    struct Place {
        var token: TokenID
        var position: Int
        /// The page that holds the position, and where in it.
        var page: PageID
        var slot: Int
    }

    /// A run of one chunk's tokens whose attention is computed together for one KV head.
    struct AttentionTask {
        var chunk: Int
        /// The row of the first token.
        var row: Int
        var tokens: Int
        var position: Int
        var kvHead: Int
        /// The segments of the keys, if others are left to other tasks.
        var segments: Range<Int>?
        /// Where segment 0 has its place in the memory for parts.
        var firstPart = 0

        /// Keys that its tokens see, about and all together.
        var work: Int {
            tokens * (position + tokens)
        }

        var segmentCount: Int {
            AttentionRun.segmentCount(positions: position + tokens)
        }
    }

    /// Of each row.
    let places: [Place]
    /// The row of each chunk's first token.
    let firstRows: [Int]
    /// The heaviest first, so that no worker is left with one at the end.
    let attentionTasks: [AttentionTask]
    /// Decode steps whose segments are tasks of their own, to be merged after them.
    let merges: [AttentionTask]
    /// Parts that those leave.
    let partCount: Int
    /// Pages that begin in this microbatch.
    let newPages: [PageID]

    /// - Parameters:
    ///   - tokensPerTask: bounds the tokens of one attention task.
    ///   - workerCount: workers that share the tasks.
    init(_ microbatch: Microbatch, kvHeads: Int, tokensPerTask: Int, workerCount: Int) {
        var places: [Place] = []
        places.reserveCapacity(microbatch.tokenCount)
        var firstRows: [Int] = []
        var tasks: [AttentionTask] = []
        var newPages: [PageID] = []
        for (index, chunk) in microbatch.chunks.enumerated() {
            firstRows.append(places.count)
            for first in stride(from: 0, to: chunk.tokens.count, by: tokensPerTask) {
                for head in 0..<kvHeads {
                    tasks.append(
                        AttentionTask(
                            chunk: index, row: places.count + first,
                            tokens: min(tokensPerTask, chunk.tokens.count - first),
                            position: chunk.start + first, kvHead: head))
                }
            }
            for (offset, token) in chunk.tokens.enumerated() {
                let (page, slot) = (chunk.start + offset).quotientAndRemainder(
                    dividingBy: Page.size)
                if slot == 0 { newPages.append(chunk.pages[page]) }
                places.append(
                    Place(
                        token: token, position: chunk.start + offset, page: chunk.pages[page],
                        slot: slot))
            }
        }
        self.places = places
        self.firstRows = firstRows
        self.newPages = newPages
        let split = SplitTasks(tasks.sorted { $0.work > $1.work }, workerCount: workerCount)
        attentionTasks = split.tasks
        merges = split.merges
        partCount = split.partCount
    }

    /// Parts that any microbatch leaves at most, if no request has more positions.
    static func partCountMax(positions: Int, workerCount: Int) -> Int {
        // A task is divided if its work is at least two of the pieces that all work makes.
        let dividedTasks = workerCount > 1 ? SplitTasks.tasksPerWorker * workerCount / 2 : 0
        return dividedTasks * AttentionRun.segmentCount(positions: positions)
    }

    /// Flash decoding: the few tasks of decode steps with long contexts would leave workers idle,
    /// so each becomes several, for some segments of its keys.
    private struct SplitTasks {
        private(set) var tasks: [AttentionTask] = []
        private(set) var merges: [AttentionTask] = []
        private(set) var partCount = 0

        /// Tasks that each worker gets at least, if there are so many segments.
        static let tasksPerWorker = 4

        init(_ whole: [AttentionTask], workerCount: Int) {
            let total = whole.reduce(0) { $0 + $1.work }
            let share = total / (Self.tasksPerWorker * workerCount)
            for task in whole {
                let segmentCount = task.segmentCount
                let pieces = min(segmentCount, task.work / max(share, 1))
                guard workerCount > 1, task.tokens == 1, pieces > 1 else {
                    tasks.append(task)
                    continue
                }
                var task = task
                task.firstPart = partCount
                merges.append(task)
                partCount += segmentCount
                for piece in 0..<pieces {
                    let first = segmentCount * piece / pieces
                    task.segments = first..<segmentCount * (piece + 1) / pieces
                    tasks.append(task)
                }
            }
        }
    }
}
