internal import COneDNN

/// The weights of a linear layer rounded to 8 bits, with a scale for each output, packed for oneDNN
/// in panels of output columns as `PackedMatrix` is.
///
/// Sendable: immutable once packed.
package final class Int8Matrix: @unchecked Sendable {
    /// One run of output columns.
    struct Panel {
        var columns: Range<Int>
        var layout: dnnl_memory_desc_t
        var weights: dnnl_memory_t
        var storage: AlignedBuffer
        /// Of each column.
        var scales: [Float]
        /// What each column's sum has too much, because 128 stands for zero in its inputs.
        var offsets: [Int32]
    }

    /// Inputs of the layer.
    package let depth: Int
    /// Outputs of the layer.
    package let columns: Int
    let kernels: Int8Kernels
    let panels: [Panel]

    /// Inputs whose products' sum fits into 32 bits for certain.
    package static let depthMax = 1 << 16
    /// Panels are filled up to such widths.
    package static let columnUnit = 64

    /// Rounds and packs `columns` rows of `depth` weights each (the spelling of checkpoints: one
    /// row per output).
    ///
    /// - Parameters:
    ///   - panelWidth: output columns of a panel; the last one may be narrower.
    ///   - memory: where the packed weights lie.
    ///   - fill: writes the rows of a range, one after the other.
    package init(
        depth: Int, columns: Int, panelWidth: Int, kernels: Int8Kernels,
        memory: WeightMemory = WeightMemory(),
        fill: (_ rows: Range<Int>, _ to: UnsafeMutableBufferPointer<Float>) throws -> Void
    ) rethrows {
        precondition(depth <= Self.depthMax)
        self.depth = depth
        self.columns = columns
        self.kernels = kernels
        let plain = AlignedBuffer(of: Float.self, count: min(panelWidth, columns) * depth)
        panels = try plain.withElements(of: Float.self) { numbers in
            try stride(from: 0, to: columns, by: panelWidth).map { first in
                let range = first..<min(first + panelWidth, columns)
                try fill(range, .init(start: numbers, count: range.count * depth))
                return Self.panel(
                    range, of: numbers, depth: depth, kernels: kernels, memory: memory)
            }
        }
    }

    deinit {
        for panel in panels { dnnl_memory_destroy(panel.weights) }
    }

    package var byteCount: Int {
        panels.reduce(0) { sum, panel in
            sum + panel.storage.byteCount + panel.columns.count * Self.bytesPerColumn
        }
    }

    /// Bytes of so many outputs' weights and what belongs to them.
    package static func byteCount(depth: Int, columns: Int) -> Int {
        columns * (depth + bytesPerColumn)
    }

    /// Beside the weights: a scale and an offset.
    private static let bytesPerColumn = MemoryLayout<Float>.size + MemoryLayout<Int32>.size

    private static func panel(
        _ columns: Range<Int>, of plain: UnsafeMutablePointer<Float>, depth: Int,
        kernels: Int8Kernels, memory: WeightMemory
    ) -> Panel {
        let rounded = AlignedBuffer(byteCount: columns.count * depth)
        let (scales, offsets) = rounded.withElements(of: UInt8.self) {
            round(plain, depth: depth, columns: columns.count, kernels: kernels, into: $0)
        }
        var layout = MatrixProduct.packedLayout(.int8, depth: depth, columns: columns.count)
        let packed = memory.buffer(byteCount: dnnl_memory_desc_get_size(&layout))
        let handle = view(packed.address, as: layout)
        let stream = makeStream()
        defer { dnnl_stream_destroy(stream) }
        reorder(
            rounded,
            from: matrix(
                dnnl_s8, rows: depth, columns: columns.count, rowStride: 1, columnStride: depth),
            to: layout, handle, stream: stream)
        return Panel(
            columns: columns, layout: layout, weights: handle, storage: packed, scales: scales,
            offsets: offsets)
    }

    /// Rounds the weights of each column, [columns][depth], to signed bytes.
    private static func round(
        _ plain: UnsafeMutablePointer<Float>, depth: Int, columns: Int, kernels: Int8Kernels,
        into rounded: UnsafeMutablePointer<UInt8>
    ) -> (scales: [Float], offsets: [Int32]) {
        AlignedBuffer(of: Float.self, count: depth).withElements(of: Float.self) { rotated in
            var scales: [Float] = []
            var offsets: [Int32] = []
            for column in 0..<columns {
                let weights = rounded + column * depth
                scales.append(
                    kernels.round(
                        plain + column * depth, type: .float32, width: depth,
                        limit: kernels.weightLimit, rotated: rotated, into: weights))
                var sum: Int32 = 0
                for index in 0..<depth {
                    sum += Int32(weights[index]) - 128
                    // From 128 for zero to signed.
                    weights[index] ^= 0x80
                }
                offsets.append(128 * sum)
            }
            return (scales, offsets)
        }
    }
}
