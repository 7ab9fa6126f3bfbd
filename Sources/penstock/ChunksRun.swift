import ChunkSizing
import CommandLineOptions
import Foundation
import PipelineTypes
import Planning
import Timelines

/// `penstock chunks`: how a policy cuts one prompt, by a cost model alone.
struct ChunksRun {
    private let options: ChunksOptions

    init(_ options: ChunksOptions) {
        self.options = options
    }

    private struct Report: Encodable {
        var policy: String
        /// How many.
        var stages: Int
        var stageCosts: [Cost]
        var chunks: [Chunk]
        var makespanSeconds: Double
        /// What no cuts can beat.
        var lowerBoundSeconds: Double
    }

    /// Milliseconds per chunk, per token, per half a pair, and per position of a chunk's prefix.
    private struct Cost: Encodable, Hashable {
        var fixedMs: Double
        var linearMs: Double
        var attentionMs: Double
        var prefixMs: Double

        init(_ cost: PrefillCost) {
            fixedMs = cost.fixed * 1000
            linearMs = cost.linear * 1000
            attentionMs = cost.attention * 1000
            prefixMs = cost.prefix * 1000
        }
    }

    private struct Chunk: Encodable {
        var start: Int
        var tokens: Int
        /// On the stage that takes longest for it.
        var seconds: Double
    }

    func run() throws {
        let report = try makeReport()
        if options.json { try Console.printJSON(report) } else { try Console.print(text(report)) }
    }

    private func makeReport() throws(UsageError) -> Report {
        switch options.cost {
        case .coefficients(let fixed, let linear, let attention, let prefix, let slowdowns):
            let cost = PrefillCost(
                fixed: fixed, linear: linear, attention: attention, prefix: prefix)
            let pipeline = FlowShop(stages: slowdowns.map(cost.scaled(by:)))
            let schedule = schedule(in: pipeline)
            return report(
                cuts: schedule.cuts, makespan: schedule.makespan,
                stages: pipeline.stages,
                bound: OptimalChunks.lowerBound(stages: pipeline.stages, of: grid))
        case .profile(let model, let hardware, let stages, let devices, let layers, let choice):
            let target = ModelOnMachine(model: model, hardware: hardware, calibration: choice)
            let planner = try target.planner { request in
                request.deviceCount = stages * devices
                request.stageCount = stages
                request.devicesPerStage = devices
                request.layerCounts = layers
                request.pageSize = options.pageSize
                request.chunkTokensMax = options.chunkTokensMax
                request.asyncBatchDepth = 1
                request.model.contextLength = options.contextLength
            }
            let cutter = planner.cutter(planner.layouts[0], positions: options.positions)
            let cuts = cutter.cuts(policy)
            return report(
                cuts: cuts, makespan: cutter.timing.completion(of: cuts),
                stages: cutter.timing.stages, bound: cutter.lowerBound)
        }
    }

    private func report(
        cuts: [Int], makespan: Double, stages: [PrefillCost], bound: Double
    ) -> Report {
        let different = Array(Set(stages))
        return Report(
            policy: options.policy.rawValue, stages: stages.count,
            stageCosts: stages.map(Cost.init),
            chunks: zip(cuts, cuts.dropFirst()).map { start, end in
                Chunk(
                    start: start, tokens: end - start,
                    seconds: different.reduce(0) {
                        max($0, $1.seconds(tokens: end - start, after: start))
                    })
            },
            makespanSeconds: makespan, lowerBoundSeconds: bound)
    }

    private var grid: ChunkGrid {
        ChunkGrid(
            positions: options.positions, pageSize: options.pageSize,
            chunkTokensMax: options.chunkTokensMax)
    }

    private var policy: ChunkingPolicy {
        switch options.policy {
        case .auto: .automatic
        case .fixed: .fixed(tokens: options.chunkSize)
        case .dynamic:
            .dynamic(tokens: options.chunkSize, smoothingFactor: options.smoothingFactor)
        }
    }

    private func schedule(in pipeline: FlowShop) -> ChunkSchedule {
        switch options.policy {
        case .auto:
            return OptimalChunks.schedule(in: pipeline, of: grid)
        case .fixed:
            return ChunkSchedule(cuts: grid.cuts { _ in options.chunkSize }, in: pipeline)
        case .dynamic:
            let first = pipeline.stages[0]
            let rule = DynamicChunking(
                chunkSize: options.chunkSize, smoothingFactor: options.smoothingFactor,
                pageSize: options.pageSize, contextLength: options.contextLength,
                prefillTokensMax: options.chunkTokensMax,
                curve: QuadraticCurve(
                    quadratic: first.attention, linear: first.linear, constant: first.fixed))
            return ChunkSchedule(cuts: grid.cuts(rule.chunkTokens), in: pipeline)
        }
    }

    private func text(_ report: Report) -> String {
        let header = ["chunk", "start", "tokens", "ms"]
        let rows = Array(report.chunks.enumerated())
        let shown =
            rows.count <= Self.rowsMax
            ? rows.map(Self.row)
            : rows.prefix(Self.rowsMax / 2).map(Self.row) + [["…"]]
                + rows.suffix(Self.rowsMax / 4).map(Self.row)
        let longest = report.chunks.map(\.seconds).max() ?? 0
        var lines = [TextTable([header] + shown).text(alignsRight: true), ""]
        if case .profile = options.cost { lines += [stageTable(report.stageCosts), ""] }
        let count = CountText.text(report.chunks.count, "chunk")
        lines.append("\(count), the longest \(Self.milliseconds(longest)) ms")
        let above = max(0, (report.makespanSeconds / report.lowerBoundSeconds - 1) * 100)
        lines.append(
            "makespan \(Self.milliseconds(report.makespanSeconds)) ms,"
                + " \(String(format: "%.2f", above)) % above the lower bound of"
                + " \(Self.milliseconds(report.lowerBoundSeconds)) ms")
        return lines.joined(separator: "\n")
    }

    private static func row(_ index: Int, _ chunk: Chunk) -> [String] {
        ["\(index + 1)", "\(chunk.start)", "\(chunk.tokens)", milliseconds(chunk.seconds)]
    }

    /// One row for stages in a row that cost the same.
    private func stageTable(_ costs: [Cost]) -> String {
        var runs: [(first: Int, last: Int)] = []
        for stage in costs.indices {
            if let run = runs.last, costs[run.first] == costs[stage] {
                runs[runs.count - 1].last = stage
            } else {
                runs.append((stage, stage))
            }
        }
        let header = ["stages", "c ms", "b ms", "a ms", "e ms"]
        let rows = runs.map { run in
            let cost = costs[run.first]
            return [run.first == run.last ? "\(run.first)" : "\(run.first)–\(run.last)"]
                + [cost.fixedMs, cost.linearMs, cost.attentionMs, cost.prefixMs].map {
                    String(format: "%.4g", $0)
                }
        }
        return TextTable([header] + rows).text(alignsRight: true)
    }

    private static let rowsMax = 40

    private static func milliseconds(_ seconds: Double) -> String {
        String(format: "%.3f", seconds * 1000)
    }
}
