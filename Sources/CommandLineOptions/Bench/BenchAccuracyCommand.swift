import ArgumentParser

/// `penstock bench accuracy`.
struct BenchAccuracyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "Measure what a setting costs in log probabilities and perplexity.",
        discussion: """
            Every token of a text is scored twice: with the program's defaults, and with the \
            settings given here, such as --kv-cache-dtype int8.
            """)

    @Argument(help: "A GGUF file or a Hugging Face folder.", transform: Checked.nonEmpty)
    var model: String

    @Option(
        name: .customLong("text"),
        help: .init(
            "Another text than the one that comes with the program, in UTF-8.", valueName: "file"),
        transform: Checked.nonEmpty)
    var textPath: String?

    @Option(
        name: .customLong("tokens"),
        help: .init(
            "Tokens that are scored at most, from the text's beginning (default: 4096).",
            valueName: "count"),
        transform: Checked.integer(2...Checked.tokens.upperBound))
    var tokensMax = 4096

    @OptionGroup var quantization: QuantizationFlags
    @OptionGroup var measurement: MeasurementFlags

    func options(environment: OptionEnvironment) throws(UsageError) -> BenchAccuracyOptions {
        BenchAccuracyOptions(
            bench: BenchOptions(
                modelPath: model, stageCounts: [1], threads: measurement.processor.threads,
                repetitions: 1, type: measurement.type,
                instructionSet: try environment.instructionSet(
                    flag: measurement.processor.instructionSet),
                kvCache: measurement.kvCache.choice, quantization: quantization.method,
                json: measurement.json),
            textPath: textPath, tokensMax: tokensMax)
    }
}
