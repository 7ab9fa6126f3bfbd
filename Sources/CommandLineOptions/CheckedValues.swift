import ArgumentParser
import PipelineTypes

/// Reads the text of one argument as a value within its limits, and says what the limits are where
/// it is not.
enum Checked {
    typealias Reader<Value> = @Sendable (String) throws -> Value

    /// Counts of threads, requests, stages and the like: far above any use, far below any overflow.
    static let counts = 1...1_000_000
    /// Counts of tokens.
    static let tokens = 1...(1 << 36)

    static func integer(_ limits: ClosedRange<Int>) -> Reader<Int> {
        { text in
            guard let value = Int(text), limits.contains(value) else {
                throw ValidationError(
                    "it must be an integer from \(limits.lowerBound) to \(limits.upperBound)")
            }
            return value
        }
    }

    static let truth: Reader<Bool> = { text in
        switch text.lowercased() {
        case "1", "true": return true
        case "0", "false": return false
        default: throw ValidationError("it must be true or false, 1 or 0")
        }
    }

    /// Comma-separated integers, at least one.
    static func integers(_ limits: ClosedRange<Int>) -> Reader<[Int]> {
        { text in
            try list(
                of: integer(limits), "integers from \(limits.lowerBound) to \(limits.upperBound)",
                text)
        }
    }

    static func number(above lower: Double, below upper: Double) -> Reader<Double> {
        { text in
            guard let value = Double(text), value > lower, value < upper else {
                let limit = upper.isFinite ? " and below \(upper)" : ""
                throw ValidationError("it must be a number above \(lower)\(limit)")
            }
            return value
        }
    }

    static func number(from lower: Double, below upper: Double) -> Reader<Double> {
        { text in
            guard let value = Double(text), value >= lower, value < upper else {
                throw ValidationError("it must be a number from \(lower) to below \(upper)")
            }
            return value
        }
    }

    /// Comma-separated numbers, at least one.
    static func numbers(above lower: Double, below upper: Double) -> Reader<[Double]> {
        { text in
            let limits = upper.isFinite ? "between \(lower) and \(upper)" : "above \(lower)"
            return try list(of: number(above: lower, below: upper), "numbers \(limits)", text)
        }
    }

    static let unitInterval: Reader<Double> = { text in
        guard let value = Double(text), (0...1).contains(value) else {
            throw ValidationError("it must be a number from 0 to 1")
        }
        return value
    }

    /// One of an enumeration's values.
    static func choice<Value: RawRepresentable & CaseIterable>() -> Reader<Value>
    where Value: SendableMetatype, Value.RawValue == String {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return { text in
            guard let value = Value(rawValue: text) else {
                throw ValidationError("it must be one of \(names)")
            }
            return value
        }
    }

    static let nonEmpty: Reader<String> = { text in
        guard !text.isEmpty else { throw ValidationError("it must not be empty") }
        return text
    }

    static let modelName: Reader<String> = { text in
        guard !text.isEmpty, !text.contains(":") else {
            throw ValidationError("it must be a name without ':'")
        }
        return text
    }

    /// Comma-separated host names or IPv4 addresses, each once.
    static let hosts: Reader<[String]> = { text in
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy(isHost) else {
            throw ValidationError(
                "it must be a list of host names or IPv4 addresses, separated by commas")
        }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw ValidationError("it names '\(name)' twice")
        }
        return names
    }

    /// What a launcher takes for a host, and cannot take for anything else.
    private static func isHost(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 253 else { return false }
        return first != UInt8(ascii: "-")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    static let computeType: Reader<ComputeType> = { text in
        switch text {
        case "auto", "bfloat16": return .bfloat16
        case "float32", "float": return .float32
        case "float16", "half": throw ValidationError("float16 is not supported yet")
        default: throw ValidationError("it must be one of auto, bfloat16, float32")
        }
    }

    static let quantization: Reader<Quantization> = { text in
        guard let value = Quantization(rawValue: text) else {
            let names = Quantization.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(
                "it must be \(names); weights that a checkpoint stores quantised need no flag")
        }
        return value
    }

    static let kvCache: Reader<KVCacheChoice> = { text in
        switch text {
        case "auto": return .automatic
        case "bfloat16", "bf16": return .bfloat16
        case "int8": return .int8
        case _ where text.hasPrefix("fp8_") || text.hasPrefix("fp4_"):
            throw ValidationError("\(text) is not supported yet; int8 takes as little as fp8")
        default: throw ValidationError("it must be one of auto, bfloat16, int8")
        }
    }

    static let chunkedPrefillSize: Reader<ChunkingPolicy> = { text in
        if text == "auto" { return .automatic }
        if text == "off" { return .whole }
        guard let value = Int(text), value <= 0 || tokens.contains(value),
            value <= 0 || value.isMultiple(of: Page.size)
        else {
            throw ValidationError(
                "it must be auto, a multiple of the page size \(Page.size), or at most 0 for off")
        }
        return value <= 0 ? .whole : .fixed(tokens: value)
    }

    /// A chunk size, or `dynamic:SIZE:FACTOR`.
    static let chunkingPolicy: Reader<ChunkingPolicy> = { text in
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts[0] == "dynamic" else { return try chunkedPrefillSize(text) }
        guard parts.count == 3, case .fixed(let tokens)? = try? chunkedPrefillSize(parts[1]),
            let factor = try? unitInterval(parts[2])
        else { throw ValidationError("it must be dynamic:SIZE:FACTOR, such as dynamic:2048:0.75") }
        return .dynamic(tokens: tokens, smoothingFactor: factor)
    }

    /// Comma-separated chunk sizes.
    static let chunkingPolicies: Reader<[ChunkingPolicy]> = { text in
        try list(
            of: chunkingPolicy, "chunk sizes (auto, off, multiples of 64, dynamic:SIZE:FACTOR)",
            text)
    }

    static let chunking: Reader<ChunkingPolicy> = { text in
        guard let policy = ChunkingPolicy(text) else {
            throw ValidationError("it must be \(ChunkingPolicy.grammar)")
        }
        return policy
    }

    /// Entries are summed later: their limit keeps the sum in range.
    static let layerCounts: Reader<[Int]> = integers(counts)

    static let layerPartition: Reader<LayerPartitionChoice> = { text in
        if text == "auto" { return .automatic }
        guard let layers = try? layerCounts(text) else {
            throw ValidationError(
                "it must be auto, or a list of integers from \(counts.lowerBound) to"
                    + " \(counts.upperBound), separated by commas")
        }
        return .counts(layers)
    }

    private static func list<Value>(
        of element: Reader<Value>, _ description: String, _ text: String
    ) throws -> [Value] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let entry = String(part.drop { $0 == " " })
            guard let value = try? element(entry) else {
                throw ValidationError("it must be a list of \(description), separated by commas")
            }
            return value
        }
    }
}
