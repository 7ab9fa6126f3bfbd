package import PipelineTypes

/// What all measurements of `penstock bench` have in common: which pipelines, and how often.
package struct BenchOptions: Hashable, Sendable {
    package var modelPath: String
    package var stageCounts: [Int]
    /// Compute threads of one stage; nil shares the cores out among the stages.
    package var threads: Int?
    package var repetitions: Int
    package var type: ComputeType
    /// nil takes the best that the processor has.
    package var instructionSet: InstructionSet?
    package var kvCache: KVCacheChoice
    /// nil computes with the weights as they are.
    package var quantization: Quantization?
    package var json: Bool

    /// The same model on as many threads, with what is computed where nobody asks for anything.
    package var withDefaultArithmetic: BenchOptions {
        BenchOptions(
            modelPath: modelPath, stageCounts: stageCounts, threads: threads,
            repetitions: repetitions, type: .bfloat16, instructionSet: nil, kvCache: .automatic,
            quantization: nil, json: json)
    }

    /// The flags whose values change what is computed, as a command line has them.
    package var arithmeticFlags: [String] {
        var flags: [String] = []
        let standard = withDefaultArithmetic
        if type != standard.type { flags.append("--dtype \(type.rawValue)") }
        if let instructionSet { flags.append("--isa \(instructionSet.rawValue)") }
        if kvCache != standard.kvCache { flags.append("--kv-cache-dtype \(kvCache.rawValue)") }
        if let quantization { flags.append("--quantization \(quantization.rawValue)") }
        return flags
    }
}

/// What `penstock bench prefill` is to measure: one row for each combination.
package struct BenchPrefillOptions: Hashable, Sendable {
    package var bench: BenchOptions
    package var promptLengths: [Int]
    package var chunkSizes: [ChunkingPolicy]
    /// Prompts that are submitted at once.
    package var requestCount: Int
}

/// What `penstock bench decode` is to measure: one row for each combination.
package struct BenchDecodeOptions: Hashable, Sendable {
    package var bench: BenchOptions
    /// Positions computed before.
    package var depths: [Int]
    /// Requests that decode together.
    package var batchSizes: [Int]
    /// Tokens that each request decodes after its first.
    package var newTokens: Int
}

/// What `penstock bench accuracy` is to compare.
package struct BenchAccuracyOptions: Hashable, Sendable {
    package var bench: BenchOptions
    /// The text to score; nil takes the one that comes with the program.
    package var textPath: String?
    /// Tokens of it that are scored at most.
    package var tokensMax: Int
}

/// What `penstock bench kernels` is to measure, and how thoroughly.
package struct BenchKernelsOptions: Hashable, Sendable {
    /// nil takes the shapes of a small model.
    package var modelPath: String?
    /// For each row.
    package var seconds: Double
    /// Sizes that show that everything works, and nothing else.
    package var isTiny: Bool
    /// nil takes all cores.
    package var threads: Int?
    package var type: ComputeType
    /// nil takes the best that the processor has.
    package var instructionSet: InstructionSet?
    package var kvCache: KVCacheChoice
    package var json: Bool
}
