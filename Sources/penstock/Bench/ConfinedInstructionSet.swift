import CommandLineOptions
import Kernels

extension Kernels.InstructionSet {
    /// The instruction set that is asked for, or else the processor's best; confines this process's
    /// matrix products to it.
    static func confined(
        to name: CommandLineOptions.InstructionSet?
    ) throws(UsageError) -> Kernels.InstructionSet {
        guard let name = name?.rawValue else { return best }
        guard let forced = Kernels.InstructionSet(rawValue: name), forced <= best else {
            throw UsageError("this CPU has no \(name); its best is \(best.rawValue)")
        }
        guard forced.confineMatrixProducts() else {
            throw UsageError("oneDNN cannot be confined to \(name)")
        }
        return forced
    }
}
