/// Where the coordinator listens for its stages.
package enum ControlAddress: Hashable, Sendable, LosslessStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: UInt16)

    /// Reads `unix:PATH` or `tcp:HOST:PORT`.
    package init?(_ description: String) {
        if let path = description.suffix(after: "unix:"), !path.isEmpty {
            self = .unix(path: path)
        } else if let rest = description.suffix(after: "tcp:"),
            let colon = rest.lastIndex(of: ":"), colon != rest.startIndex,
            let port = UInt16(rest[rest.index(after: colon)...])
        {
            self = .tcp(host: String(rest[..<colon]), port: port)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(host):\(port)"
        }
    }
}

extension String {
    fileprivate func suffix(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
