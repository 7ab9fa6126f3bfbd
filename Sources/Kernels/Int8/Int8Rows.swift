/// Rows of activations rounded to 8 bits, each with a scale of its own: what `Int8Matrix` is
/// multiplied with. Belongs to one worker.
package struct Int8Rows {
    let count: Int
    /// Numbers of the rows that it holds now, at most as many as it was made for.
    private(set) var width = 0
    private let widthMax: Int
    /// u8 [count][width]: 128 stands for zero.
    private let numbers: AlignedBuffer
    /// f32 [count]
    private let scales: AlignedBuffer
    /// f32 [widthMax], a row before it is rounded.
    private let rotated: AlignedBuffer

    package init(rows: Int, widthMax: Int) {
        count = rows
        self.widthMax = widthMax
        numbers = AlignedBuffer(byteCount: rows * widthMax)
        scales = AlignedBuffer(of: Float.self, count: rows)
        rotated = AlignedBuffer(of: Float.self, count: widthMax)
    }

    package var byteCount: Int {
        numbers.byteCount + scales.byteCount + rotated.byteCount
    }

    /// The first rows of a matrix, rounded, in this memory; what it held before is lost.
    package func rounding(_ source: Rows, rows: Int, with kernels: Int8Kernels) -> Int8Rows {
        precondition(rows <= min(source.count, count) && source.width <= widthMax)
        var result = self
        result.width = source.width
        for row in 0..<rows {
            scales.pointer(to: Float.self)[row] = kernels.round(
                source[row], type: source.type, width: source.width, limit: Self.limit,
                rotated: rotated.pointer(to: Float.self), into: address + row * source.width)
        }
        return result
    }

    private static let limit = 127

    var address: UnsafeMutablePointer<UInt8> {
        numbers.pointer(to: UInt8.self)
    }

    func scale(_ row: Int) -> Float {
        scales.pointer(to: Float.self)[row]
    }
}
