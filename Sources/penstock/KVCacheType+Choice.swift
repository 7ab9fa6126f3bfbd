import CommandLineOptions
import Kernels

extension KVCacheType {
    /// How what a command line asks for is stored.
    init(_ choice: KVCacheChoice, type: CommandLineOptions.ComputeType) {
        switch choice {
        case .automatic: self = type == .float32 ? .float32 : .bfloat16
        case .bfloat16: self = .bfloat16
        case .int8: self = .int8
        }
    }
}
