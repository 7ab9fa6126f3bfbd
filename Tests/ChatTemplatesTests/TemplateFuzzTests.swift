import ChatTemplates
import SeededRandom
import Testing

@Suite("Mutated templates render or fail, and never trap")
struct TemplateFuzzTests {
    private static let pieces = [
        "{%", "%}", "{{", "}}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", ".", ",", ":",
        "|", "~", "**", "//", "%", "==", "<", " not ", " in ", " is ", " if ", " else ", " and ",
        " or ", "'", "\"", "\\", "\\x", "0", "-1", "9223372036854775807", "-9223372036854775807",
        "1e308", "1e-320", "none", "true", "loop", "loop.length", "messages", "tools", "range(",
        "namespace(", "|tojson", "|length", "|list", "|sort", "|int", "|round(-18)", "|join",
        "|map(", "|batch(", "|indent(", "|truncate(", "[::-1]", "[1:]", "[:-9223372036854775807]",
        ".split(", ".strip(", ".format(", ".items()", ".get(", "{% for x in messages %}",
        "{% endfor %}", "{% if x %}", "{% endif %}", "{% set x = ", "{% set x %}", "{% endset %}",
        "{% macro x(y) %}", "{% endmacro %}", "{% break %}", "{% raw %}", "{% endraw %}", "é", "👩‍👧",
        "\u{0}", "\r\n", "\n", " ", "%s", "%-5d", "{:>5}", "{0}", "*", "**x", "x=",
    ]

    private func mutated(
        _ source: [Unicode.Scalar], with other: [Unicode.Scalar],
        using generator: inout SeededGenerator
    ) -> [Unicode.Scalar] {
        var source = source
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let start = Int.random(in: 0...source.count, using: &generator)
            let end = min(source.count, start + Int.random(in: 0...20, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: source.removeSubrange(start..<end)
            case 1: source.insert(contentsOf: source[start..<end], at: start)
            case 2:
                let from = Int.random(in: 0...other.count, using: &generator)
                let to = min(other.count, from + Int.random(in: 0...60, using: &generator))
                source.replaceSubrange(start..<end, with: other[from..<to])
            default:
                let piece = Self.pieces.randomElement(using: &generator) ?? ""
                source.insert(contentsOf: piece.unicodeScalars, at: start)
            }
        }
        return source
    }

    @Test("seeded mutations of published templates and snippets", arguments: [UInt64(1), 2, 3, 4])
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var sources: [String] = []
        for name in try Fixtures.templateNames() {
            let source = try Fixtures.text("templates/\(name).jinja")
            if source.utf8.count < 6000 { sources.append(source) }
        }
        sources += try Snippet.all().flatMap(\.snippets).map(\.source)
        let scalars = sources.map { Array($0.unicodeScalars) }
        let conversations = try Fixtures.json("conversations.json").entries.map(\.value)
        let snippetVariables = try #require(try Fixtures.json("snippets.json")["variables"])
        var limits = TemplateLimits()
        limits.stepsMax = 20_000
        limits.outputBytesMax = 1 << 20
        var rendered = 0
        for _ in 0..<1500 {
            let source = mutated(
                try #require(scalars.randomElement(using: &generator)),
                with: try #require(scalars.randomElement(using: &generator)), using: &generator)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: source)
            let conversation = try #require(conversations.randomElement(using: &generator))
            do throws(TemplateError) {
                let template = try ChatTemplate(source: String(view), limits: limits)
                let entries = snippetVariables.entries + conversation.entries
                _ = try template.render(entries.map { ($0.key, $0.value) })
                rendered += 1
            } catch {
                #expect(error.line >= 1 && error.line <= source.count + 1, "seed \(seed)")
            }
        }
        // Most mutations hurt, but if all did the evaluator would go untested.
        #expect(rendered > 200, "seed \(seed)")
    }
}
