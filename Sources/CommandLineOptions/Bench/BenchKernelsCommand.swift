import ArgumentParser

/// `penstock bench kernels`.
struct BenchKernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Measure what the machine can do, and how much of it each kernel does.",
        discussion: """
            The machine's own limits (matrix products at large sizes, reading memory) \
            are measured in the same run as the kernels that they bind. Layers of 8 bits \
            (--quantization) are always among them.
            """)

    @Argument(
        help: """
            A GGUF file or a Hugging Face folder, whose shapes are measured (default: those of \
            SmolLM2-135M).
            """, transform: Checked.nonEmpty)
    var model: String?

    @Option(
        name: .customLong("seconds"),
        help: .init(
            """
            Roughly the time for each row, of which the best run counts (default: 0.25). Large \
            products take what they take.
            """, valueName: "seconds"),
        transform: Checked.number(above: 0, below: 3600))
    var seconds: Double?

    @Flag(
        name: .customLong("tiny"),
        help: """
            Small products, short prefixes and little memory: shows that everything works, and \
            says nothing about the machine.
            """)
    var isTiny = false

    @OptionGroup var measurement: MeasurementFlags

    func options(environment: OptionEnvironment) throws(UsageError) -> BenchKernelsOptions {
        BenchKernelsOptions(
            modelPath: model, seconds: seconds ?? (isTiny ? 0.01 : 0.25), isTiny: isTiny,
            threads: measurement.processor.threads, type: measurement.type,
            instructionSet: try environment.instructionSet(
                flag: measurement.processor.instructionSet),
            kvCache: measurement.kvCache.choice, json: measurement.json)
    }
}
