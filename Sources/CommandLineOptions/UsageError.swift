/// A command line that cannot be carried out: one line for standard error, and exit status 2.
package struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line without control characters, at most a few hundred characters long.
    package let message: String

    package static let exitStatus: Int32 = 2

    /// Longer messages are cut: what a user typed may be of any length.
    private static let lengthMax = 400

    package init(_ message: String) {
        var line = ""
        for scalar in message.unicodeScalars.prefix(Self.lengthMax) {
            let isControl = scalar.properties.generalCategory == .control
            line += isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
        if message.unicodeScalars.count > Self.lengthMax { line += "…" }
        self.message = line
    }

    package var description: String {
        message
    }
}
