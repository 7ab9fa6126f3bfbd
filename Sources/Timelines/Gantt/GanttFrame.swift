import PipelineTypes

/// All of the picture but the bars: title, rows with the shares of their time, axis and legend.
struct GanttFrame {
    let layout: GanttLayout
    let report: BubbleReport
    let colours: GanttColours

    func draw(title: String, in svg: inout SVGText) {
        svg.words(title, x: 120, y: 240, style: "title")
        svg.words(note, x: 120, y: 440, style: "note")
        svg.words("busy", x: GanttLayout.width - 120, y: 560, style: "note", anchor: .end)
        drawRows(in: &svg)
        drawAxis(in: &svg)
        drawLegend(in: &svg)
    }

    private var note: String {
        var parts = [
            report.source.rawValue, CountText.text(report.stages.count, "stage"),
            CountText.text(report.microbatchCount, "microbatch", "es"),
            CountText.text(report.tokenCount, "token"),
            report.duration,
            "bubbles \(DecimalText.percent(report.bubbleShare))",
        ]
        if report.droppedCount > 0 { parts.append("\(report.droppedCount) earlier ones dropped") }
        if layout.rows.count < report.stages.count {
            parts.append("1 row of \(layout.rows[1]) stages")
        }
        return parts.joined(separator: " · ")
    }

    private func drawRows(in svg: inout SVGText) {
        for (row, stage) in layout.rows.enumerated() {
            let y = layout.y(ofRow: row)
            svg.rectangle(
                "row", x: GanttLayout.left, y: y, width: GanttLayout.plotWidth,
                height: layout.rowHeight)
            svg.end()
            guard row.isMultiple(of: layout.rowsPerLabel) else { continue }
            let middle = y + layout.rowHeight / 2 + 40
            svg.words("stage \(stage)", x: 740, y: middle, anchor: .end)
            svg.words(
                DecimalText.percent(report.stages[stage].busyShare), x: GanttLayout.width - 120,
                y: middle, style: "note", anchor: .end)
        }
    }

    private func drawAxis(in svg: inout SVGText) {
        let y = layout.bottom
        let right = GanttLayout.left + GanttLayout.plotWidth
        svg.line(fromX: GanttLayout.left, y: y, toX: right, y: y)
        let duration = layout.run.upperBound - layout.run.lowerBound
        let step = DurationText.step(atMost: duration / 5)
        let unit = DurationText.Unit(for: duration)
        for tick in stride(from: 0, through: duration, by: Int(step)) {
            let x = layout.x(layout.run.lowerBound + tick)
            svg.line(fromX: x, y: y, toX: x, y: y + 50)
            svg.words(unit.text(tick), x: x, y: y + 190, style: "note", anchor: .middle)
        }
    }

    private func drawLegend(in svg: inout SVGText) {
        let y = layout.bottom + 460
        for (place, request) in colours.shown.enumerated() {
            let x = GanttLayout.left + Int64(place) * 1160
            svg.bar(colour: place, opacity: 100, x: x, y: y - 100, width: 120, height: 120)
            svg.end()
            svg.words("request \(request.rawValue)", x: x + 180, y: y)
        }
        let others = colours.requestCount - colours.shown.count
        if others > 0 {
            let x = GanttLayout.left + Int64(colours.shown.count) * 1160
            svg.words("and \(others) more", x: x, y: y, style: "note")
        }
    }
}
