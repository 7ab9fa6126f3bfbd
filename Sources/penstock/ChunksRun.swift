import ChunkSizing
import CommandLineOptions
import Foundation
import Timelines

/// `penstock chunks`: how a policy cuts one prompt, by a cost model alone.
struct ChunksRun {
    private let options: ChunksOptions

    init(_ options: ChunksOptions) {
        self.options = options
    }

    private struct Report: Encodable {
        var policy: String
        var stages: Int
        var chunks: [Chunk]
        var makespanSeconds: Double
        /// What no cuts of equal stages can beat; nil for unequal ones.
        var lowerBoundSeconds: Double?
    }

    private struct Chunk: Encodable {
        var start: Int
        var tokens: Int
        /// On the slowest stage.
        var seconds: Double
    }

    func run() throws {
        let report = makeReport()
        if options.json { try Console.printJSON(report) } else { try Console.print(text(report)) }
    }

    private func makeReport() -> Report {
        let cost = PrefillCost(
            fixed: options.fixed, linear: options.linear, attention: options.attention)
        let stages = options.slowdowns.map(cost.scaled(by:))
        let schedule = schedule(in: FlowShop(stages: stages))
        let slowest = cost.scaled(by: options.slowdowns.max() ?? 1)
        let isUniform = options.slowdowns.allSatisfy { $0 == options.slowdowns[0] }
        return Report(
            policy: options.policy.rawValue, stages: stages.count,
            chunks: schedule.chunks.map { chunk in
                Chunk(
                    start: chunk.lowerBound, tokens: chunk.count,
                    seconds: slowest.seconds(tokens: chunk.count, after: chunk.lowerBound))
            },
            makespanSeconds: schedule.makespan,
            lowerBoundSeconds: isUniform
                ? OptimalChunks.lowerBound(
                    cost: slowest, stageCount: stages.count, positions: options.positions) : nil)
    }

    private func schedule(in pipeline: FlowShop) -> ChunkSchedule {
        let grid = ChunkGrid(
            positions: options.positions, pageSize: options.pageSize,
            chunkTokensMax: options.chunkTokensMax)
        switch options.policy {
        case .auto:
            return OptimalChunks.schedule(in: pipeline, of: grid)
        case .fixed:
            return ChunkSchedule(cuts: grid.cuts { _ in options.chunkSize }, in: pipeline)
        case .dynamic:
            let first = pipeline.stages[0]
            let policy = DynamicChunking(
                chunkSize: options.chunkSize, smoothingFactor: options.smoothingFactor,
                pageSize: options.pageSize, contextLength: options.contextLength,
                prefillTokensMax: options.chunkTokensMax,
                curve: QuadraticCurve(
                    quadratic: first.attention, linear: first.linear, constant: first.fixed))
            return ChunkSchedule(cuts: grid.cuts(policy.chunkTokens), in: pipeline)
        }
    }

    private func text(_ report: Report) -> String {
        let header = ["chunk", "start", "tokens", "ms"]
        let rows = report.chunks.enumerated().map { index, chunk in
            ["\(index + 1)", "\(chunk.start)", "\(chunk.tokens)", Self.milliseconds(chunk.seconds)]
        }
        let shown =
            rows.count <= Self.rowsMax
            ? rows : rows.prefix(Self.rowsMax / 2) + [["…"]] + rows.suffix(Self.rowsMax / 4)
        let longest = report.chunks.map(\.seconds).max() ?? 0
        var lines = [TextTable([header] + shown).text(alignsRight: true), ""]
        lines.append(
            CountText.text(report.chunks.count, "chunk")
                + ", the longest \(Self.milliseconds(longest)) ms")
        let makespan = "makespan \(Self.milliseconds(report.makespanSeconds)) ms"
        if let bound = report.lowerBoundSeconds {
            let above = (report.makespanSeconds / bound - 1) * 100
            lines.append(
                "\(makespan), \(String(format: "%.2f", above)) % above the lower bound of "
                    + "\(Self.milliseconds(bound)) ms")
        } else {
            lines.append(makespan)
        }
        return lines.joined(separator: "\n")
    }

    private static let rowsMax = 40

    private static func milliseconds(_ seconds: Double) -> String {
        String(format: "%.3f", seconds * 1000)
    }
}
