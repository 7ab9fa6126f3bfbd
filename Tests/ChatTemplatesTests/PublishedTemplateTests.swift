import ChatTemplates
import Testing

@Suite("Published templates render as Python's jinja2 renders them")
struct PublishedTemplateTests {
    @Test("for every conversation, to the character", arguments: try Fixtures.templateNames())
    func rendersLikeJinja(name: String) throws {
        let template = try ChatTemplate(source: try Fixtures.text("templates/\(name).jinja"))
        let expected = try Fixtures.json("renderings/\(name).json")
        let conversations = try Fixtures.json("conversations.json").entries
        #expect(conversations.count > 30)
        for (title, variables) in conversations {
            let outcome = Outcome(
                rendering: template,
                Fixtures.commonVariables + variables.entries.map { ($0.key, $0.value) })
            let fixture = Outcome(try #require(expected[title]))
            #expect(outcome == fixture, "\(name), \(title)")
        }
    }
}
