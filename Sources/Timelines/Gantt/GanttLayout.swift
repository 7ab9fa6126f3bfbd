import PipelineTypes

/// Where things are in the picture, in tenths of a pixel.
struct GanttLayout {
    static let width: Int64 = 12000
    static let left: Int64 = 820
    static let plotWidth: Int64 = 10480
    static let top: Int64 = 620

    /// The stages that are drawn.
    let rows: [Int]
    let rowHeight: Int64
    /// Between a row and the next.
    private let rowGap: Int64
    /// Nanoseconds from the first dispatch to the last completion.
    let run: Range<Int64>

    init(_ timeline: Timeline, _ report: BubbleReport) {
        let step = max(1, (timeline.stageCount + GanttChart.rowsMax - 1) / GanttChart.rowsMax)
        rows = Array(stride(from: 0, to: timeline.stageCount, by: step))
        rowHeight = min(280, max(40, 12000 / Int64(max(1, rows.count))))
        rowGap = rowHeight / 5
        run = report.began.nanoseconds..<report.ended.nanoseconds
    }

    func y(ofRow row: Int) -> Int64 {
        Self.top + Int64(row) * (rowHeight + rowGap)
    }

    /// The lower end of the rows.
    var bottom: Int64 {
        y(ofRow: rows.count)
    }

    /// The place of an instant, at most at the end of the run.
    func x(_ nanoseconds: Int64) -> Int64 {
        guard !run.isEmpty else { return Self.left }
        let part = Double(nanoseconds.clamped(to: run) - run.lowerBound) / Double(run.count)
        return Self.left + Int64((part * Double(Self.plotWidth)).rounded())
    }

    func height(_ colours: GanttColours) -> Int64 {
        bottom + 320 + (colours.shown.isEmpty ? 0 : 320)
    }

    /// From one row with a label to the next, so that labels do not overlap.
    var rowsPerLabel: Int {
        max(1, Int((130 + rowHeight + rowGap - 1) / (rowHeight + rowGap)))
    }
}
