import ChatTemplates
import Testing

/// One small template per case, as `scripts/fixtures/chat_template_snippets.py` lists them.
struct Snippet: Sendable {
    let source: String
    let fixture: TemplateValue

    static func all() throws -> [(feature: String, snippets: [Snippet])] {
        let cases = try Fixtures.json("snippets.json")["snippets"]
        guard case .list(let entries)? = cases else { return [] }
        var features: [(feature: String, snippets: [Snippet])] = []
        for entry in entries {
            let feature = entry["feature"]?.text ?? ""
            if features.last?.feature != feature { features.append((feature, [])) }
            features[features.count - 1].snippets.append(
                Snippet(source: entry["source"]?.text ?? "", fixture: entry))
        }
        return features
    }
}

@Suite("Each feature of the language does what it does in Python's jinja2")
struct SnippetTests {
    @Test(
        "snippets give the same text or fail as well",
        arguments: try Snippet.all().map(\.feature))
    func snippet(feature: String) throws {
        let snippets = try #require(try Snippet.all().first { $0.feature == feature }?.snippets)
        let variables = try #require(try Fixtures.json("snippets.json")["variables"])
        for snippet in snippets {
            let expected = Outcome(snippet.fixture)
            let outcome: Outcome
            do {
                let template = try ChatTemplate(source: snippet.source)
                outcome = Outcome(rendering: template, variables.entries.map { ($0.key, $0.value) })
            } catch {
                outcome = .failed("\(error)")
            }
            #expect(outcome == expected, "\(snippet.source)")
        }
    }
}
