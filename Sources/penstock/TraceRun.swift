import CommandLineOptions
import Foundation
import Timelines

/// `penstock trace`: what the stages of a recorded or simulated run did with its time.
struct TraceRun {
    private let options: TraceOptions

    init(_ options: TraceOptions) {
        self.options = options
    }

    func run() async throws {
        try OutputFiles(
            inputs: ["the trace": options.path], outputs: ["--gantt": options.ganttPath]
        ).check()
        let timeline = try readTimeline()
        let report = BubbleReport(timeline)
        var steps = Steps()
        await steps.take {
            if options.json {
                try Console.printJSON(report)
            } else {
                try Console.print(report.text)
            }
        }
        await steps.take { try writeChart(timeline) }
        try steps.end()
    }

    private static let bytesMax = 1 << 30

    private func readTimeline() throws(UsageError) -> Timeline {
        let bytes: [UInt8]
        do { bytes = try PlainFile.read(options.path, bytesMax: Self.bytesMax) } catch {
            throw UsageError(error.description)
        }
        do { return try ChromeTrace.timeline(of: bytes) } catch {
            throw UsageError("\(options.path): \(error)")
        }
    }

    private func writeChart(_ timeline: Timeline) throws(FileError) {
        guard let path = options.ganttPath else { return }
        let name = (options.path as NSString).lastPathComponent
        try PlainFile.write(GanttChart.svg(timeline, title: name), to: path)
    }
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
