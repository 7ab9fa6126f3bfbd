import Foundation
import Simulation
import Timelines

/// All that `penstock simulate` has to say of a scenario, for people.
struct SimulationText {
    private let figures: SimulationFigures

    init(_ figures: SimulationFigures) {
        self.figures = figures
    }

    var text: String {
        var parts = [
            "\(figures.name): \(CountText.text(figures.stages, "stage")), "
                + "chunking \(figures.chunking), seed \(figures.seed)",
            TextTable([header] + rows).text(alignsRight: true),
        ]
        parts.append(stages("simulated", figures.simulated.bubbles))
        if let paced = figures.paced {
            parts.append(stages("paced", paced.bubbles))
            if let layers = paced.layerCounts, layers != figures.layerCounts {
                parts.append(
                    "layers of the stages: \(Self.list(figures.layerCounts)) at first, "
                        + "\(Self.list(layers)) at the end; the simulated ones stay as they are "
                        + "at first, so the two runs differ by that too")
            }
            parts.append(
                "paced: real processes and messages on stages that wait instead of computing")
        }
        parts.append("trace hash \(figures.traceHash)")
        return parts.joined(separator: "\n\n")
    }

    // MARK: The run

    private var header: [String] {
        figures.paced == nil ? ["", "simulated"] : ["", "simulated", "paced", "difference"]
    }

    private var rows: [[String]] {
        var rows: [[String]] = []
        add("makespan", &rows, Self.time) { $0.makespanSeconds }
        for (name, value) in Self.spreadColumns {
            add("TTFT \(name)", &rows, Self.time) { $0.timeToFirstTokenSeconds.map(value) }
        }
        for (name, value) in Self.spreadColumns {
            add("ITL \(name)", &rows, Self.time) { $0.interTokenLatencySeconds.map(value) }
        }
        add("prompt tokens/s", &rows, Self.rate) { $0.promptTokensPerSecond }
        add("output tokens/s", &rows, Self.rate) { $0.outputTokensPerSecond }
        for end in ["finished", "cancelled", "rejected", "failed"] {
            add("requests \(end)", &rows, Self.count) { run in
                run.ends.first { $0.end == end }.map { Double($0.requests) }
            }
        }
        return rows
    }

    private static var spreadColumns: [(String, (SimulationFigures.Spread) -> Double)] {
        [("median", \.median), ("p99", \.p99), ("max", \.max)]
    }

    /// A row, unless no run has anything to say.
    private func add(
        _ name: String, _ rows: inout [[String]], _ format: (Double) -> String,
        _ value: (SimulationFigures.Run) -> Double?
    ) {
        let simulated = value(figures.simulated)
        guard let paced = figures.paced else {
            if let simulated { rows.append([name, format(simulated)]) }
            return
        }
        let real = value(paced)
        guard simulated != nil || real != nil else { return }
        var row = [name, simulated.map(format) ?? "–", real.map(format) ?? "–"]
        if let simulated, let real, simulated > 0 {
            row.append(String(format: "%+.1f %%", (real / simulated - 1) * 100))
        }
        rows.append(row)
    }

    private static func time(_ seconds: Double) -> String {
        seconds < 1
            ? String(format: "%.2f ms", seconds * 1e3) : String(format: "%.3f s", seconds)
    }

    private static func rate(_ perSecond: Double) -> String {
        String(format: "%.1f", perSecond)
    }

    private static func list(_ layerCounts: [Int]) -> String {
        layerCounts.map(String.init).joined(separator: " + ")
    }

    private static func count(_ value: Double) -> String {
        String(format: "%.0f", value)
    }

    // MARK: The stages

    /// What the stages did, as parts of the run.
    private func stages(_ name: String, _ bubbles: BubbleReport) -> String {
        let table = bubbles.stageTable
        let rowsMax = Self.stageRowsMax
        let shown =
            table.count <= rowsMax + 1
            ? table : table.prefix(rowsMax) + [["…"]] + table.suffix(1)
        return "\(name), the stages in the \(bubbles.duration) from the first dispatch to the "
            + "last completion:\n" + TextTable(Array(shown)).text(alignsRight: true)
    }

    private static let stageRowsMax = 16
}
