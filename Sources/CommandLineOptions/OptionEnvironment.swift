import ArgumentParser

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
    }

    /// The layer partition, one entry a stage.
    func layerCounts(flag: [Int]?, stages: Int) throws(UsageError) -> [Int]? {
        let source: String
        let counts: [Int]
        if let flag {
            (source, counts) = ("--pp-layer-partition", flag)
        } else if let found = try value(Name.layerPartition, Checked.layerCounts) {
            (source, counts) = found
        } else {
            return nil
        }
        guard counts.count == stages else {
            throw UsageError(
                "\(source) has \(counts.count) entries, the pipeline has \(stages) stages")
        }
        return counts
    }

    func instructionSet(flag: InstructionSet?) throws(UsageError) -> InstructionSet? {
        if let flag { return flag }
        let found: (name: String, value: InstructionSet)? = try value(
            Name.instructionSet, Checked.choice())
        return found?.value
    }

    /// Refuses a smoothing factor outside [0, 1], in whatever spelling it was asked for.
    func checkSmoothFactor() throws(UsageError) {
        _ = try value(Name.smoothFactor) { try Checked.unitInterval($0) }
    }

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
