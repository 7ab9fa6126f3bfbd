internal import COneDNN

/// oneDNN's product of 8-bit numbers, s32 [rows, columns] = u8 [rows, depth] · s8 [depth, columns],
/// to see what this machine can do; belongs to one thread.
package final class Int8Product {
    private let stream: dnnl_stream_t
    private let primitive: dnnl_primitive_t
    private let buffers: [AlignedBuffer]
    private let arguments: [dnnl_exec_arg_t]

    package init(rows: Int, depth: Int, columns: Int) {
        let description = Self.describe(rows: rows, depth: depth, columns: columns)
        defer { dnnl_primitive_desc_destroy(description) }
        var handle: dnnl_primitive_t?
        check(dnnl_primitive_create(&handle, description))
        guard let handle else { preconditionFailure("oneDNN gave no primitive") }
        primitive = handle
        stream = makeStream()
        let operands = [
            (DNNL_ARG_SRC, dnnl_query_src_md), (DNNL_ARG_WEIGHTS, dnnl_query_weights_md),
            (DNNL_ARG_DST, dnnl_query_dst_md), (DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md),
        ]
        var buffers: [AlignedBuffer] = []
        arguments = operands.map { argument, query in
            var chosen = layout(of: query, in: description)
            let buffer = AlignedBuffer(byteCount: dnnl_memory_desc_get_size(&chosen))
            // As weights, some of the bytes are negative.
            ArbitraryNumbers.fill(
                UnsafeMutableRawBufferPointer(
                    start: buffer.address, count: buffer.byteCount / 2 * 2),
                of: .bfloat16, seed: UInt32(argument))
            buffers.append(buffer)
            return dnnl_exec_arg_t(arg: argument, memory: view(buffer.address, as: chosen))
        }
        self.buffers = buffers
    }

    deinit {
        for argument in arguments { dnnl_memory_destroy(argument.memory) }
        dnnl_primitive_destroy(primitive)
        dnnl_stream_destroy(stream)
    }

    package func run() {
        check(dnnl_primitive_execute(primitive, stream, Int32(arguments.count), arguments))
    }

    private static func describe(
        rows: Int, depth: Int, columns: Int
    ) -> dnnl_primitive_desc_t {
        let (rows, depth, columns) = (Int64(rows), Int64(depth), Int64(columns))
        var source = dnnl_memory_desc_t()
        var weights = dnnl_memory_desc_t()
        var out = dnnl_memory_desc_t()
        check(penstock_dnnl_matrix(&source, dnnl_u8, rows, depth, depth, 1))
        check(penstock_dnnl_any_matrix(&weights, dnnl_s8, depth, columns))
        check(penstock_dnnl_matrix(&out, dnnl_s32, rows, columns, columns, 1))
        return describeProduct(source: source, weights: weights, out: out)
    }
}
