import JSON

extension JSONField {
    /// Fields that change a result where SGLang or vLLM has what they ask for. Other unknown
    /// fields are ignored: clients send many.
    private static let unbuilt = [
        // Output of a certain form.
        "json_schema", "regex", "ebnf", "structural_tag", "structured_outputs", "guided_json",
        "guided_regex", "guided_choice", "guided_grammar", "stop_regex", "bad_words",
        "allowed_token_ids", "custom_logit_processor", "logits_processors", "use_beam_search",
        "return_hidden_states", "prompt_logprobs",
        // Another prompt than the text.
        "input_embeds", "prompt_embeds", "image_data", "audio_data", "video_data", "documents",
        "chat_template", "truncate_prompt_tokens", "session_params", "audio",
        "web_search_options", "prediction",
        // Another model.
        "lora_path",
    ]

    /// Throws if the object asks for something that the server does not have and that would make
    /// the result another one.
    func refuseUnbuilt() throws(APIError) {
        for key in Self.unbuilt where !self[key].asksForNothing {
            throw .unsupported(key, parameter: self[key].path)
        }
        for modality in try self["modalities"].elements() ?? [] where modality.value != "text" {
            throw .unsupported("modalities other than text", parameter: self["modalities"].path)
        }
    }

    /// Whether the field has a value that means the same as to leave it out.
    var asksForNothing: Bool {
        switch value {
        case nil, .null, .boolean(false), .string(""): true
        case .array(let elements): elements.allSatisfy { $0 == .null }
        default: false
        }
    }
}
