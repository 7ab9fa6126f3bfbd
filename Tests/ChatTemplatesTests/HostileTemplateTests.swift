import ChatTemplates
import Foundation
import Synchronization
import Testing

/// A template comes with a model and its variables from clients: whatever they are, rendering ends
/// with a text or an error.
@Suite("Hostile templates and values end in typed errors")
struct HostileTemplateTests {
    private func failure(
        of source: String, _ variables: [(String, TemplateValue)] = [],
        limits: TemplateLimits = TemplateLimits()
    ) -> TemplateError? {
        do {
            _ = try ChatTemplate(source: source, limits: limits).render(variables)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "source that nests too deeply is refused",
        arguments: [
            ("(", ")"), ("[", "]"), ("{1:", "}"), ("-", ""), ("not ", ""), ("a[", "]"),
            ("a(", ")"), ("a|default(", ")"), ("1 if ", " else 2"), ("a is eq(", ")"), ("+", ""),
            ("'a' ~ (", ")"), ("a.b(x=", ")"),
        ])
    func deepExpressions(open: String, close: String) {
        let depth = 50_000
        let source =
            "{{ " + String(repeating: open, count: depth) + "1"
            + String(repeating: close, count: depth) + " }}"
        #expect(failure(of: source)?.kind == .limit, "\(open)")
    }

    @Test(
        "chains that make a deep tree are refused",
        arguments: [" + 1", ".a", "[0]", "()", "|string", " * 2", " and 1", " or 0", "['a']"])
    func longChains(link: String) {
        let source = "{{ a" + String(repeating: link, count: 50_000) + " }}"
        #expect(failure(of: source)?.kind == .limit, "\(link)")
    }

    @Test("blocks that nest too deeply are refused")
    func deepBlocks() {
        for (open, close) in [
            ("{% if a %}", "{% endif %}"), ("{% for i in a %}", "{% endfor %}"),
            ("{% macro m() %}", "{% endmacro %}"), ("{% set a %}", "{% endset %}"),
            ("{% filter upper %}", "{% endfilter %}"), ("{% with %}", "{% endwith %}"),
        ] {
            let source =
                String(repeating: open, count: 20_000) + String(repeating: close, count: 20_000)
            #expect(failure(of: source)?.kind == .limit, "\(open)")
        }
        let chain = "{% if a %}" + String(repeating: "{% elif a %}x", count: 20_000) + "{% endif %}"
        #expect(failure(of: chain) == nil)
    }

    @Test(
        "evaluation without end is cut off",
        arguments: [
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}",
            "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}"
                + "{% endcall %}{% endmacro %}{{ n() }}",
            "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
            "{% for i in range(100000) %}{% set x = range(100000)|list %}{% endfor %}",
            "{{ range(10**12) }}", "{{ range(-9223372036854775807, 9223372036854775807) }}",
            "{{ 'x' * 10**12 }}", "{{ 'xy' * 9223372036854775807 }}", "{{ [0] * 10**12 }}",
            "{{ ([0] * 100000) * 100000 }}", "{{ 'x'|center(10**12) }}",
            "{{ 'a\\nb'|indent(10**12) }}", "{{ [[]]|tojson(indent=10**12) }}",
            "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}{% for i in range(100) %}"
                + "{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}{% for i in range(100) %}"
                + "{% set ns.x = ns.x|replace('x', ns.x) %}{% endfor %}",
            "{% set ns = namespace(x=['x' * 60000]) %}{% for i in range(100000) %}"
                + "{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% set ns = namespace(x=[]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}"
                + "{% endfor %}{{ ns.x }}",
            "{% set ns = namespace(x=[]) %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}"
                + "{% endfor %}{{ ns.x|tojson }}",
            "{% set ns = namespace(x=(), y=()) %}{% for i in range(100) %}"
                + "{% set ns.x = (ns.x, ns.x) %}{% set ns.y = (ns.y, ns.y) %}{% endfor %}"
                + "{{ ns.x == ns.y }}",
            "{% set ns = namespace(x=()) %}{% for i in range(100) %}{% set ns.x = (ns.x, ns.x) %}"
                + "{% endfor %}{{ {ns.x: 1} }}",
            "{% set ns = namespace() %}{% set ns.x = [ns, ns] %}{{ ns }}",
            "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}"
                + "{% endfor %}",
            "{% set ns = namespace(x={}) %}{% for i in range(100000) %}"
                + "{% set ns.x = {'x': ns.x} %}{% endfor %}",
            "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}"
                + "{% set ns.x = [ns.x]|map('list') %}{% endfor %}",
            "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}"
                + "{% for j in [ns.x] %}{% set ns.x = loop %}{% endfor %}{% endfor %}",
            "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa' % 1 ** 5 }}{{ '%9999999999d' % 1 }}",
            "{% set a = 'a' * 60000000 %}{% for i in range(100000) %}{{ a|length }}{% endfor %}",
        ])
    func endless(source: String) throws {
        let start = ContinuousClock.now
        var limits = TemplateLimits()
        limits.stepsMax = 1_000_000
        let failure = failure(of: source, limits: limits)
        let error = try #require(failure, "\(source)")
        #expect(error.kind == .limit || error.kind == .evaluation, "\(source): \(error)")
        #expect(error.line == 1)
        #expect(ContinuousClock.now - start < .seconds(30), "\(source)")
    }

    @Test(
        "numbers at the end of their range trap nowhere",
        arguments: [
            "{{ [0] * n }}", "{{ [0] * m }}", "{{ 'a'.zfill(m) }}", "{{ '-a'.zfill(m) }}",
            "{{ 'a'.center(m) }}", "{{ 'a'|center(m) }}", "{{ 'a'.ljust(n) }}", "{{ -m }}",
            "{{ m|abs }}", "{{ m // -1 }}", "{{ m % -1 }}", "{{ m * -1 }}", "{{ m - 1 }}",
            "{{ n + 1 }}", "{{ m ** 2 }}", "{{ 2 ** n }}", "{{ 1 ** n }}", "{{ -1 ** n }}",
            "{{ 1|round(m) }}", "{{ 1.5|round(n) }}", "{{ n|round(-18) }}", "{{ n|round(-19) }}",
            "{{ m|round(-1) }}", "{{ 'abc'[m:n:n] }}", "{{ 'abc'[n:m:m] }}", "{{ [1, 2][n:m:-1] }}",
            "{{ [1][m] }}", "{{ [1][n] }}", "{{ 'a'[m] }}", "{{ range(m, n) }}",
            "{{ range(n, m, m) }}", "{{ range(m, n, n)[::n] }}", "{{ range(0, m, m)[::m] }}",
            "{{ range(n - 1, n, n)|list }}", "{{ 'abc'|truncate(n) }}", "{{ 'abc'|truncate(m) }}",
            "{{ 'abc'|truncate(3, leeway=n) }}", "{{ [1]|batch(n)|list }}",
            "{{ [1]|batch(n, 'x')|list }}", "{{ [1]|slice(n)|list }}", "{{ 'a'|indent(m) }}",
            "{{ 'a'|indent(n) }}", "{{ [1]|tojson(indent=n) }}", "{{ [1]|tojson(indent=m) }}",
            "{{ 'a,b'.split(',', n) }}", "{{ 'a,b'.split(',', m) }}",
            "{{ 'a'.replace('', 'b', n) }}",
            "{{ 'a'.replace('a', 'b', m) }}", "{{ 'abc'.find('c', m, n) }}",
            "{{ 'abc'.find('', n) }}",
            "{{ 'abc'.startswith('a', m) }}", "{{ [1].index(1, m, n) }}", "{{ 1e19|int }}",
            "{{ '1e400'|int }}", "{{ '99999999999999999999'|int }}", "{{ n|float|int }}",
            "{{ '%d' % 1e300 }}", "{{ '%.999f' % 1.5 }}", "{{ '%999999999999s' % 1 }}",
            "{{ '{:99999999999}'.format(1) }}", "{{ '{99999999999999999999}'.format(1) }}",
            "{{ n == 9223372036854775807.0 }}", "{{ n < 1e300 }}", "{{ m > -1e300 }}",
            "{{ {n: 1}[9223372036854775807.0] }}", "{{ n in range(3) }}", "{{ 1e300 in range(3) }}",
            "{{ [m, n]|sum }}", "{{ n is divisibleby m }}", "{{ m is odd }}", "{{ loop.x }}",
            "{{ 'a' * m }}", "{{ 1e308|round(300) }}", "{{ 1e-308|round(300, 'ceil') }}",
        ])
    func extremeNumbers(source: String) {
        let variables: [(String, TemplateValue)] = [("n", .integer(.max)), ("m", .integer(.min))]
        if let failure = failure(of: source, variables) {
            #expect(failure.kind == .evaluation || failure.kind == .limit, "\(source)")
        }
    }

    @Test("chains of objects that refer to each other are freed without deep recursion")
    func longObjectChains() {
        let chains = [
            "{% set ns = namespace(x=0) %}{% for i in range(50000) %}"
                + "{% set ns.x = namespace(x=ns.x) %}{% endfor %}",
            "{% set ns = namespace(f=0) %}{% macro m(f) %}{% macro g() %}{{ f }}{% endmacro %}"
                + "{% set ns.f = g %}{% endmacro %}{% for i in range(20000) %}{{ m(ns.f) }}"
                + "{% endfor %}",
        ]
        for source in chains { #expect(failure(of: source) == nil, "\(source)") }
    }

    @Test("the output is bounded")
    func outputBound() {
        var limits = TemplateLimits()
        limits.outputBytesMax = 1000
        let source = "{% for i in range(n) %}0123456789{% endfor %}"
        #expect(failure(of: source, [("n", .integer(100))], limits: limits) == nil)
        #expect(failure(of: source, [("n", .integer(101))], limits: limits)?.kind == .limit)
        let long: [(String, TemplateValue)] = [("a", .string(String(repeating: "x", count: 1001)))]
        #expect(failure(of: "{{ a }}", long, limits: limits)?.kind == .limit)
    }

    @Test("the steps are bounded")
    func stepBound() {
        var limits = TemplateLimits()
        limits.stepsMax = 1000
        #expect(failure(of: "{% for i in range(10) %}{{ i }}{% endfor %}", limits: limits) == nil)
        let failure = failure(of: "{% for i in range(1000) %}{{ i }}{% endfor %}", limits: limits)
        #expect(failure?.kind == .limit)
    }

    @Test("the source is bounded")
    func sourceBound() {
        #expect(failure(of: String(repeating: "x", count: 1 << 20)) == nil)
        #expect(failure(of: String(repeating: "x", count: 1 << 20 + 1))?.kind == .limit)
    }

    @Test("values that nest too deeply are refused")
    func deepValues() {
        func nested(_ depth: Int) -> TemplateValue {
            var value = TemplateValue.none
            for level in 0..<depth {
                value = level % 2 == 0 ? .list([value]) : .dictionary([("k", value)])
            }
            return value
        }
        for use in ["{{ v }}", "{{ v|tojson }}", "{{ v == v }}", "{{ [v]|unique|list|length }}"] {
            #expect(failure(of: use, [("v", nested(1000))])?.kind == .limit)
        }
        #expect(failure(of: "{{ v }}{{ v|tojson }}{{ v == v }}", [("v", nested(150))]) == nil)
    }

    @Test("every error tells its line")
    func lines() {
        #expect(failure(of: "a\n{{ b c }}")?.line == 2)
        #expect(failure(of: "a\n{% if x %}\n\n{{ 1 / 0 }}{% endif %}{{ y.z.w }}")?.line == 4)
        #expect(failure(of: "{#\n\n#}\n{{ raise_exception('x') }}")?.line == 4)
        #expect(failure(of: "\n{% for i in [1] %}\n{% macro m() %}{% endfor %}")?.line == 3)
        #expect(failure(of: "x\r\ny\r\n{{ 'a }}")?.line == 3)
        #expect(
            failure(of: "\n{{ raise_exception('why') }}")
                == TemplateError(kind: .raised, line: 2, reason: "why"))
    }

    @Test("the deepest evaluation that is allowed needs less than 2 MiB of stack")
    func stackUse() throws {
        let deepest = [
            "{% macro m() %}{% if true %}{% for i in [1] %}{{ (((('a' ~ m()))))|upper }}"
                + "{% endfor %}{% endif %}{% endmacro %}{{ m() }}",
            "{{ " + String(repeating: "(", count: 60) + "1" + String(repeating: ")", count: 60)
                + " }}",
            "{{ a" + String(repeating: "|default([a])", count: 190) + " }}",
            "{% set ns = namespace(x=[]) %}{% for i in range(190) %}{% set ns.x = [ns.x] %}"
                + "{% endfor %}{{ ns.x }}{{ ns.x|tojson }}{{ ns.x == ns.x }}{{ ns.x < ns.x }}",
            "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns }}",
        ]
        let done = DispatchSemaphore(value: 0)
        let outcomes = Mutex<[Bool]>([])
        let thread = Thread {
            for source in deepest {
                let error = self.failure(of: source)
                outcomes.withLock { $0.append(error == nil || error?.kind == .limit) }
            }
            done.signal()
        }
        thread.stackSize = 2 << 20
        thread.start()
        done.wait()
        #expect(outcomes.withLock { $0 } == Array(repeating: true, count: deepest.count))
    }
}
