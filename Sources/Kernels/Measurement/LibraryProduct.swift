internal import COneDNN

/// oneDNN's product [rows, columns] = [rows, depth] · [depth, columns], with weights in the layout
/// that it likes best, to see what this machine can do; belongs to one thread.
package final class LibraryProduct {
    private let stream: dnnl_stream_t
    private let primitive: dnnl_primitive_t
    private let buffers: [AlignedBuffer]
    private let arguments: [dnnl_exec_arg_t]

    package init(_ type: ProductType, rows: Int, depth: Int, columns: Int) {
        let description = Self.describe(type, rows: rows, depth: depth, columns: columns)
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
            // As 8-bit weights, some of the bytes of bf16 are negative.
            ArbitraryNumbers.fill(
                UnsafeMutableRawBufferPointer(
                    start: buffer.address, count: buffer.byteCount / 4 * 4),
                of: type == .float32 ? .float32 : .bfloat16, seed: UInt32(argument))
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
        _ type: ProductType, rows: Int, depth: Int, columns: Int
    ) -> dnnl_primitive_desc_t {
        describeProduct(
            source: matrix(type.codes.source, rows: rows, columns: depth, rowStride: depth),
            weights: anyMatrix(type.codes.weights, rows: depth, columns: columns),
            out: matrix(type.codes.out, rows: rows, columns: columns, rowStride: columns))
    }
}
