import Foundation
import Kernels

/// What `penstock bench kernels` prints.
struct KernelReport: Encodable {
    /// What bounds a kernel.
    enum Limit: String, Encodable {
        case bfloat16Product = "bf16 product"
        case float32Product = "f32 product"
        case int8Product = "int8 product"
        case bandwidth = "memory bandwidth"

        static func product(of type: Kernels.ComputeType) -> Limit {
            switch type {
            case .bfloat16: .bfloat16Product
            case .float32: .float32Product
            }
        }

        var unit: Unit {
            switch self {
            case .bfloat16Product, .float32Product: .gigaflops
            case .int8Product: .gigaops
            case .bandwidth: .gigabytes
            }
        }
    }

    enum Unit: String, Encodable {
        case gigaflops = "GFLOP/s"
        /// Of whole numbers.
        case gigaops = "GOP/s"
        case gigabytes = "GB/s"
    }

    /// What the machine can do.
    struct LimitRow: Encodable {
        var limit: Limit
        var threads: Int
        /// What it was reached with.
        var detail: String
        var rate: Double
        var unit: Unit
    }

    /// What a kernel does, on all threads.
    struct KernelRow: Encodable {
        var kernel: String
        var detail: String
        /// Rows of a linear layer's product.
        var rows: Int?
        /// How the weights of a linear layer are stored.
        var weights: String?
        var headSize: Int?
        /// Positions that attention's tokens come after.
        var prefix: Int?
        var rate: Double
        var unit: Unit
        /// What binds it; nil if it runs in cache.
        var limit: Limit?
        /// What the limit was then: memory, whose bandwidth changes where machines are shared, is
        /// read in turn with the kernel.
        var limitRate: Double?
        /// Of that.
        var share: Double?
    }

    let model: String
    let instructionSet: String
    let threads: Int
    let cacheByteCount: Int
    let limits: [LimitRow]
    let kernels: [KernelRow]

    var text: String {
        let head =
            "\(model), \(instructionSet), \(threads) thread\(threads == 1 ? "" : "s"),"
            + " last cache \(cacheByteCount >> 20) MiB"
        let limitCells = limits.map { row in
            [
                row.limit.rawValue, "\(row.threads)", row.detail, String(format: "%.1f", row.rate),
                row.unit.rawValue,
            ]
        }
        let kernelCells = kernels.map { row in
            [
                row.kernel, row.detail, String(format: "%.1f", row.rate), row.unit.rawValue,
                row.share.map { String(format: "%.0f %%", 100 * $0) } ?? "",
                row.limitRate.map { String(format: "%.1f", $0) } ?? "",
                row.limit?.rawValue ?? "",
            ]
        }
        let limits = TextTable([["limit", "threads", "at", "rate", "unit"]] + limitCells)
        let kernels = TextTable(
            [["kernel", "at", "rate", "unit", "share", "of", "limit"]] + kernelCells)
        return [head, limits.text(alignsRight: true), kernels.text(alignsRight: true)]
            .joined(separator: "\n\n")
    }
}
