/// What a file says about one of its tensors, checked against the file.
struct TensorRecord: Sendable {
    let name: String
    /// nil for a type that this reader cannot decode; `typeName` names it all the same.
    let elementType: ElementType?
    let typeName: String
    /// Outermost dimension first.
    let shape: [Int]
    /// Where the tensor's bytes lie in the file.
    let bytes: Range<Int>
}

extension TensorRecord {
    /// Bytes that a tensor of this shape (outermost dimension first) and type occupies.
    ///
    /// Zeros do not excuse the other dimensions: no product of some of them overflows.
    static func byteCount(
        shape: [Int], type: ElementType, _ context: ErrorContext
    ) throws(CheckpointError) -> Int {
        let columns = shape.last ?? 1
        guard columns.isMultiple(of: type.valuesPerBlock) else {
            throw context.malformed(
                expected: "columns in multiples of \(type.valuesPerBlock) for \(type.rawValue)",
                found: "\(columns)")
        }
        var values = 1
        for dimension in shape where dimension != 0 {
            let (product, overflow) = values.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw tooLarge(shape, context) }
            values = product
        }
        let blocks = values / type.valuesPerBlock
        let (bytes, overflow) = blocks.multipliedReportingOverflow(by: type.bytesPerBlock)
        guard !overflow else { throw tooLarge(shape, context) }
        return shape.contains(0) ? 0 : bytes
    }

    private static func tooLarge(_ shape: [Int], _ context: ErrorContext) -> CheckpointError {
        context.malformed(expected: "a size below 2^63 bytes", found: "shape \(shape)")
    }

    /// Throws if two tensors of one file share bytes.
    static func checkDisjoint(_ records: [TensorRecord], file: String) throws(CheckpointError) {
        let occupied = records.filter { !$0.bytes.isEmpty }
            .sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (earlier, later) in zip(occupied, occupied.dropFirst())
        where later.bytes.lowerBound < earlier.bytes.upperBound {
            throw ErrorContext(file: file, subject: "tensor \(later.name)").malformed(
                expected: "bytes of its own",
                found: "an overlap with tensor \(earlier.name)")
        }
    }
}
