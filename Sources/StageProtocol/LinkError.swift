import Glibc

/// Why the control link cannot be used.
package enum LinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A system call failed with this `errno`.
    case system(operation: String, code: Int32)
    /// The peer went away.
    case closed
    /// The peer sent what no peer may send.
    case malformed(CodecError)

    /// The failure that `errno` tells of, read at once after the call.
    package static func last(_ operation: String) -> LinkError {
        .system(operation: operation, code: errno)
    }

    package var description: String {
        switch self {
        case .system(let operation, let code): "\(operation): \(String(cString: strerror(code)))"
        case .closed: "the control link was closed"
        case .malformed(let error): "\(error)"
        }
    }
}
