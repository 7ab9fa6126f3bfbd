import Foundation

/// What people see of the process. Whoever reads it may go away at any time, having seen enough;
/// or the disk may be full: that is an error of what was to be printed, and nothing to the rest of
/// the process.
enum Console {
    /// Makes the standard streams safe to write to, once, before anything else: the system sends
    /// no signal when a reader has gone, and a stream that was closed is not some other file.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) == -1 {
            // The lowest free descriptor is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// A line on standard output. It is no error if its reader has gone.
    static func print(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            guard error.systemCode == EPIPE else { throw ConsoleError() }
        }
    }

    /// A line on standard error, if it can be had.
    static func complain(_ text: String) {
        writeError("penstock: " + text + "\n")
    }

    /// Text on standard error, if it can be had.
    static func writeError(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// A value as JSON, keys in order, on standard output.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

struct ConsoleError: Error, CustomStringConvertible {
    var description: String {
        "the output could not be written"
    }
}
