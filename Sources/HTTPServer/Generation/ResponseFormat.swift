import JSON

/// How one route words what its sequences produce.
protocol ResponseFormat: Sendable {
    /// The body of a response that is not streamed; one transcript for each sequence.
    func body(for transcripts: [Transcript]) -> JSONValue
    /// The wording of a stream from its beginning.
    func makeEvents() -> any EventFormat
}

/// The wording of one stream, event by event.
protocol EventFormat: Sendable {
    /// The events for a sequence's next piece; the transcript includes it.
    mutating func events(
        for piece: GenerationPiece, of sequence: Int, transcript: Transcript
    ) -> [JSONValue]
    /// The events after the last piece of the last sequence.
    func closingEvents() -> [JSONValue]
}

/// A request for generation, decoded and checked.
struct GenerationCall: Sendable {
    var plans: [GenerationPlan]
    var isStreamed: Bool
    /// What each sequence is called, for clients who want it aborted.
    var names: [String]
    var format: any ResponseFormat
}
