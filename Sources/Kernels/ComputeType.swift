internal import COneDNN

/// How numbers are stored in activations and packed weights.
package enum ComputeType: Sendable {
    case bfloat16
    case float32

    package var byteCount: Int {
        switch self {
        case .bfloat16: 2
        case .float32: 4
        }
    }

    var code: dnnl_data_type_t {
        switch self {
        case .bfloat16: dnnl_bf16
        case .float32: dnnl_f32
        }
    }
}
