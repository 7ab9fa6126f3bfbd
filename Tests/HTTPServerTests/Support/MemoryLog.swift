import Logging
import Synchronization

/// A log that a test can read.
final class MemoryLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] {
        kept.withLock { $0 }
    }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: MemoryLog
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.kept.withLock { $0.append("\(event.message)") }
        }
    }
}
