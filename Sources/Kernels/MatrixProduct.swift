internal import COneDNN

/// What distinguishes one compiled product from another: out [rows, columns] = source [rows, depth]
/// · weights [depth, columns]. Source and out are dense: oneDNN's fast products want it so.
struct MatrixProductShape: Hashable {
    var type: ComputeType
    var rows: Int
    var depth: Int
    var columns: Int
}

/// A product compiled by oneDNN for one shape; belongs to one worker.
final class MatrixProduct {
    private let primitive: dnnl_primitive_t
    private let source: dnnl_memory_desc_t
    private let out: dnnl_memory_desc_t
    let scratchByteCount: Int
    private let scratch: dnnl_memory_desc_t

    /// The layout in which products of this depth and width want their weights.
    static func packedLayout(
        _ type: ComputeType, depth: Int, columns: Int, rows: Int
    ) -> dnnl_memory_desc_t {
        let description = describe(
            MatrixProductShape(
                type: type, rows: rows, depth: depth, columns: columns),
            weights: anyMatrix(type, rows: depth, columns: columns))
        defer { dnnl_primitive_desc_destroy(description) }
        return query(description, dnnl_query_weights_md)
    }

    init(_ shape: MatrixProductShape, weights: dnnl_memory_desc_t) {
        let description = Self.describe(shape, weights: weights)
        defer { dnnl_primitive_desc_destroy(description) }
        source = Self.query(description, dnnl_query_src_md)
        out = Self.query(description, dnnl_query_dst_md)
        scratch = Self.query(description, dnnl_query_scratchpad_md)
        var scratchLayout = scratch
        scratchByteCount = dnnl_memory_desc_get_size(&scratchLayout)
        var handle: dnnl_primitive_t?
        check(dnnl_primitive_create(&handle, description))
        guard let handle else { preconditionFailure("oneDNN gave no primitive") }
        primitive = handle
    }

    deinit {
        dnnl_primitive_destroy(primitive)
    }

    func run(
        source sourceAddress: UnsafeRawPointer, weights: dnnl_memory_t,
        out outAddress: UnsafeMutablePointer<Float>,
        scratch scratchAddress: UnsafeMutableRawPointer,
        stream: dnnl_stream_t
    ) {
        let sourceView = view(UnsafeMutableRawPointer(mutating: sourceAddress), as: source)
        let outView = view(outAddress, as: out)
        let scratchView = view(scratchAddress, as: scratch)
        defer {
            dnnl_memory_destroy(sourceView)
            dnnl_memory_destroy(outView)
            dnnl_memory_destroy(scratchView)
        }
        let arguments = [
            dnnl_exec_arg_t(arg: DNNL_ARG_SRC, memory: sourceView),
            dnnl_exec_arg_t(arg: DNNL_ARG_WEIGHTS, memory: weights),
            dnnl_exec_arg_t(arg: DNNL_ARG_DST, memory: outView),
            dnnl_exec_arg_t(arg: DNNL_ARG_SCRATCHPAD, memory: scratchView),
        ]
        check(dnnl_primitive_execute(primitive, stream, Int32(arguments.count), arguments))
    }

    private static func describe(
        _ shape: MatrixProductShape, weights: dnnl_memory_desc_t
    ) -> dnnl_primitive_desc_t {
        var source = matrix(
            shape.type, rows: shape.rows, columns: shape.depth, rowStride: shape.depth)
        var out = matrix(
            .float32, rows: shape.rows, columns: shape.columns, rowStride: shape.columns)
        var weights = weights
        var operation = dnnl_matmul_desc_t()
        check(dnnl_matmul_desc_init(&operation, &source, &weights, nil, &out))

        var attributes: dnnl_primitive_attr_t?
        check(dnnl_primitive_attr_create(&attributes))
        defer { dnnl_primitive_attr_destroy(attributes) }
        // A scratchpad of oneDNN's own would belong to the thread that compiled the product.
        check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user))
        var description: dnnl_primitive_desc_t?
        check(
            dnnl_primitive_desc_create(
                &description, &operation, attributes, OneDNNEngine.shared.handle, nil))
        guard let description else { preconditionFailure("oneDNN has no such product") }
        return description
    }

    private static func query(
        _ description: dnnl_primitive_desc_t, _ what: dnnl_query_t
    ) -> dnnl_memory_desc_t {
        guard let layout = dnnl_primitive_desc_query_md(description, what, 0) else {
            return dnnl_memory_desc_t()
        }
        return layout.pointee
    }
}
