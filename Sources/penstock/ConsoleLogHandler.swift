import Foundation
import Logging

/// Writes each event as one line on standard error, like
/// `2026-01-31 12:00:00 warning: message, key=value`.
struct ConsoleLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = (metadataProvider?.get() ?? [:])
            .merging(metadata) { $1 }
            .merging(event.metadata ?? [:]) { $1 }
            .sorted { $0.key < $1.key }
            .map { ", \($0.key)=\($0.value)" }
            .joined()
        let time = Date.now.formatted(Self.timeFormat)
        // Messages quote what clients chose; none of them starts a line of its own.
        let text = Self.printable("\(event.message)\(details)")
        Console.writeError("\(time) \(event.level): \(text)\n")
    }

    private static let timeFormat = Date.ISO8601FormatStyle(
        dateTimeSeparator: .space, timeZone: .current
    ).year().month().day().time(includingFractionalSeconds: false)

    /// The text without control characters.
    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control
                ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }
}

extension Logger {
    /// The process's log.
    static func console(level: Logger.Level) -> Logger {
        var logger = Logger(label: "penstock") { _ in ConsoleLogHandler() }
        logger.logLevel = level
        return logger
    }
}
