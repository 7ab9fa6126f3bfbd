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
    _ type: ComputeType, rows: Int, columns: Int, rowStride: Int, columnStride: Int = 1
) -> dnnl_memory_desc_t {
    var description = dnnl_memory_desc_t()
    check(
        penstock_dnnl_matrix(
            &description, type.code, Int64(rows), Int64(columns), Int64(rowStride),
            Int64(columnStride)))
    return description
}

/// A matrix in whatever layout the primitive likes best.
func anyMatrix(_ type: ComputeType, rows: Int, columns: Int) -> dnnl_memory_desc_t {
    var description = dnnl_memory_desc_t()
    check(penstock_dnnl_any_matrix(&description, type.code, Int64(rows), Int64(columns)))
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
