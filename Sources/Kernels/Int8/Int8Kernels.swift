internal import CKernels

/// Products of 8-bit integers: what goes before and after them, in one instruction set, and which
/// weights they take.
///
/// Sendable: points to constant tables.
package struct Int8Kernels: @unchecked Sendable {
    private let table: UnsafePointer<pk_kernels>
    /// The largest weight. Without instructions for it (VNNI), oneDNN adds two products in 16
    /// bits, where those of large weights do not fit.
    let weightLimit: Int

    /// nil if the CPU lacks the instruction set, or has no exact products.
    package init?(instructionSet: InstructionSet) {
        guard let table = pk_kernels_for(instructionSet.code),
            let limit = Int8Trial.weightLimit(table)
        else { return nil }
        self.init(table, weightLimit: limit)
    }

    init(_ table: UnsafePointer<pk_kernels>, weightLimit: Int) {
        self.table = table
        self.weightLimit = weightLimit
    }

    /// Writes one row as 128 and more or less; returns its scale.
    ///
    /// - Parameters:
    ///   - limit: the largest distance from 128.
    ///   - rotated: room for `width` numbers.
    func round(
        _ row: UnsafeRawPointer, type: ComputeType, width: Int, limit: Int,
        rotated: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<UInt8>
    ) -> Float {
        var arguments = pk_int8_rounding(
            x: row, is_bf16: type == .bfloat16, width: width, limit: Int32(limit),
            rotated: rotated, out: out)
        return table.pointee.int8_round(&arguments)
    }

    /// Turns the sums of one row's products into the products of the numbers that were rounded.
    func scale(
        sums: UnsafeMutableRawPointer, of panel: Int8Matrix.Panel, by scale: Float
    ) {
        panel.scales.withUnsafeBufferPointer { scales in
            panel.offsets.withUnsafeBufferPointer { offsets in
                table.pointee.int8_scale(
                    sums, offsets.baseAddress, scales.baseAddress, scale, scales.count)
            }
        }
    }
}
