import SettingsFiles
import Testing

/// What a file's reader would tell; nil if it is content.
private func refusal(
    _ yaml: String, _ read: (SettingsTable) throws(SettingsError) -> Void = { _ in }
) -> String? {
    do throws(SettingsError) {
        try read(SettingsTable(yaml: yaml, file: "node.yaml"))
        return nil
    } catch {
        return error.description
    }
}

@Suite("a table of settings")
struct SettingsTableTests {
    private static let sample = """
        # a node
        name: H20 node
        devices: 8
        memory: 96e9
        share: 0.75
        "quoted": "8"
        none:
        on: yes
        kind: bf16
        sizes: [1, 2.5, -3e2]
        link:
          latency: 5e-6   # seconds
          inner: {bandwidth: 9e11}
        stages:
          - slowdown: 1
          - slowdown: 2
            name: b
        """

    private enum Kind: String, CaseIterable {
        case bf16, fp8
    }

    @Test("a byte order mark is no part of the first key")
    func byteOrderMark() throws {
        let table = try SettingsTable(yaml: "\u{FEFF}a: 1\nb: 2", file: "node.yaml")
        #expect(table.keys == ["a", "b"])
        #expect(refusal("\u{FEFF}a: 1\na: 2") == "node.yaml:2: 'a' occurs twice")
    }

    @Test("values of every kind are read")
    func valuesOfEveryKindAreRead() throws {
        let table = try SettingsTable(yaml: Self.sample, file: "node.yaml")
        #expect(try table.text("name") == "H20 node")
        #expect(try table.integer("devices", in: 1...64) == 8)
        #expect(try table.number("memory", above: 0) == 96e9)
        #expect(try table.number("share", from: 0, to: 1) == 0.75)
        #expect(try table.integer("memory", in: 1...Int.max) == 96_000_000_000)
        #expect(try table.text("quoted") == "8")
        #expect(try table.flag("on", default: false))
        #expect(try table.choice("kind", default: Kind.fp8) == .bf16)
        #expect(try table.numbers("sizes") == [1, 2.5, -300])
        #expect(try table.texts("sizes") == ["1", "2.5", "-3e2"])
        #expect(try table.texts("name") == ["H20 node"])
        let link = try #require(try table.table("link"))
        #expect(try link.number("latency") == 5e-6)
        #expect(try link.table("inner")?.number("bandwidth") == 9e11)
        let stages = try table.tables("stages")
        #expect(try stages.map { try $0.number("slowdown") } == [1, 2])
        #expect(try stages.map { try $0.line("name", default: "a") } == ["a", "b"])
        try table.allow(
            "name", "devices", "memory", "share", "quoted", "none", "on", "kind", "sizes", "link",
            "stages")
    }

    @Test("what is not there, or has no value, takes the default")
    func whatIsNotThereTakesTheDefault() throws {
        let table = try SettingsTable(yaml: Self.sample, file: "node.yaml")
        for key in ["none", "absent"] {
            #expect(!table.contains(key))
            #expect(try table.number(key, default: 3) == 3)
            #expect(try table.integer(key, default: 4, in: 1...9) == 4)
            #expect(try table.line(key, default: "x") == "x")
            #expect(try table.flag(key, default: true))
            #expect(try table.choice(key, default: Kind.fp8) == .fp8)
            #expect(try table.numbers(key) == nil)
            #expect(try table.texts(key) == nil)
            #expect(try table.table(key) == nil)
            #expect(try table.tables(key).isEmpty)
        }
        #expect(try SettingsTable(yaml: "# nothing\n", file: "f").keys.isEmpty)
        #expect(try SettingsTable(yaml: "", file: "f").keys.isEmpty)
        #expect(try SettingsTable(yaml: "---\n...\n", file: "f").keys.isEmpty)
    }

    private static let refusals:
        [(message: String, read: @Sendable (SettingsTable) throws(SettingsError) -> Void)] = [
            (
                "node.yaml:4: 'memory' must be above 0 and at most 5, got '96e9'",
                { table throws(SettingsError) in _ = try table.number("memory", above: 0, to: 5) }
            ),
            (
                "node.yaml:2: 'name' must be a number, got 'H20 node'",
                { table throws(SettingsError) in _ = try table.number("name") }
            ),
            (
                "node.yaml:6: 'quoted' must be an integer, got the text '8'",
                { table throws(SettingsError) in _ = try table.integer("quoted", in: 0...9) }
            ),
            (
                "node.yaml:5: 'share' must be an integer, got '0.75'",
                { table throws(SettingsError) in _ = try table.integer("share", in: 0...9) }
            ),
            (
                "node.yaml:3: 'devices' must be an integer from 1 to 4, got '8'",
                { table throws(SettingsError) in _ = try table.integer("devices", in: 1...4) }
            ),
            (
                "node.yaml: 'absent' is missing",
                { table throws(SettingsError) in _ = try table.number("absent") }
            ),
            (
                "node.yaml:7: 'none' is missing",
                { table throws(SettingsError) in _ = try table.text("none") }
            ),
            (
                "node.yaml:11: 'link' must be a number, got a table",
                { table throws(SettingsError) in _ = try table.number("link") }
            ),
            (
                "node.yaml:10: 'sizes' must be a text, got a list",
                { table throws(SettingsError) in _ = try table.text("sizes") }
            ),
            (
                "node.yaml:10: 'sizes' must be numbers from 0, got '-3e2'",
                { table throws(SettingsError) in _ = try table.numbers("sizes", from: 0) }
            ),
            (
                "node.yaml:11: 'link' must be a text or a list of texts, got a table",
                { table throws(SettingsError) in _ = try table.texts("link") }
            ),
            (
                "node.yaml:9: 'kind' must be true or false, got 'bf16'",
                { table throws(SettingsError) in _ = try table.flag("kind", default: true) }
            ),
            (
                "node.yaml:2: 'name' must be one of bf16, fp8, got 'H20 node'",
                { table throws(SettingsError) in _ = try table.choice("name") as Kind }
            ),
            (
                "node.yaml:10: 'sizes' must be a table of keys and values, got a list",
                { table throws(SettingsError) in _ = try table.table("sizes") }
            ),
            (
                "node.yaml:10: 'sizes' must be a list of tables, got '1' in it",
                { table throws(SettingsError) in _ = try table.tables("sizes") }
            ),
            (
                "node.yaml:12: 'link.latency' must be above 1, got '5e-6'",
                { table throws(SettingsError) in
                    _ = try table.table("link")?.number("latency", above: 1)
                }
            ),
            (
                "node.yaml:16: 'stages[1].slowdown' must be at most 1, got '2'",
                { table throws(SettingsError) in
                    for stage in try table.tables("stages") {
                        _ = try stage.number("slowdown", to: 1)
                    }
                }
            ),
            (
                "node.yaml:12: unknown key 'link.latency'; the nearest is 'link.latencies'",
                { table throws(SettingsError) in
                    try table.table("link")?.allow("inner", "latencies")
                }
            ),
            (
                "node.yaml:12: 'link' is too slow",
                { table throws(SettingsError) in
                    if let link = try table.table("link") { throw link.error(nil, "is too slow") }
                }
            ),
        ]

    @Test("a refusal names file, line and key")
    func aRefusalNamesFileLineAndKey() {
        for (message, read) in Self.refusals { #expect(refusal(Self.sample, read) == message) }
    }

    @Test(
        "numbers that no computation can use are refused",
        arguments: [
            "nan", ".nan", "NaN", ".inf", "-.inf", "inf", "1e999", "-1e400", "0x10", "1_000",
            "1:30",
            "0o7", "1,5", "٣", "true", "", "''", "[]", "{}", "--1", "1e", ".", "+",
        ])
    func numbersThatNoComputationCanUse(text: String) {
        let message = refusal("a: \(text)") { table throws(SettingsError) in
            _ = try table.number("a")
        }
        #expect(message?.hasPrefix("node.yaml:1: 'a' ") == true)
    }

    @Test("an integer too large for any is refused")
    func anIntegerTooLargeForAny() {
        for text in ["9223372036854775808", "1e19", "-1e300", "99999999999999999999999999"] {
            let message = refusal("a: \(text)") { table throws(SettingsError) in
                _ = try table.integer("a", in: Int.min...Int.max)
            }
            #expect(message == "node.yaml:1: 'a' must be an integer, got '\(text)'")
        }
    }
}
