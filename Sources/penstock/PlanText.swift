import Foundation
import PipelineTypes
import Planning

/// The rankings as people read them: a table for each prompt length, and the flags of its best row.
struct PlanText {
    private let planner: Planner
    private let rowCount: Int

    init(_ planner: Planner, rowCount: Int) {
        self.planner = planner
        self.rowCount = rowCount
    }

    func text(_ rankings: [Ranking]) -> String {
        ([introduction] + rankings.map(text)).joined(separator: "\n\n")
    }

    private var introduction: String {
        let request = planner.request
        let model = String(
            format: "%@: %.4g billion weights, %.3g of them active, %d layers", request.model.name,
            request.model.parameterCount / 1e9, request.model.activeParameterCount / 1e9,
            request.model.layerCount)
        let machine = "\(request.deviceCount) devices of \(request.hardware.name)"
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

    private func text(_ ranking: Ranking) -> String {
        let header = [
            "pp × devices", "policy", "chunks", "TTFT s", "speedup", "tokens/s", "efficiency",
            "GB", "fits tokens",
        ]
        let table = TextTable([header] + ranking.plans.prefix(rowCount).map(row))
        var lines = [
            String(
                format: "%d tokens; one stage of %d takes %.2f s in chunks of %d",
                ranking.promptLength, ranking.baseline.devices, ranking.baseline.seconds,
                ranking.baseline.chunkSize) + warning(ranking),
            table.text(alignsRight: true),
        ]
        if ranking.plans.count > rowCount {
            lines.append("  … and \(ranking.plans.count - rowCount) more rows (--rows, --json)")
        }
        if let best = ranking.best {
            let command = ServeCommand(best, of: planner.request).penstock
            lines.append("\(penstockLabel(best)): \(command)")
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

    private func penstockLabel(_ plan: Plan) -> String {
        let isBuilt =
            planner.request.hardware.sharing == .threads || plan.layout.devicesPerStage == 1
        return isBuilt ? "Penstock" : "Penstock, once it has tensor parallelism"
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
            "\(plan.chunkCount)", String(format: "%.2f", plan.ttft),
            String(format: "%.2f", plan.ttftSpeedup), String(format: "%.0f", plan.throughput),
            String(format: "%.1f %%", plan.efficiency * 100),
            String(format: "%.1f", plan.memory.bytes / 1e9)
                + (plan.memory.fits ? "" : " too much"),
            String(format: "%.0f", plan.memory.positionsMax.rounded(.down)),
        ]
    }
}
