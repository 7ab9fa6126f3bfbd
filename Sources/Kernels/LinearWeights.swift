/// The weights of a linear layer, in whatever form it is computed.
package enum LinearWeights: Sendable {
    case plain(PackedMatrix)
    case int8(Int8Matrix)

    package var panelCount: Int {
        switch self {
        case .plain(let matrix): matrix.panelCount
        case .int8(let matrix): matrix.panels.count
        }
    }

    /// The output columns of one panel.
    package func columns(ofPanel index: Int) -> Range<Int> {
        switch self {
        case .plain(let matrix): matrix.columns(ofPanel: index)
        case .int8(let matrix): matrix.panels[index].columns
        }
    }

    package var byteCount: Int {
        switch self {
        case .plain(let matrix): matrix.byteCount
        case .int8(let matrix): matrix.byteCount
        }
    }
}

/// The rows that products by one matrix read, made once for all its panels.
package enum LinearInput {
    case plain(Rows)
    case int8(Int8Rows)

    /// - Parameter memory: where rows are rounded to if the weights are; what it held before is
    ///   lost.
    package init(_ source: Rows, rows: Int, for weights: LinearWeights, memory: Int8Rows) {
        switch weights {
        case .plain:
            self = .plain(source)
        case .int8(let matrix):
            self = .int8(memory.rounding(source, rows: rows, with: matrix.kernels))
        }
    }
}
