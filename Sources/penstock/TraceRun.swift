import CommandLineOptions
import Foundation
import Timelines

/// `penstock trace`: what the stages of a recorded or simulated run did with its time.
struct TraceRun {
    private let options: TraceOptions

    init(_ options: TraceOptions) {
        self.options = options
    }

    func run() throws {
        let timeline = try readTimeline()
        if let path = options.ganttPath {
            let name = (options.path as NSString).lastPathComponent
            try PlainFile.write(GanttChart.svg(timeline, title: name), to: path)
        }
        let report = BubbleReport(timeline)
        if options.json { try Console.printJSON(report) } else { try Console.print(report.text) }
    }

    private func readTimeline() throws -> Timeline {
        let bytes = try PlainFile.read(options.path)
        do {
            return try ChromeTrace.timeline(of: bytes)
        } catch {
            throw TraceRunError(description: "\(options.path): \(error)")
        }
    }
}

struct TraceRunError: Error, CustomStringConvertible {
    let description: String
}

extension BubbleReport {
    /// The whole report for people.
    var text: String {
        let stages = TextTable(stageTable).text(alignsRight: true)
        guard !longestBubbles.isEmpty else { return "\(headline)\n\n\(stages)" }
        let bubbles = TextTable(bubbleTable).text(alignsRight: true)
        return "\(headline)\n\n\(stages)\n\nThe longest bubbles:\n\(bubbles)"
    }
}
