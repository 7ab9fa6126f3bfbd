import ChatTemplates
import Foundation

/// The files that Python's jinja2 made; see `scripts/fixtures`.
enum Fixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: path)), as: UTF8.self)
    }

    static func json(_ path: String) throws -> TemplateValue {
        try JSONReader.read(try text(path))
    }

    /// The names of the published templates, without extension.
    static func templateNames() throws -> [String] {
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "templates"), includingPropertiesForKeys: nil)
        return files.filter { $0.pathExtension == "jinja" }
            .map { $0.deletingPathExtension().lastPathComponent }.sorted()
    }

    /// The time at which the fixtures were made.
    static func clock() -> CalendarTime {
        CalendarTime(
            year: 2025, month: 3, day: 9, hour: 7, minute: 5, second: 4, microsecond: 89,
            weekday: 0, dayOfYear: 68)
    }

    /// Variables that every template is given unless the case gives them itself.
    static let commonVariables: [(String, TemplateValue)] = [
        ("add_generation_prompt", .boolean(false)), ("tools", .none), ("documents", .none),
        ("bos_token", .string("<s>")), ("eos_token", .string("</s>")),
        ("unk_token", .string("<unk>")),
    ]
}

/// How a rendering ended, as fixtures have it.
enum Outcome: Equatable, CustomStringConvertible {
    case text(String)
    case raised(String)
    /// Any other error; the fixture has Python's name for it.
    case failed(String)

    init(_ fixture: TemplateValue) {
        if let text = fixture["text"]?.text {
            self = .text(text)
        } else if let message = fixture["raised"]?.text {
            self = .raised(message)
        } else {
            self = .failed(fixture["error"]?.text ?? "")
        }
    }

    init(rendering template: ChatTemplate, _ variables: [(String, TemplateValue)]) {
        do {
            self = .text(try template.render(variables, clock: Fixtures.clock))
        } catch {
            self = error.kind == .raised ? .raised(error.reason) : .failed("\(error)")
        }
    }

    static func == (left: Outcome, right: Outcome) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)), (.raised(let left), .raised(let right)):
            left.utf8.elementsEqual(right.utf8)
        case (.failed, .failed): true
        default: false
        }
    }

    var description: String {
        switch self {
        case .text(let text): "text:\n\(text)\n"
        case .raised(let message): "raised: \(message)"
        case .failed(let error): "failed: \(error)"
        }
    }
}
