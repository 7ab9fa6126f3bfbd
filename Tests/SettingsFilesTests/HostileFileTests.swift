import Foundation
import SeededRandom
import SettingsFiles
import Testing

@Suite("files that are no settings")
struct HostileFileTests {
    private static func refusal(_ yaml: String) -> String? {
        do throws(SettingsError) {
            _ = try SettingsTable(yaml: yaml, file: "f")
            return nil
        } catch {
            return error.description
        }
    }

    private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
        (0..<count).map(line).joined(separator: "\n")
    }

    @Test(
        "what is no table of keys and values is refused in one line",
        arguments: [
            ("- 1\n- 2", "f:1: the file must hold keys and values, not a list"),
            ("just text", "f:1: the file must hold keys and values, not 'just text'"),
            ("a: 1\nb: 2\na: 3", "f:3: 'a' occurs twice"),
            ("x:\n  'a': 1\n  a: 3", "f:3: 'a' occurs twice"),
            ("- a: 1\n  b: 2\n  a: 3", "f:3: 'a' occurs twice"),
            ("x:\n  a: |\n    a: 1\n  y: {a: 2}\n\n  # a: 3\n  \"a\" : 4", "f:7: 'a' occurs twice"),
            ("x: {a: 1, a: 2}\na: 3", "f:1: 'a' occurs twice"),
            ("a: 1\r\nb: 2\r\n\r\na: 3\r\n", "f:4: 'a' occurs twice"),
            ("[a]: 1", "f:1: a key must be plain text"),
            ("? {a: 1}\n: 1", "f:1: a key must be plain text"),
            ("a: 1\n---\nb: 2", "f:2: not YAML: but found another document"),
            ("a: &x 1", "f:1: anchors and aliases are not supported"),
            ("a: &x [1]\nb: *x", "f:1: anchors and aliases are not supported"),
            ("a: &x {b: 1}", "f:1: anchors and aliases are not supported"),
            ("&x a: 1", "f:1: a key must be plain text"),
            ("a: 1\nb: *x", "f:2: not YAML: found undefined alias"),
        ])
    func whatIsNoTable(yaml: String, message: String) {
        #expect(Self.refusal(yaml) == message)
    }

    @Test(
        "broken syntax is told with its line",
        arguments: [
            "a: 1\nb: [1", "a: 1\nb: 'x", "a: 1\n\tb: 2", "a: 1\nb: }", "a: 1\nb: \"\\q\"",
            "a: 1\nb: \u{1}", "a: 1\n- b", "a: 1\nb: @x", "a: 1\nb: !<x", "é: 1\nb: \u{0}",
        ])
    func brokenSyntax(yaml: String) throws {
        let message = try #require(Self.refusal(yaml))
        #expect(message.contains("not YAML"), "\(message)")
        #expect(message.hasPrefix("f:"), "\(message)")
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 })
    }

    @Test("keys and values are cut and freed of control characters before they are shown")
    func keysAndValuesAreCut() throws {
        let message = try #require(
            {
                do throws(SettingsError) {
                    let yaml = "\"a\\n\\e\(String(repeating: "k", count: 500))\": 1"
                    try SettingsTable(yaml: yaml, file: "f").allow("b")
                    return nil as String?
                } catch {
                    return error.description
                }
            }())
        #expect(message.count < 120)
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 })
    }

    @Test("aliases of aliases are refused before they are followed", .timeLimit(.minutes(1)))
    func aliasesOfAliases() {
        let bomb = Self.lines(40) { level in
            let references = level == 0 ? "lol" : "*a\(level - 1)"
            let list = (0..<9).map { _ in references }.joined(separator: ", ")
            return "a\(level): &a\(level) [\(list)]"
        }
        #expect(Self.refusal(bomb) == "f:3: aliases are not supported")
        // As keys, which are compared by all they stand for.
        let keys = Self.lines(40) { level in
            level == 0 ? "? &a0 x\n: 1" : "? &a\(level) [*a\(level - 1), *a\(level - 1)]\n: 1"
        }
        #expect(Self.refusal(keys)?.hasSuffix("aliases are not supported") == true)
    }

    @Test("deep nesting of any kind is refused, on a small stack too")
    func deepNesting() async {
        let deep = 5000
        let texts = [
            "a: " + String(repeating: "[", count: deep),
            "a: " + String(repeating: "{a: ", count: deep),
            String(repeating: "- ", count: deep) + "1",
            String(repeating: "? ", count: deep) + "1",
            Self.lines(1000) { String(repeating: " ", count: $0) + "a:" },
            "a: " + Self.lines(deep) { _ in "[" },
            "a: " + String(repeating: "[", count: 50) + String(repeating: "]", count: 50),
        ]
        let refusals = await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: texts.map(Self.refusal)) }
            thread.stackSize = 512 << 10
            thread.start()
        }
        for refusal in refusals {
            #expect(refusal?.contains("tables and lists are nested too deep") == true)
        }
    }

    @Test("a file of megabytes is refused")
    func aFileOfMegabytes() {
        let text = Self.lines(200_000) { "key\($0): 1" }
        #expect(Self.refusal(text) == "f: the file has more than 1048576 bytes")
    }

    @Test("garbage ends in a table or an error", arguments: 0..<40)
    func garbage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let sample = """
            name: "a \\x41 'b'"   # text
            list: [1, 2e3, {a: b, c: [~, null]}]
            block: |
              some text
            tables:
              - a: 1
                b: &x yes
              - {c: *x, ? d : !!int "3"}
            ... 
            """
        let alphabet = Array("[]{}:,-?&*!|>'\"%@`# \n\tab019.\\\u{0}\u{FEFF}é".utf8) + [0xFF, 0xC0]
        for _ in 0..<60 {
            var bytes = Array(sample.utf8)
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                if Bool.random(using: &random) {
                    bytes[place] = byte
                } else {
                    bytes.insert(byte, at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let message = Self.refusal(text) {
                #expect(
                    message.hasPrefix("f") && message.count < 300,
                    "seed \(seed): \(message) for \(text.debugDescription)")
            }
        }
    }

    @Test("a file is read, and what is no text or is not there is refused")
    func aFileIsRead() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "a.yaml").path()
        try Data("a: 1\n".utf8).write(to: URL(filePath: path))
        #expect(try SettingsTable(contentsOf: path).number("a") == 1)
        try Data([0x61, 0x3A, 0xFF, 0xFE, 0x00]).write(to: URL(filePath: path))
        #expect(throws: SettingsError(file: path, "the file is not text in UTF-8")) {
            try SettingsTable(contentsOf: path)
        }
        let tooLong = SettingsError(
            file: "/dev/zero", "the file has more than 1048576 bytes")
        #expect(throws: tooLong) { try SettingsTable(contentsOf: "/dev/zero") }
        #expect(throws: SettingsError(file: folder.path(), "the file cannot be read")) {
            try SettingsTable(contentsOf: folder.path())
        }
        #expect(throws: SettingsError(file: "/nowhere.yaml", "the file cannot be read")) {
            try SettingsTable(contentsOf: "/nowhere.yaml")
        }
    }
}
