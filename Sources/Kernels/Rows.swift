/// A view of a matrix in some `RowBuffer`, which must outlive it: rows of numbers, evenly spaced.
///
/// Sendable: workers write different rows or columns, and read only what a barrier separates from
/// its writing.
package struct Rows: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
    package let type: ComputeType
    package let count: Int
    package let width: Int
    /// Numbers from one row to the next.
    package let stride: Int

    /// This matrix without its first rows.
    package func dropFirst(_ rows: Int) -> Rows {
        precondition(rows >= 0 && rows <= count)
        return Rows(
            address: self[rows], type: type, count: count - rows, width: width, stride: stride)
    }

    /// Some of this matrix's columns.
    package func columns(_ columns: Range<Int>) -> Rows {
        precondition(columns.lowerBound >= 0 && columns.upperBound <= width)
        return Rows(
            address: address + columns.lowerBound * type.byteCount, type: type, count: count,
            width: columns.count, stride: stride)
    }

    /// Whether rows follow each other without a gap.
    var isDense: Bool {
        stride == width
    }

    /// Copies the first rows of another matrix of this width.
    package func copy(from source: Rows, rows: Int) {
        precondition(type == source.type && width == source.width)
        precondition(rows <= min(count, source.count))
        for row in 0..<rows {
            self[row].copyMemory(from: source[row], byteCount: width * type.byteCount)
        }
    }

    /// Copies f32 rows in.
    package func copy(from source: Span<Float>, rows: Range<Int>) {
        precondition(type == .float32 && isDense && rows.upperBound <= count)
        precondition(source.count >= rows.upperBound * width)
        source.withUnsafeBufferPointer { source in
            let part = source.extracting(rows.lowerBound * width..<rows.upperBound * width)
            guard let from = part.baseAddress else { return }
            floats(rows.lowerBound).update(from: from, count: part.count)
        }
    }

    /// Copies f32 rows out.
    package func copy(to destination: inout MutableSpan<Float>, rows: Int) {
        precondition(type == .float32 && isDense && rows <= count)
        precondition(destination.count >= rows * width)
        destination.withUnsafeMutableBufferPointer { destination in
            destination.baseAddress?.update(from: floats(0), count: rows * width)
        }
    }

    /// The f32 numbers of one row.
    package func withRow<Result, Failure: Error>(
        _ row: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(row >= 0 && row < count)
        return try body(UnsafeMutableBufferPointer(start: floats(row), count: width))
    }

    subscript(row: Int) -> UnsafeMutableRawPointer {
        address + row * stride * type.byteCount
    }

    func floats(_ row: Int) -> UnsafeMutablePointer<Float> {
        self[row].assumingMemoryBound(to: Float.self)
    }
}

/// Owns a matrix, aligned for vector loads. It only grows, and forgets its content when it does.
package struct RowBuffer {
    package private(set) var rows: Rows
    private var storage: AlignedBuffer

    package init(rows: Int, width: Int, type: ComputeType) {
        storage = AlignedBuffer(byteCount: rows * width * type.byteCount)
        self.rows = Rows(
            address: storage.address, type: type, count: rows, width: width, stride: width)
    }

    /// Bytes of one row.
    package var rowByteCount: Int {
        rows.width * rows.type.byteCount
    }

    package var byteCount: Int {
        storage.byteCount
    }

    package mutating func reserve(rows count: Int) {
        guard count > rows.count else { return }
        self = RowBuffer(rows: count, width: rows.width, type: rows.type)
    }
}
