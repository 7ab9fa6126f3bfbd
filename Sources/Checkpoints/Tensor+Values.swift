extension Tensor {
    /// All values as f32, row-major: for the small tensors of a model, its norms and factors.
    package func values() throws(CheckpointError) -> [Float] {
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows * columns)
        defer { buffer.deallocate() }
        try dequantize(rows: 0..<rows, into: buffer)
        return Array(buffer)
    }
}
