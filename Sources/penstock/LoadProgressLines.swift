import Coordinator
import Logging
import StageProtocol
import Synchronization

/// Turns the stages' load reports into log lines: one for each quarter of each stage.
final class LoadProgressLines: Sendable {
    private let logger: Logger
    private let reported = Mutex<[Int: Int]>([:])

    init(logger: Logger) {
        self.logger = logger
    }

    func report(_ report: StageLoadReport) {
        let quarter = Int(report.progress.fraction * 4)
        let isNews = reported.withLock { reported in
            guard quarter > reported[report.stage] ?? 0 else { return false }
            reported[report.stage] = quarter
            return true
        }
        if isNews { logger.info("\(report)") }
    }
}
