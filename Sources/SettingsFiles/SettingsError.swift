/// What is wrong with a file of settings, and where: one line without control characters.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// Counted from 1; nil where the whole file is meant.
    package let line: Int?
    /// Such as "'bandwidth' must be above 0, got -3".
    package let message: String

    package init(file: String, line: Int? = nil, _ message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    static func tooLong(file: String) -> SettingsError {
        SettingsError(file: file, "the file has more than \(SettingsParser.byteCountMax) bytes")
    }

    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return Self.printable("\(place): \(message)")
    }

    /// What somebody wrote, quoted and cut to a length that fits into a line.
    static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(quotedMax)
        let ending = text.unicodeScalars.dropFirst(quotedMax).isEmpty ? "" : "…"
        return "'\(printable(String(String.UnicodeScalarView(scalars))))\(ending)'"
    }

    private static let quotedMax = 60

    /// With control characters escaped, so that it is one line that no terminal obeys.
    package static func printable(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { line, scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                line += scalar.escaped(asASCII: true)
            default:
                line.unicodeScalars.append(scalar)
            }
        }
    }
}
