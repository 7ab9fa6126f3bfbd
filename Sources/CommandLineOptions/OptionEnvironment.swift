import ArgumentParser
import PipelineTypes

/// The environment variables that stand in for flags; a flag wins, then `PENSTOCK_…`, then the
/// spelling of SGLang. An empty variable counts as unset.
struct OptionEnvironment {
    let variables: [String: String]

    /// Names of the variables, which the executable's documentation lists too.
    enum Name {
        static let layerPartition = ["PENSTOCK_PP_LAYER_PARTITION", "SGLANG_PP_LAYER_PARTITION"]
        static let smoothFactor = [
            "PENSTOCK_DYNAMIC_CHUNKING_SMOOTH_FACTOR", "SGLANG_DYNAMIC_CHUNKING_SMOOTH_FACTOR",
        ]
        static let instructionSet = ["PENSTOCK_ISA"]
        static let profileDirectory = ["PENSTOCK_PROFILER_DIR", "SGLANG_TORCH_PROFILER_DIR"]
        static let longerContext = [
            "PENSTOCK_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
            "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
        ]
    }

    /// The layer partition, if somebody wants another than the plain rule's.
    func layerPartition(
        flag: LayerPartitionChoice?, stages: Int
    ) throws(UsageError) -> LayerPartitionChoice? {
        let source: String
        let choice: LayerPartitionChoice
        if let flag {
            (source, choice) = ("--pp-layer-partition", flag)
        } else if let found = try value(Name.layerPartition, Checked.layerPartition) {
            (source, choice) = found
        } else {
            return nil
        }
        guard case .counts(let counts) = choice else { return choice }
        guard counts.count == stages else {
            throw UsageError(
                "\(source) has \(counts.count) entries, the pipeline has \(stages) stages")
        }
        return choice
    }

    /// The same where nothing is measured: one entry a stage.
    func layerCounts(flag: [Int]?, stages: Int) throws(UsageError) -> [Int]? {
        let choice = try layerPartition(
            flag: flag.map(LayerPartitionChoice.counts), stages: stages)
        guard case .counts(let counts)? = choice else { return nil }
        return counts
    }

    func instructionSet(flag: InstructionSet?) throws(UsageError) -> InstructionSet? {
        if let flag { return flag }
        let found: (name: String, value: InstructionSet)? = try value(
            Name.instructionSet, Checked.choice())
        return found?.value
    }

    /// Whether requests may have more positions than the model was trained for.
    func mayExceedContext(flag: Bool) throws(UsageError) -> Bool {
        if flag { return true }
        return try value(Name.longerContext, Checked.truth)?.value ?? false
    }

    /// Where profiles go whose clients name no folder.
    var profileDirectory: String {
        let named = Name.profileDirectory.compactMap { variables[$0] }.first { !$0.isEmpty }
        return named ?? "/tmp"
    }

    /// Where prompts are cut. A smoothing factor outside [0, 1] is refused even where no rule
    /// takes one.
    func chunking(_ flags: SchedulingFlags) throws(UsageError) -> ChunkingPolicy {
        let found: (name: String, value: Double)? = try value(
            Name.smoothFactor, Checked.unitInterval)
        guard flags.enableDynamicChunking else { return flags.chunkedPrefillSize }
        let factor = flags.smoothingFactor ?? found?.value ?? Self.smoothingFactor
        switch flags.chunkedPrefillSize {
        case .automatic, .dynamic:
            return .dynamic(tokens: Self.dynamicTokens, smoothingFactor: factor)
        case .fixed(let tokens):
            return .dynamic(tokens: tokens, smoothingFactor: factor)
        case .whole:
            throw UsageError(
                "--enable-dynamic-chunking needs chunks, but --chunked-prefill-size is off")
        }
    }

    private static let smoothingFactor = 0.75
    private static let dynamicTokens = 2048

    /// The first of these variables that is set, read as a value.
    private func value<Value>(
        _ names: [String], _ read: Checked.Reader<Value>
    ) throws(UsageError) -> (name: String, value: Value)? {
        for name in names {
            guard let text = variables[name], !text.isEmpty else { continue }
            do {
                return (name, try read(text))
            } catch {
                throw UsageError("\(name) is '\(text)': \(error)")
            }
        }
        return nil
    }
}
