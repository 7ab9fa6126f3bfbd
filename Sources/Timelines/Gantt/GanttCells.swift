import PipelineTypes

/// The bars of a long timeline in cells of equal time. A cell has the colour that took most of it,
/// the darker the busier the stage was.
struct GanttCells {
    private let timeline: Timeline
    private let layout: GanttLayout
    private let colours: GanttColours
    private let cellsPerRow: Int

    private static let cellsMax = 24000
    private static let cellsPerRowMax = 1048
    /// Shades of a colour.
    private static let levels = 4

    init(_ timeline: Timeline, _ layout: GanttLayout, _ colours: GanttColours) {
        self.timeline = timeline
        self.layout = layout
        self.colours = colours
        cellsPerRow = min(Self.cellsPerRowMax, Self.cellsMax / max(1, layout.rows.count))
    }

    /// A run of cells that look the same.
    private struct Area {
        var row: Int
        var cells: Range<Int>
    }

    func draw(in svg: inout SVGText) {
        var areas = [[Area]](repeating: [], count: GanttColours.count * Self.levels)
        for (row, stage) in layout.rows.enumerated() {
            for (cell, look) in looks(ofStage: stage).enumerated() {
                guard let look else { continue }
                if let last = areas[look].last, last.row == row, last.cells.upperBound == cell {
                    areas[look][areas[look].count - 1].cells = last.cells.lowerBound..<cell + 1
                } else {
                    areas[look].append(Area(row: row, cells: cell..<cell + 1))
                }
            }
        }
        for (look, areas) in areas.enumerated() where !areas.isEmpty {
            let level = look % Self.levels + 1
            svg.openArea(
                colour: look / Self.levels, opacity: Int64(level * 100 / Self.levels))
            for area in areas {
                let left = x(area.cells.lowerBound)
                svg.addToArea(
                    x: left, y: layout.y(ofRow: area.row),
                    width: x(area.cells.upperBound) - left, height: layout.rowHeight)
            }
            svg.closeArea()
        }
    }

    private func x(_ cell: Int) -> Int64 {
        GanttLayout.left + Int64(cell) * GanttLayout.plotWidth / Int64(cellsPerRow)
    }

    /// Colour and shade of each cell of a row as one number; nil where the stage was idle.
    private func looks(ofStage stage: Int) -> [Int?] {
        // The part of each cell that each colour takes.
        var parts = [Double](repeating: 0, count: cellsPerRow * GanttColours.count)
        let scale = Double(cellsPerRow) / Double(max(1, layout.run.count))
        for microbatch in timeline.microbatches {
            let work = microbatch.stages[stage].compute.clamped(to: layout.run)
            guard !work.isEmpty else { continue }
            let colour = colours.colour(microbatch)
            let began = Double(work.lowerBound - layout.run.lowerBound) * scale
            let ended = Double(work.upperBound - layout.run.lowerBound) * scale
            var cell = min(Int(began), cellsPerRow - 1)
            while cell < cellsPerRow, Double(cell) < ended {
                let part = min(ended, Double(cell + 1)) - max(began, Double(cell))
                parts[cell * GanttColours.count + colour] += part
                cell += 1
            }
        }
        return (0..<cellsPerRow).map { cell in
            let first = cell * GanttColours.count
            return look(parts[first..<first + GanttColours.count])
        }
    }

    private func look(_ parts: ArraySlice<Double>) -> Int? {
        let busy = parts.reduce(0, +)
        guard busy > 0, let most = parts.max(), let colour = parts.firstIndex(of: most) else {
            return nil
        }
        let level = min(Self.levels - 1, Int(busy * Double(Self.levels)))
        return (colour - parts.startIndex) * Self.levels + level
    }
}
