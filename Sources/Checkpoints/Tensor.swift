/// One tensor of a checkpoint. It keeps its file mapped; its values are read when they are asked
/// for.
///
/// Rows are the runs of `columns` consecutive values, numbered through all outer dimensions: a
/// weight [outputs, inputs] has a row for each output.
package struct Tensor: Sendable {
    package let name: String
    package let elementType: ElementType
    /// Outermost dimension first, row-major; empty for a single value.
    package let shape: [Int]
    /// Always within the mapping and as long as shape and type demand.
    private let bytes: Range<Int>
    private let mapping: FileMapping

    /// nil if the record's type cannot be decoded.
    init?(_ record: TensorRecord, in mapping: FileMapping) {
        guard let elementType = record.elementType else { return nil }
        name = record.name
        self.elementType = elementType
        shape = record.shape
        bytes = record.bytes
        self.mapping = mapping
    }

    package var columns: Int {
        shape.last ?? 1
    }

    package var rows: Int {
        shape.dropLast().reduce(1, *)
    }

    /// Bytes that the tensor occupies in its file.
    package var byteCount: Int {
        bytes.count
    }

    /// Writes the values of `rows`, [rows.count, columns], to the start of `output`: bit for bit
    /// those of ggml's reference dequantisation. Threads may decode different rows, or the same, at
    /// once. The rows must exist and `output` must have room for them.
    ///
    /// Throws if the file has been truncated since it was opened.
    package func dequantize(
        rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
    ) throws(CheckpointError) {
        guard let target = try target(rows: rows, output) else { return }
        elementType.decode(source(of: rows), into: target)
    }

    /// Writes the same values as bit patterns of bfloat16, rounded to nearest, ties to even.
    ///
    /// Throws if the file has been truncated since it was opened.
    package func dequantize(
        rows: Range<Int>, into output: UnsafeMutableBufferPointer<UInt16>
    ) throws(CheckpointError) {
        guard let target = try target(rows: rows, output) else { return }
        let source = source(of: rows)
        // A multiple of every format's block, and small enough to stay in the first-level cache.
        let stripValues = 2048
        let stripBytes = stripValues / elementType.valuesPerBlock * elementType.bytesPerBlock
        withUnsafeTemporaryAllocation(of: Float.self, capacity: stripValues) { strip in
            guard let values = strip.baseAddress else { return }
            var written = 0
            for start in stride(from: 0, to: source.count, by: stripBytes) {
                let end = min(start + stripBytes, source.count)
                elementType.decode(
                    UnsafeRawBufferPointer(rebasing: source[start..<end]), into: values)
                let count =
                    (end - start) / elementType.bytesPerBlock * elementType.valuesPerBlock
                for i in 0..<count {
                    target[written &+ i] = roundToBFloat16(values[i])
                }
                written += count
            }
        }
    }

    /// Writes `rows` as they are stored, one after the other, behind the place of `skipped` rows.
    ///
    /// Throws if the file has been truncated since it was opened.
    package func copyBlocks(
        rows: Range<Int>, into output: UnsafeMutableRawBufferPointer, after skipped: Int
    ) throws(CheckpointError) {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= self.rows, "rows outside of tensor \(name)")
        let source = source(of: rows)
        let start = byteRange(of: 0..<skipped).count
        precondition(
            output.count >= start + source.count, "no room for rows of tensor \(name)")
        try mapping.checkNotTruncated()
        UnsafeMutableRawBufferPointer(rebasing: output[start...]).copyMemory(from: source)
    }

    /// Asks the kernel to read `rows`, or the whole tensor, ahead of their use.
    package func prefetch(rows: Range<Int>? = nil) {
        mapping.prefetch(byteRange(of: rows ?? 0..<self.rows))
    }

    /// Takes the tensor's bytes out of this process's memory once they have been used.
    package func evict() {
        mapping.evict(bytes)
    }

    /// nil if there is nothing to write.
    private func target<Element>(
        rows: Range<Int>, _ output: UnsafeMutableBufferPointer<Element>
    ) throws(CheckpointError) -> UnsafeMutablePointer<Element>? {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= self.rows, "rows outside of tensor \(name)")
        guard !bytes.isEmpty, !rows.isEmpty else { return nil }
        precondition(output.count >= rows.count * columns, "no room for rows of tensor \(name)")
        try mapping.checkNotTruncated()
        return output.baseAddress
    }

    private func source(of rows: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[byteRange(of: rows)])
    }

    private func byteRange(of rows: Range<Int>) -> Range<Int> {
        let rowBytes = columns / elementType.valuesPerBlock * elementType.bytesPerBlock
        let start = bytes.lowerBound + rows.lowerBound * rowBytes
        return start..<start + rows.count * rowBytes
    }
}
