extension JSONField {
    /// Reads a pre-tokenizer that ends in `ByteLevel`, so that the model works on bytes.
    func preTokenizer() throws(TokenizerError) -> PreTokenizer {
        var steps: [JSONField] = []
        try appendSteps(to: &steps)
        guard let last = steps.last, try last.type() == "ByteLevel" else {
            throw .unsupported(component: "pre_tokenizer", name: "without ByteLevel at its end")
        }
        var splits: [PreTokenizer.Split] = []
        for step in steps.dropLast() {
            switch try step.type() {
            case "Split": splits.append(try step.split())
            case "Digits": splits.append(try step.digitSplit())
            case let type: throw .unsupported(component: "pre_tokenizer", name: type)
            }
        }
        guard try !last.flag("add_prefix_space", default: true) else {
            throw .unsupported(component: "pre_tokenizer", name: "ByteLevel with add_prefix_space")
        }
        if try last.flag("use_regex", default: true) {
            let pattern = try PatternTranslation.translate(PreTokenizerFamily.gpt2Pattern)
            splits.append(PreTokenizer.Split(try Pattern(pattern)))
        }
        return PreTokenizer(splits: splits)
    }

    /// Flattens sequences of sequences.
    private func appendSteps(to steps: inout [JSONField]) throws(TokenizerError) {
        guard try type() == "Sequence" else {
            steps.append(self)
            return
        }
        for step in try required("pretokenizers").elements() {
            try step.appendSteps(to: &steps)
        }
    }

    private func split() throws(TokenizerError) -> PreTokenizer.Split {
        let name = try required("behavior").string()
        guard let behavior = PreTokenizer.Behavior(rawValue: name) else {
            throw .unsupported(component: "split behavior", name: name)
        }
        return PreTokenizer.Split(
            try required("pattern").pattern(), behavior,
            isInverted: try flag("invert", default: false))
    }

    private func pattern() throws(TokenizerError) -> Pattern {
        if let text = try optional("String")?.string() {
            return try Pattern(PatternTranslation.literal(text))
        }
        return try Pattern(PatternTranslation.translate(required("Regex").string()))
    }

    private func digitSplit() throws(TokenizerError) -> PreTokenizer.Split {
        let isIndividual = try flag("individual_digits", default: false)
        return PreTokenizer.Split(
            try Pattern(PatternTranslation.digit), isIndividual ? .isolated : .contiguous)
    }
}
