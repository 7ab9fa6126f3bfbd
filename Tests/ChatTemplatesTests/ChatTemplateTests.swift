import ChatTemplates
import Testing

@Suite("A chat template is parsed once and rendered often")
struct ChatTemplateTests {
    private func conversation(of count: Int) -> TemplateValue {
        .list(
            (0..<count).map { index in
                .dictionary([
                    ("role", .string(index % 2 == 0 ? "user" : "assistant")),
                    ("content", .string(String(repeating: "Some words. ", count: 40))),
                ])
            })
    }

    @Test("a conversation of 100 messages takes less than 100 ms, even without optimization")
    func speed() throws {
        for name in [
            "Qwen-Qwen3-0.6B", "HuggingFaceTB-SmolLM2", "meta-llama-Llama-3.1-8B-Instruct",
        ] {
            let template = try ChatTemplate(source: try Fixtures.text("templates/\(name).jinja"))
            let variables = [("messages", conversation(of: 100))]
            var best = Duration.seconds(1000)
            for _ in 0..<5 {
                let start = ContinuousClock.now
                _ = try template.render(variables, clock: Fixtures.clock)
                best = min(best, ContinuousClock.now - start)
            }
            print("\(name): 100 messages in \(best)")
            #expect(best < .milliseconds(100), "\(name)")
        }
    }

    @Test("renderings in parallel do not disturb each other")
    func parallel() async throws {
        let template = try ChatTemplate(
            source: "{% set ns = namespace(t='') %}{% macro m(x) %}<{{ x }}>{% endmacro %}"
                + "{% for i in range(n) %}{% set ns.t = ns.t ~ m(i) %}{% endfor %}{{ ns.t }}")
        await withTaskGroup(of: Bool.self) { group in
            for count in 0..<50 {
                group.addTask {
                    let text = try? template.render([("n", .integer(count))])
                    return text == (0..<count).map { "<\($0)>" }.joined()
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test("of two variables with the same name, and of two equal keys, the last counts")
    func duplicates() throws {
        let template = try ChatTemplate(source: "{{ a }} {{ d }} {{ d.k }}")
        let dictionary = TemplateValue.dictionary([("k", .integer(1)), ("k", .integer(2))])
        let text = try template.render([
            ("a", .string("first")), ("d", dictionary), ("a", .string("second")),
        ])
        #expect(text == "second {'k': 2} 2")
    }

    @Test("keys and strings that Unicode calls equivalent are different ones")
    func exactStrings() throws {
        let template = try ChatTemplate(
            source: "{{ d[k] is defined }}{{ k == other }}{{ d|length }}")
        let dictionary = TemplateValue.dictionary([("\u{E9}", .none), ("e\u{301}\u{301}", .none)])
        let text = try template.render([
            ("d", dictionary), ("k", .string("e\u{301}")), ("other", .string("\u{E9}")),
        ])
        #expect(text == "FalseFalse2")
    }

    @Test("an undefined value counts as missing")
    func undefinedValues() throws {
        let template = try ChatTemplate(source: "{{ a is defined }}{{ d.x is defined }}{{ d.x }}")
        let text = try template.render([
            ("a", .undefined), ("d", .dictionary([("x", .undefined)])),
        ])
        #expect(text == "FalseFalse")
    }

    @Test("a template knows which variables it mentions")
    func mentionedVariables() throws {
        let template = try ChatTemplate(
            source: "{% if tools %}{{ tools|tojson }}{% endif %}{{ 'x' }}")
        #expect(template.mentions(variable: "tools"))
        #expect(!template.mentions(variable: "messages"))
    }

    @Test("without a clock of its own, strftime_now tells this year")
    func clock() throws {
        let text = try ChatTemplate(source: "{{ strftime_now('%Y-%m-%d') }}").render([])
        #expect(text.count == 10 && (Int(text.prefix(4)) ?? 0) >= 2024)
    }
}
