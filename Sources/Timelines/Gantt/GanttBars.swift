import PipelineTypes

/// The bars of a timeline, each by itself, with what it is where it is pointed at.
struct GanttBars {
    private let timeline: Timeline
    private let layout: GanttLayout
    private let colours: GanttColours

    /// Tenths of a pixel that a character of a label takes.
    private static let characterWidth: Int64 = 64

    init(_ timeline: Timeline, _ layout: GanttLayout, _ colours: GanttColours) {
        self.timeline = timeline
        self.layout = layout
        self.colours = colours
    }

    func draw(in svg: inout SVGText) {
        for microbatch in timeline.microbatches {
            let colour = colours.colour(microbatch)
            let opacity = 45 + Int64(55 * min(1, colours.depth(microbatch)))
            for (row, stage) in layout.rows.enumerated() {
                let work = microbatch.stages[stage].compute
                let x = layout.x(work.lowerBound)
                let width = max(2, layout.x(work.upperBound) - x - 2)
                let y = layout.y(ofRow: row)
                svg.bar(
                    colour: colour, opacity: opacity, x: x, y: y, width: width,
                    height: layout.rowHeight)
                svg.end(tooltip: tooltip(microbatch, stage))
                drawLabel(microbatch, x: x, y: y, width: width, in: &svg)
            }
        }
    }

    /// The first position, if there is room for it.
    private func drawLabel(
        _ microbatch: MicrobatchSpan, x: Int64, y: Int64, width: Int64, in svg: inout SVGText
    ) {
        guard let chunk = microbatch.mainChunk, layout.rowHeight >= 120 else { return }
        let label = "\(chunk.positions.lowerBound)"
        guard width >= Int64(label.utf8.count) * Self.characterWidth + 60 else { return }
        svg.words(
            label, x: x + width / 2, y: y + layout.rowHeight / 2 + 35, style: "in",
            anchor: .middle)
    }

    private func tooltip(_ microbatch: MicrobatchSpan, _ stage: Int) -> String {
        let work = microbatch.stages[stage].compute
        var text = "microbatch \(microbatch.id.rawValue), "
        text += CountText.text(microbatch.tokenCount, "token")
        if let chunk = microbatch.mainChunk {
            let positions = chunk.positions
            text += ", request \(chunk.request.rawValue): "
            text += "\(positions.lowerBound)..<\(positions.upperBound)"
        }
        let began = DurationText.text(work.lowerBound - layout.run.lowerBound)
        return text + ", \(DurationText.text(work.upperBound - work.lowerBound)) at \(began)"
    }
}
