internal import COneDNN

/// The number types of a product: source, weights, and what comes out.
package enum ProductType: Hashable {
    case bfloat16
    case float32
    /// u8 · s8 gives s32.
    case int8

    package init(_ type: ComputeType) {
        switch type {
        case .bfloat16: self = .bfloat16
        case .float32: self = .float32
        }
    }

    var codes: (source: dnnl_data_type_t, weights: dnnl_data_type_t, out: dnnl_data_type_t) {
        switch self {
        case .bfloat16: (dnnl_bf16, dnnl_bf16, dnnl_f32)
        case .float32: (dnnl_f32, dnnl_f32, dnnl_f32)
        case .int8: (dnnl_u8, dnnl_s8, dnnl_s32)
        }
    }
}

/// What distinguishes one compiled product from another: out [rows, columns] = source [rows, depth]
/// · weights [depth, columns]. Source and out are dense: oneDNN's fast products want it so.
struct MatrixProductShape: Hashable {
    var type: ProductType
    var rows: Int
    var depth: Int
    var columns: Int
}

/// A product compiled by oneDNN for one shape; belongs to one worker. A run allocates nothing.
final class MatrixProduct {
    private let primitive: dnnl_primitive_t
    /// In the order of `arguments`.
    private enum Operand: Int, CaseIterable {
        case source, weights, out, scratch
    }
    /// What oneDNN calls the operands. A run sets the weights' anew; of the others, the addresses.
    private var arguments: [dnnl_exec_arg_t]
    let scratchByteCount: Int

    /// Rows for which oneDNN chooses the layout of weights; it chooses the same for all.
    private static let typicalRows = 64

    /// The layout in which products of this depth and width want their weights.
    static func packedLayout(
        _ type: ProductType, depth: Int, columns: Int
    ) -> dnnl_memory_desc_t {
        let description = describe(
            MatrixProductShape(
                type: type, rows: typicalRows, depth: depth, columns: columns),
            weights: anyMatrix(type.codes.weights, rows: depth, columns: columns))
        defer { dnnl_primitive_desc_destroy(description) }
        return layout(of: dnnl_query_weights_md, in: description)
    }

    init(_ shape: MatrixProductShape, weights: dnnl_memory_desc_t) {
        let description = Self.describe(shape, weights: weights)
        defer { dnnl_primitive_desc_destroy(description) }
        var scratch = layout(of: dnnl_query_scratchpad_md, in: description)
        scratchByteCount = dnnl_memory_desc_get_size(&scratch)
        var handle: dnnl_primitive_t?
        check(dnnl_primitive_create(&handle, description))
        guard let handle else { preconditionFailure("oneDNN gave no primitive") }
        primitive = handle
        arguments = [
            dnnl_exec_arg_t(
                arg: DNNL_ARG_SRC,
                memory: view(nil, as: layout(of: dnnl_query_src_md, in: description))),
            dnnl_exec_arg_t(arg: DNNL_ARG_WEIGHTS, memory: nil),
            dnnl_exec_arg_t(
                arg: DNNL_ARG_DST,
                memory: view(nil, as: layout(of: dnnl_query_dst_md, in: description))),
            dnnl_exec_arg_t(arg: DNNL_ARG_SCRATCHPAD, memory: view(nil, as: scratch)),
        ]
    }

    deinit {
        for operand in Operand.allCases where operand != .weights {
            dnnl_memory_destroy(arguments[operand.rawValue].memory)
        }
        dnnl_primitive_destroy(primitive)
    }

    func run(
        source: UnsafeRawPointer, weights: dnnl_memory_t, out: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer, stream: dnnl_stream_t
    ) {
        move(.source, to: UnsafeMutableRawPointer(mutating: source))
        move(.out, to: out)
        move(.scratch, to: scratch)
        arguments[Operand.weights.rawValue].memory = weights
        check(dnnl_primitive_execute(primitive, stream, Int32(arguments.count), arguments))
    }

    private func move(_ operand: Operand, to address: UnsafeMutableRawPointer) {
        check(dnnl_memory_set_data_handle(arguments[operand.rawValue].memory, address))
    }

    private static func describe(
        _ shape: MatrixProductShape, weights: dnnl_memory_desc_t
    ) -> dnnl_primitive_desc_t {
        describeProduct(
            source: matrix(
                shape.type.codes.source, rows: shape.rows, columns: shape.depth,
                rowStride: shape.depth),
            weights: weights,
            out: matrix(
                shape.type.codes.out, rows: shape.rows, columns: shape.columns,
                rowStride: shape.columns))
    }
}
