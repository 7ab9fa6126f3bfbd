/// A timeline as a picture: a row for each stage, a bar for each microbatch, coloured by the
/// request that has most of its tokens, the stronger the later its position in that request.
///
/// The picture is SVG without scripts, readable on light and on dark ground. Timelines with more
/// bars than `barsMax` are drawn in cells of time instead, whose shade says how busy the stage was;
/// so the text stays below a megabyte.
package enum GanttChart {
    /// Bars that are drawn one by one.
    package static let barsMax = 2500
    /// Rows; of pipelines with more stages only every second, third … stage is drawn.
    static let rowsMax = 256

    /// The picture under a title, which may be any text.
    package static func svg(_ timeline: Timeline, title: String) -> String {
        let report = BubbleReport(timeline)
        let colours = GanttColours(timeline)
        let layout = GanttLayout(timeline, report)
        var svg = SVGText()
        svg.open(width: GanttLayout.width, height: layout.height(colours), title: title)
        GanttFrame(layout: layout, report: report, colours: colours).draw(title: title, in: &svg)
        if layout.rows.count * timeline.microbatches.count <= barsMax {
            GanttBars(timeline, layout, colours).draw(in: &svg)
        } else {
            GanttCells(timeline, layout, colours).draw(in: &svg)
        }
        svg.close()
        return svg.text
    }
}
