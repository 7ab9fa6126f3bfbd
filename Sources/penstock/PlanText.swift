import Foundation
import PipelineTypes
import Planning
import Timelines

/// The rankings as people read them: a table for each prompt length, and the flags of its best row.
struct PlanText {
    private let planner: Planner
    private let rowCount: Int

    init(_ planner: Planner, rowCount: Int) {
        self.planner = planner
        self.rowCount = rowCount
    }

    func text(_ rankings: [Ranking]) -> String {
        ([introduction] + rankings.map(text) + [legend]).joined(separator: "\n\n")
    }

    private var legend: String {
        """
        speedup: how much sooner than that one stage is done. tokens/s: of \
        \(planner.request.backToBackCount) prompts back to back. efficiency: tokens/s per device, \
        as a share of that one stage's; above 100 % where it loses more to its all-reduces than \
        the pipeline to bubbles. GB: of the fullest device (--json: of every stage).
        """
    }

    private var introduction: String {
        let request = planner.request
        let model = "\(request.model.name): \(weights), \(request.model.layerCount) layers"
        let devices = CountText.text(request.deviceCount, "device")
        let machine = "\(devices) of \(request.hardware.name)\(idle)"
        guard let calibration = request.calibration else {
            return "\(model); \(machine). Predicted, not measured; not calibrated."
        }
        return String(
            format: """
                %@; %@. Predicted, not measured; agrees with %.2f s for %d tokens on one stage of \
                %d (computation takes %.2f times what the profile says).
                """,
            model, machine, calibration.seconds, calibration.promptLength, calibration.devices,
            planner.derivation.scale)
    }

    private var weights: String {
        let model = planner.request.model
        let all = String(format: "%.4g billion weights", model.parameterCount / 1e9)
        guard model.activeParameterCount < model.parameterCount else { return all }
        return all + String(format: ", %.4g of them active", model.activeParameterCount / 1e9)
    }

    /// Where a model has too few layers for the devices.
    private var idle: String {
        let used = planner.layouts.map(\.deviceCount).max() ?? 0
        let idle = planner.request.deviceCount - used
        return idle > 0 ? ", \(idle) of which stay idle" : ""
    }

    private func text(_ ranking: Ranking) -> String {
        let header = [
            "pp × devices", "policy", "chunks", "TTFT s", "speedup", "tokens/s", "efficiency",
            "GB", "fits tokens",
        ]
        let table = TextTable([header] + ranking.plans.prefix(rowCount).map(row))
        var lines = [
            String(
                format: "%@; one stage of %d takes %@ s in chunks of %d",
                CountText.text(ranking.promptLength, "token"), ranking.baseline.devices,
                Self.seconds(ranking.baseline.seconds), ranking.baseline.chunkSize)
                + warning(ranking),
            table.text(alignsRight: true),
        ]
        if ranking.plans.count > rowCount {
            let more = CountText.text(ranking.plans.count - rowCount, "more row")
            lines.append("  … and \(more) (--rows, --json)")
        }
        if let best = ranking.best {
            let command = ServeCommand(best, of: planner.request)
            let label =
                command.notBuilt.isEmpty
                ? "Penstock"
                : "Penstock (refused today, not built: \(command.notBuilt.joined(separator: ", ")))"
            lines.append("\(label): \(command.penstock)")
            let other = ranking.bestForSGLang.flatMap {
                ServeCommand($0, of: planner.request).sglang
            }
            if let other, planner.request.hardware.sharing == .tensorParallel {
                lines.append("SGLang: \(other)")
            }
        } else {
            lines.append("  none of them fits into the memory")
        }
        return lines.joined(separator: "\n")
    }

    private func warning(_ ranking: Ranking) -> String {
        let context = planner.request.model.contextLength
        guard ranking.promptLength > context else { return "" }
        return " (the model's context is \(context); longer prompts need scaled positions)"
    }

    /// Three digits, and two places where that is more.
    private static func seconds(_ seconds: Double) -> String {
        if seconds >= 1 { return String(format: "%.2f", seconds) }
        return String(format: seconds >= 0.001 ? "%#.3g" : "%.2e", seconds)
    }

    private func row(_ plan: Plan) -> [String] {
        let policy =
            switch plan.policy {
            case .automatic, .whole: plan.policy.name
            case .fixed(let tokens): "fixed \(tokens)"
            case .dynamic(let tokens, let factor): "dynamic \(tokens), \(factor)"
            }
        return [
            "\(plan.layout.stageCount) × \(plan.layout.devicesPerStage)", policy,
            "\(plan.chunkCount)", Self.seconds(plan.ttft),
            String(format: "%.2f", plan.ttftSpeedup), String(format: "%.0f", plan.throughput),
            String(format: "%.1f %%", plan.efficiency * 100),
            String(format: "%.1f", plan.memory.bytes / 1e9)
                + (plan.memory.fits ? "" : " too much"),
            String(format: "%.0f", plan.memory.positionsMax.rounded(.down)),
        ]
    }
}
