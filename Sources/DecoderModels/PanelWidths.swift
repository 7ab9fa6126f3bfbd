/// How wide the panels of packed matrices are: small enough to share columns among a stage's
/// threads, and for a panel of typical depth to stay in the second-level cache.
package struct PanelWidths {
    let threadCount: Int
    private static let widest = 512
    /// Widths are multiples of it.
    private let unit: Int
    /// Columns that fill a vector register.
    private static let registerColumns = 16

    /// - Parameter unit: nil takes whole vector registers.
    package init(threadCount: Int, unit: Int? = nil) {
        self.threadCount = threadCount
        self.unit = unit ?? Self.registerColumns
    }

    /// Panels for a matrix with so many columns.
    package func width(columns: Int) -> Int {
        width(columns: columns, widest: Self.widest)
    }

    private func width(columns: Int, widest: Int) -> Int {
        let least = (columns + widest - 1) / widest
        let panels = (least + threadCount - 1) / threadCount * threadCount
        let even = (columns + panels - 1) / panels
        return (even + unit - 1) / unit * unit
    }

    /// Gate columns of one panel that holds as many up columns beside them.
    package func gateWidth(feedForwardSize: Int) -> Int {
        width(columns: feedForwardSize, widest: Self.widest / 2)
    }
}
