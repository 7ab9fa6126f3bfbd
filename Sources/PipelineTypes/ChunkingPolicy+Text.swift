extension ChunkingPolicy: LosslessStringConvertible {
    /// What `init(_:)` understands, as an error names it.
    package static let grammar =
        "auto, off, fixed:SIZE or dynamic:SIZE:FACTOR, the size a multiple of \(Page.size), the "
        + "factor from 0 to 1"

    /// Reads `auto`, `off`, `fixed:4096` or `dynamic:8192:0.75`, which may be written with a comma.
    package init?(_ text: String) {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "," }
        switch (parts.first, parts.count) {
        case ("auto", 1):
            self = .automatic
        case ("off", 1):
            self = .whole
        case ("fixed", 2):
            guard let tokens = Self.tokens(parts[1]) else { return nil }
            self = .fixed(tokens: tokens)
        case ("dynamic", 3):
            guard let tokens = Self.tokens(parts[1]), let factor = Double(parts[2]),
                (0...1).contains(factor)
            else { return nil }
            self = .dynamic(tokens: tokens, smoothingFactor: factor)
        default:
            return nil
        }
    }

    package var description: String {
        switch self {
        case .automatic: "auto"
        case .whole: "off"
        case .fixed(let tokens): "fixed:\(tokens)"
        case .dynamic(let tokens, let factor): "dynamic:\(tokens):\(factor)"
        }
    }

    private static func tokens(_ text: Substring) -> Int? {
        guard let tokens = Int(text), tokens % Page.size == 0,
            (Page.size...1 << 30).contains(tokens)
        else { return nil }
        return tokens
    }
}
