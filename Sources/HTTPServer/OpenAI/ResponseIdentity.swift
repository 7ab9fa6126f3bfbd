import FoundationEssentials

/// What the server calls a response.
struct ResponseIdentity: Sendable {
    var id: String
    /// Seconds since 1970.
    var created: Int
    /// The model's name.
    var model: String

    init(prefix: String, model: String) {
        id = prefix + Self.randomHexadecimal()
        created = Int(Date().timeIntervalSince1970)
        self.model = model
    }

    /// 128 random bits.
    static func randomHexadecimal() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
