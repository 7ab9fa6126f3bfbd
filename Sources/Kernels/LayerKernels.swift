internal import CKernels
internal import PipelineTypes

/// The row-wise kernels of one instruction set, for one combination of number types.
///
/// Sendable: points to constant tables.
package struct LayerKernels: @unchecked Sendable {
    private let layer: UnsafePointer<pk_layer_kernels>
    private let common: UnsafePointer<pk_kernels>
    /// How activations and packed weights are stored.
    package let activationType: ComputeType
    /// How keys and values are stored.
    package let cacheType: KVCacheType
    /// Products of few rows, where activations are bf16.
    package let fewRows: FewRowsKernels?

    /// nil if this CPU lacks the instruction set.
    ///
    /// - Parameters:
    ///   - type: bf16 stores weights and activations in bf16 where the instruction set multiplies
    ///     bf16 natively (elsewhere f32, which is faster there).
    ///   - cacheType: nil takes that of `type`.
    package init?(
        instructionSet: InstructionSet, type: ComputeType, cacheType wanted: KVCacheType? = nil
    ) {
        guard let table = pk_kernels_for(instructionSet.code) else { return nil }
        let wanted = wanted ?? KVCacheType(type)
        let choices = [
            (table.pointee.bf16, ComputeType.bfloat16, KVCacheType.bfloat16),
            (table.pointee.bf16_int8_cache, .bfloat16, .int8),
            (table.pointee.f32_bf16_cache, .float32, .bfloat16),
            (table.pointee.f32_int8_cache, .float32, .int8),
            (table.pointee.f32, .float32, .float32),
        ]
        for (kernels, activation, cache) in choices
        where cache == wanted && (activation == .float32 || type == .bfloat16) {
            guard let kernels else { continue }
            common = table
            layer = kernels
            activationType = activation
            cacheType = cache
            fewRows =
                activation == .bfloat16 ? FewRowsKernels(instructionSet: instructionSet) : nil
            return
        }
        return nil
    }

    /// out rows 0 ..< rows.count = x · weight / √(mean(x²) + epsilon) for some rows of x, which is
    /// f32 [rows][width]; out is activations of that width.
    package func normalize(
        _ x: Rows, rows: Range<Int>, weight: [Float], epsilon: Float, into out: Rows
    ) {
        precondition(weight.count == x.width && x.width == out.width)
        precondition(rows.lowerBound >= 0 && rows.upperBound <= x.count && rows.count <= out.count)
        precondition(out.type == activationType)
        for (index, row) in rows.enumerated() {
            layer.pointee.rms_norm(out[index], x.floats(row), weight, x.width, epsilon)
        }
    }

    /// out = silu(gate) · up, for the first rows of each: f32 [rows][width] both, out activations
    /// of that width.
    package func siluMultiply(gate: Rows, up: Rows, rows: Int, into out: Rows) {
        precondition(gate.width == up.width && gate.width == out.width)
        precondition(out.type == activationType && rows <= min(gate.count, up.count, out.count))
        for row in 0..<rows {
            layer.pointee.silu_multiply(out[row], gate.floats(row), up.floats(row), gate.width)
        }
    }

    /// Rotates one token's queries and keys, and stores its keys and values in their page.
    ///
    /// - Parameters:
    ///   - qkv: f32 [heads + 2 · kvHeads][headSize], at `row`.
    ///   - angles: f32 [2][headSize / 2], at `token`.
    ///   - queries: for each KV head a matrix [tokens][group · headSize] of activations.
    ///   - slot: the position within the page.
    package func rotate(
        qkv: Rows, row: Int, angles: Rows, token: Int, queries: [Rows], shape: HeadShape,
        page: UnsafeMutablePointer<UInt8>, headStride: Int, slot: Int
    ) {
        precondition(queries.count == shape.kvHeads && queries[0].type == activationType)
        precondition(row < qkv.count && qkv.width == shape.qkvSize)
        precondition(token < angles.count && angles.width == shape.headSize)
        precondition(queries.allSatisfy { token < $0.count } && slot < Page.size)
        let first = queries[0][token]
        let stride = queries.count > 1 ? first.distance(to: queries[1][token]) : 0
        var arguments = pk_rotation(
            qkv: qkv.floats(row), angle: angles.floats(token), q: first,
            q_stride: stride / activationType.byteCount, page: page, head_stride: headStride,
            slot: slot, heads: shape.heads, kv_heads: shape.kvHeads, head_size: shape.headSize)
        layer.pointee.rotate(&arguments)
    }

    /// Causal attention of a run of tokens.
    ///
    /// - Parameter scratch: `attentionScratchCount` floats.
    package func attend(_ run: AttentionRun, scratch: Rows) {
        precondition(
            run.shape.attentionScratchCount(tokens: run.tokens) <= scratch.count * scratch.width)
        withArguments(run) { layer.pointee.attention($0, scratch.floats(0)) }
    }

    /// One segment's share of the attention of a run of tokens.
    ///
    /// - Parameter part: a row of `attentionPartCount` floats for each segment of the run.
    package func attend(_ run: AttentionRun, segment: Int, parts: Rows) {
        checkParts(parts, of: run)
        precondition(segment < run.segmentCount)
        withArguments(run) { layer.pointee.attend_segment($0, segment, parts.floats(segment)) }
    }

    /// What `attend` gives, from the parts of all segments, which it uses up.
    package func mergeSegments(of run: AttentionRun, parts: Rows) {
        checkParts(parts, of: run)
        withArguments(run) { layer.pointee.merge_segments($0, parts.floats(0)) }
    }

    private func checkParts(_ parts: Rows, of run: AttentionRun) {
        precondition(parts.isDense && run.segmentCount <= parts.count)
        precondition(run.shape.attentionPartCount(tokens: run.tokens) == parts.width)
    }

    private func withArguments(
        _ run: AttentionRun, _ body: (UnsafePointer<pk_attention>) -> Void
    ) {
        let width = run.shape.group * run.shape.headSize
        precondition(run.queries.type == activationType && run.queries.width == width)
        precondition(run.out.type == activationType && run.out.width == width)
        precondition(run.firstToken + run.tokens <= min(run.queries.count, run.out.count))
        precondition(Page.count(for: run.position + run.tokens) <= run.pageTable.count)
        run.pageTable.withUnsafeBytes { table in
            var arguments = pk_attention(
                q: run.queries[run.firstToken], out: run.out[run.firstToken],
                out_stride: run.out.stride, pages: run.pages, group_stride: run.groupStride,
                page_table: table.assumingMemoryBound(to: UInt32.self).baseAddress,
                position: run.position, tokens: run.tokens, group: run.shape.group,
                head_size: run.shape.headSize)
            body(&arguments)
        }
    }

    /// out += x, for the first rows of both, f32 of one width.
    package func add(_ x: Rows, rows: Int, to out: Rows) {
        precondition(x.width == out.width && rows <= min(x.count, out.count))
        for row in 0..<rows { common.pointee.add(out.floats(row), x.floats(row), x.width) }
    }

    /// The largest number of one row; NaN if one of them is.
    package func maximum(_ x: Rows, row: Int) -> Float {
        common.pointee.maximum(x.floats(row), x.width)
    }

    /// Σ exp(x - offset) over one row.
    package func sumOfExponentials(_ x: Rows, row: Int, offset: Float) -> Float {
        common.pointee.sum_of_exponentials(x.floats(row), x.width, offset)
    }
}
