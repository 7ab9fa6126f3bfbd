/// A parsed chat template: parse once, render as often as you like, from any thread.
///
/// The language is the part of Jinja that published chat templates use, with the semantics of
/// Python's jinja2 in the environment that Hugging Face renders chat templates in: sandboxed,
/// `trim_blocks` and `lstrip_blocks` on, no autoescaping, undefined values that print nothing.
///
/// What it is not: a template engine for web pages. There is no inheritance, no import and no
/// include, and `for` is not recursive. Integers have 64 bits.
package struct ChatTemplate: Sendable {
    private let syntax: TemplateSyntax
    private let limits: TemplateLimits

    /// Throws an error of kind `syntax` or `limit`.
    package init(
        source: String, limits: TemplateLimits = TemplateLimits()
    ) throws(TemplateError) {
        guard source.utf8.count <= limits.sourceBytesMax else {
            throw TemplateError(
                kind: .limit, line: 1,
                reason: "the template is longer than \(limits.sourceBytesMax) bytes")
        }
        var parser = Parser(tokens: try Lexer.tokenize(source))
        syntax = try parser.parseTemplate()
        self.limits = limits
    }

    /// The text of the template for these variables. Of two variables with the same name the last
    /// counts. `clock` tells `strftime_now` the local time.
    package func render(
        _ variables: [(String, TemplateValue)],
        clock: @escaping () -> CalendarTime = CalendarTime.now
    ) throws(TemplateError) -> String {
        let renderer = Renderer(symbols: syntax.symbols, limits: limits, clock: clock)
        // Scopes refer to each other in circles through macros; this cuts them.
        defer { renderer.tearDown() }
        return try renderer.render(syntax, variables: variables)
    }

    /// Whether the template reads a variable of this name; tells a server, for example, whether
    /// a template knows of `tools`.
    package func mentions(variable name: String) -> Bool {
        syntax.symbols.id(of: name) != nil
    }
}
