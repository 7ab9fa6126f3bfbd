import PipelineTypes

extension JSONField {
    /// The special tokens that this post-processor puts around a single text.
    func sequenceFrame() throws(TokenizerError) -> SequenceFrame {
        switch try type() {
        case "ByteLevel":
            // Moves offsets, not ids.
            return SequenceFrame()
        case "TemplateProcessing":
            return try templateFrame()
        case "Sequence":
            var frame = SequenceFrame()
            for processor in try required("processors").elements() {
                let outer = try processor.sequenceFrame()
                frame.prefix = outer.prefix + frame.prefix
                frame.suffix += outer.suffix
            }
            return frame
        case let type:
            throw .unsupported(component: "post_processor", name: type)
        }
    }

    private func templateFrame() throws(TokenizerError) -> SequenceFrame {
        let specialTokens = try optional("special_tokens")
        var frame = SequenceFrame()
        var textCount = 0
        for piece in try required("single").elements() {
            if try piece.optional("Sequence") != nil {
                textCount += 1
            } else {
                let name = try piece.required("SpecialToken").required("id").string()
                guard let special = try specialTokens?.optional(name) else {
                    throw .unknownToken(field: piece.path, token: name)
                }
                let ids = try special.specialTokenIDs()
                if textCount == 0 { frame.prefix += ids } else { frame.suffix += ids }
            }
        }
        guard textCount == 1 else {
            throw .unsupported(
                component: "post_processor", name: "a template of \(textCount) texts")
        }
        return frame
    }

    private func specialTokenIDs() throws(TokenizerError) -> [TokenID] {
        var ids: [TokenID] = []
        for field in try required("ids").elements() {
            let id = try field.integer()
            guard id >= 0, id < Vocabulary.idMax else {
                throw .idOutOfRange(field: field.path, id: id)
            }
            ids.append(TokenID(id))
        }
        return ids
    }
}
