import PipelineTypes

/// The report for people.
extension BubbleReport {
    /// One line about the whole run.
    package var headline: String {
        let counts = [
            CountText.text(stages.count, "stage"),
            CountText.text(microbatchCount, "microbatch", "es"),
            CountText.text(requestCount, "request"), CountText.text(tokenCount, "token"),
        ].joined(separator: ", ")
        let dropped =
            droppedCount == 0
            ? "" : "; \(CountText.text(droppedCount, "earlier microbatch", "es")) not kept"
        return "\(source.rawValue): \(counts) in \(duration)\(dropped)"
    }

    /// From the first dispatch to the last completion.
    package var duration: String {
        DurationText.text(ended.nanoseconds - began.nanoseconds)
    }

    /// A row for each stage under a row of headings: the parts of the run that it was busy, and
    /// idle for each cause.
    package var stageTable: [[String]] {
        let causes = BubbleCause.allCases
        return [["stage", "busy"] + causes.map(\.name)]
            + stages.enumerated().map { stage, use in
                ["\(stage)", DecimalText.percent(use.busyShare)]
                    + causes.map { DecimalText.percent(use.share(of: $0)) }
            }
    }

    /// The longest bubbles, one a row under a row of headings.
    package var bubbleTable: [[String]] {
        [["stage", "at", "lasted", "before microbatch", "cause"]]
            + longestBubbles.map { bubble in
                [
                    "\(bubble.stage)",
                    DurationText.text(bubble.began.nanoseconds - began.nanoseconds),
                    DurationText.text(bubble.nanoseconds),
                    bubble.next.map { "\($0.rawValue)" } ?? "–", bubble.cause.name,
                ]
            }
    }
}
