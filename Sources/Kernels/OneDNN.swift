internal import COneDNN

/// The process's one CPU engine. Sendable: oneDNN's engines may be used from any thread.
struct OneDNNEngine: @unchecked Sendable {
    let handle: dnnl_engine_t

    static let shared = OneDNNEngine()

    private init() {
        var handle: dnnl_engine_t?
        check(dnnl_engine_create(&handle, dnnl_cpu, 0))
        guard let handle else { preconditionFailure("oneDNN gave no engine") }
        self.handle = handle
    }
}

/// oneDNN fails only on a programmer's fault (shapes that do not match) or without memory.
func check(_ status: dnnl_status_t, _ call: StaticString = #function) {
    precondition(status == dnnl_success, "oneDNN: status \(status.rawValue) in \(call)")
}

/// The layout of a matrix: `rows` by `columns`, strides in elements.
func matrix(
    _ code: dnnl_data_type_t, rows: Int, columns: Int, rowStride: Int, columnStride: Int = 1
) -> dnnl_memory_desc_t {
    var description = dnnl_memory_desc_t()
    check(
        penstock_dnnl_matrix(
            &description, code, Int64(rows), Int64(columns), Int64(rowStride),
            Int64(columnStride)))
    return description
}

/// A matrix in whatever layout the primitive likes best.
func anyMatrix(_ code: dnnl_data_type_t, rows: Int, columns: Int) -> dnnl_memory_desc_t {
    var description = dnnl_memory_desc_t()
    check(penstock_dnnl_any_matrix(&description, code, Int64(rows), Int64(columns)))
    return description
}

/// A view of memory that oneDNN does not own.
func view(_ address: UnsafeMutableRawPointer?, as description: dnnl_memory_desc_t) -> dnnl_memory_t
{
    var handle: dnnl_memory_t?
    var description = description
    check(dnnl_memory_create(&handle, &description, OneDNNEngine.shared.handle, address))
    guard let handle else { preconditionFailure("oneDNN gave no memory") }
    return handle
}

/// A stream of the process's engine, for one thread.
func makeStream() -> dnnl_stream_t {
    var stream: dnnl_stream_t?
    check(
        dnnl_stream_create(
            &stream, OneDNNEngine.shared.handle, UInt32(dnnl_stream_default_flags.rawValue)))
    guard let stream else { preconditionFailure("oneDNN gave no stream") }
    return stream
}

/// The product out = source · weights, with whatever is left open in the layouts chosen.
func describeProduct(
    source: dnnl_memory_desc_t, weights: dnnl_memory_desc_t, out: dnnl_memory_desc_t
) -> dnnl_primitive_desc_t {
    var (source, weights, out) = (source, weights, out)
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

/// A layout that a described primitive chose; empty if it has no such operand.
func layout(
    of operand: dnnl_query_t, in description: dnnl_primitive_desc_t
) -> dnnl_memory_desc_t {
    dnnl_primitive_desc_query_md(description, operand, 0)?.pointee ?? dnnl_memory_desc_t()
}

/// Copies a matrix into memory of another layout, which has the same rows and columns.
func reorder(
    _ source: AlignedBuffer, from plainLayout: dnnl_memory_desc_t,
    to layout: dnnl_memory_desc_t, _ weights: dnnl_memory_t, stream: dnnl_stream_t?
) {
    defer { withExtendedLifetime(source) {} }
    let engine = OneDNNEngine.shared.handle
    var plainLayout = plainLayout
    var layout = layout
    var description: dnnl_primitive_desc_t?
    check(
        dnnl_reorder_primitive_desc_create(
            &description, &plainLayout, engine, &layout, engine, nil))
    defer { dnnl_primitive_desc_destroy(description) }
    var primitive: dnnl_primitive_t?
    check(dnnl_primitive_create(&primitive, description))
    defer { dnnl_primitive_destroy(primitive) }
    let plain = view(source.address, as: plainLayout)
    defer { dnnl_memory_destroy(plain) }
    let arguments = [
        dnnl_exec_arg_t(arg: DNNL_ARG_FROM, memory: plain),
        dnnl_exec_arg_t(arg: DNNL_ARG_TO, memory: weights),
    ]
    check(dnnl_primitive_execute(primitive, stream, Int32(arguments.count), arguments))
}
