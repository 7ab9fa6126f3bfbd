/// What one template may cost. A template comes with a model and its variables from clients:
/// neither is trusted to end.
package struct TemplateLimits: Hashable, Sendable {
    /// Length of the template's source.
    package var sourceBytesMax = 1 << 20
    /// Work of one rendering. A step is one node evaluated, one element visited or 64 bytes of
    /// text read or written.
    package var stepsMax = 10_000_000
    /// Length of the rendered text.
    package var outputBytesMax = 64 << 20
    /// Nodes being evaluated at the same time, one inside the other, macro calls included.
    package var evaluationDepthMax = 250

    package init() {}

    /// How deep expressions and blocks may nest in the source.
    static let syntaxDepthMax = 64
    /// How many operators, filters and subscripts one expression may apply one after the other.
    static let expressionHeightMax = 200
    /// How deep lists and dictionaries may nest.
    static let valueDepthMax = 200
    /// Parameters of a macro, keyword arguments of a call.
    static let argumentsMax = 255
    /// Elements of one `range`; the sandbox of jinja2 sets the same bound.
    static let rangeCountMax = 100_000
}
