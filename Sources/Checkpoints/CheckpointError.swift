/// Why a checkpoint, or one part of it, cannot be used. Its description is one line.
package struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Problem: Hashable, Sendable {
        /// The operating system refused; `reason` is its own text.
        case unreadable(reason: String)
        /// The file ends before something that it announces.
        case truncated(expected: String, fileSize: Int)
        /// The file contradicts itself or its format.
        case malformed(expected: String, found: String)
        /// The file may be sound, but this reader has no support for it.
        case unsupported(expected: String, found: String)
        /// Something that was asked for is not there.
        case missing
        /// Something that must be unique is there twice.
        case duplicate
    }

    package let file: String
    /// The tensor, metadata key or section at fault; nil if it is the file as a whole.
    package let subject: String?
    package let problem: Problem

    package init(file: String, subject: String? = nil, _ problem: Problem) {
        self.file = file
        self.subject = subject
        self.problem = problem
    }

    package var description: String {
        let place = [file, subject].compactMap { $0.map(printable) }.joined(separator: ": ")
        return "\(place): \(problem)"
    }
}

extension CheckpointError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let reason):
            "cannot be read: \(printable(reason))"
        case .truncated(let expected, let fileSize):
            "expected \(printable(expected)), the file ends at byte \(fileSize)"
        case .malformed(let expected, let found):
            "expected \(printable(expected)), found \(printable(found))"
        case .unsupported(let expected, let found):
            "not supported: found \(printable(found)), expected \(printable(expected))"
        case .missing:
            "missing"
        case .duplicate:
            "appears more than once"
        }
    }
}

/// Text from a file, made fit for one line of an error: control characters escaped, length bounded.
func printable(_ text: String) -> String {
    let scalarsMax = 200
    var line = ""
    for scalar in text.unicodeScalars.prefix(scalarsMax) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            line += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            line.unicodeScalars.append(scalar)
        }
    }
    return text.unicodeScalars.dropFirst(scalarsMax).isEmpty ? line : line + "…"
}
