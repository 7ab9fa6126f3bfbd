internal import CKernels
internal import PipelineTypes

/// How keys and values are stored in pages of the KV cache.
package enum KVCacheType: String, CaseIterable, Sendable {
    case bfloat16
    case float32
    /// 8-bit integers, with a scale for each position's keys and one for its values.
    case int8

    /// What stores numbers as activations of this type are.
    package init(_ type: ComputeType) {
        switch type {
        case .bfloat16: self = .bfloat16
        case .float32: self = .float32
        }
    }

    private var code: pk_cache {
        switch self {
        case .bfloat16: PK_CACHE_BF16
        case .float32: PK_CACHE_F32
        case .int8: PK_CACHE_INT8
        }
    }

    /// Bytes of one KV head's keys and values in a page: half of them keys, then the values.
    package func pageByteCount(headSize: Int) -> Int {
        pk_page_bytes(code, headSize)
    }

    /// Bytes of one position's keys and values of one KV head.
    package func byteCount(headSize: Int) -> Int {
        pageByteCount(headSize: headSize) / Page.size
    }
}
