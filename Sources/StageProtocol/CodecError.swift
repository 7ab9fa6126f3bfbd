/// Why bytes from another process are not the message that they claim to be.
package enum CodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes end before the message does.
    case truncated(wanted: Int, remaining: Int)
    /// The message ends before the bytes do.
    case trailingBytes(Int)
    /// A number is outside what its field may hold.
    case outOfRange(String)
    case unknownKind(UInt8)
    case notUTF8
    /// The parts do not belong together.
    case inconsistent(String)

    package var description: String {
        switch self {
        case .truncated(let wanted, let remaining):
            "a message ends \(remaining) bytes on where \(wanted) were expected"
        case .trailingBytes(let count):
            "a message is followed by \(count) bytes that do not belong to it"
        case .outOfRange(let field):
            "a message's \(field) is out of range"
        case .unknownKind(let kind):
            "a message has the unknown kind \(kind)"
        case .notUTF8:
            "a message has a text that is not UTF-8"
        case .inconsistent(let what):
            "a message contradicts itself: \(what)"
        }
    }
}
