/// What is wrong with a trace, in one line that names the place.
package struct TraceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1; nil where the whole text is meant.
    package internal(set) var line: Int?
    package let message: String

    init(line: Int? = nil, _ message: String) {
        self.line = line
        self.message = message
    }

    package var description: String {
        line.map { "line \($0): \(message)" } ?? message
    }
}
