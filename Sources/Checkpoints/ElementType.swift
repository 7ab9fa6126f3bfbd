/// How a tensor's values are stored. The names are the file formats' own.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum ElementType: String, CaseIterable, Sendable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q5_0 = "Q5_0"
    case q5_1 = "Q5_1"
    case q8_0 = "Q8_0"
    case q4_K = "Q4_K"
    case q5_K = "Q5_K"
    case q6_K = "Q6_K"

    /// Consecutive values of one row that are stored together.
    package var valuesPerBlock: Int {
        layout.values
    }

    /// Bytes that one block occupies.
    package var bytesPerBlock: Int {
        layout.bytes
    }

    private var layout: (values: Int, bytes: Int) {
        switch self {
        case .f32: F32.layout
        case .f16: F16.layout
        case .bf16: BF16.layout
        case .q4_0: Q4_0.layout
        case .q4_1: Q4_1.layout
        case .q5_0: Q5_0.layout
        case .q5_1: Q5_1.layout
        case .q8_0: Q8_0.layout
        case .q4_K: Q4_K.layout
        case .q5_K: Q5_K.layout
        case .q6_K: Q6_K.layout
        }
    }

    /// Decodes whole blocks from `source` into `values`, `source.count` / `bytesPerBlock` ×
    /// `valuesPerBlock` of them.
    func decode(_ source: UnsafeRawBufferPointer, into values: UnsafeMutablePointer<Float>) {
        switch self {
        case .f32: F32.decode(source, into: values)
        case .f16: F16.decode(source, into: values)
        case .bf16: BF16.decode(source, into: values)
        case .q4_0: Q4_0.decode(source, into: values)
        case .q4_1: Q4_1.decode(source, into: values)
        case .q5_0: Q5_0.decode(source, into: values)
        case .q5_1: Q5_1.decode(source, into: values)
        case .q8_0: Q8_0.decode(source, into: values)
        case .q4_K: Q4_K.decode(source, into: values)
        case .q5_K: Q5_K.decode(source, into: values)
        case .q6_K: Q6_K.decode(source, into: values)
        }
    }

    /// The supported types, for the error that refuses another.
    static var list: String {
        allCases.map(\.rawValue).joined(separator: ", ")
    }
}
