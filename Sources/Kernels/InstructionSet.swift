internal import CKernels
internal import COneDNN
internal import Synchronization

/// The instruction sets that the kernels are compiled for, worst first.
package enum InstructionSet: String, CaseIterable, Comparable, Sendable {
    /// Plain C.
    case scalar
    /// AVX2 and FMA.
    case avx2
    /// AVX-512 F, BW, DQ and VL.
    case avx512
    /// AVX-512 with BF16 dot products.
    case avx512BF16 = "avx512_bf16"

    /// The best that this CPU has.
    package static var best: InstructionSet {
        InstructionSet(pk_isa_best())
    }

    private init(_ isa: pk_isa) {
        switch isa {
        case PK_ISA_AVX512_BF16: self = .avx512BF16
        case PK_ISA_AVX512: self = .avx512
        case PK_ISA_AVX2: self = .avx2
        default: self = .scalar
        }
    }

    var code: pk_isa {
        switch self {
        case .scalar: PK_ISA_SCALAR
        case .avx2: PK_ISA_AVX2
        case .avx512: PK_ISA_AVX512
        case .avx512BF16: PK_ISA_AVX512_BF16
        }
    }

    package static func < (left: InstructionSet, right: InstructionSet) -> Bool {
        left.code.rawValue < right.code.rawValue
    }

    /// How activations and packed weights are stored where `type` is asked for: bf16 where it is
    /// multiplied natively, elsewhere f32, which is faster there.
    package func activationType(_ type: ComputeType) -> ComputeType {
        self >= .avx512BF16 ? type : .float32
    }

    /// What oneDNN is held to.
    private static let confinement = Mutex<InstructionSet?>(nil)

    /// Holds oneDNN to this instruction set, for the whole process; to be called before its first
    /// use. False if oneDNN is in use already or held to something else.
    package func confineMatrixProducts() -> Bool {
        Self.confinement.withLock { held in
            if held == nil, limitsMatrixProducts() { held = self }
            return held == self
        }
    }

    private func limitsMatrixProducts() -> Bool {
        let limit =
            switch self {
            case .scalar: dnnl_cpu_isa_sse41
            case .avx2: dnnl_cpu_isa_avx2
            case .avx512: dnnl_cpu_isa_avx512_core
            case .avx512BF16: dnnl_cpu_isa_all
            }
        return dnnl_set_max_cpu_isa(limit) == dnnl_success
    }
}
