import PipelineTypes

/// The tokens of a byte-level model: what bytes each id stands for, and back.
struct Vocabulary: Sendable {
    /// The bytes of each token, by id; empty where the vocabulary has a hole.
    private(set) var bytesOfToken: [[UInt8]] = []
    /// The tokens that merging bytes can lead to.
    private var byteLevel: [[UInt8]: TokenID] = [:]
    /// Tokens that no merge leads to, because their names are not written in the byte alphabet;
    /// by the UTF-8 of their names, which may equal the bytes of a byte-level token.
    private var literal: [[UInt8]: TokenID] = [:]

    /// Ids beyond this are refused, so that a hostile file cannot ask for the memory.
    static let idMax = 1 << 24

    var count: Int {
        bytesOfToken.count
    }

    /// Adds a token of the model, whose `name` is written in the byte alphabet.
    mutating func add(name: String, id: TokenID, isLiteral: Bool = false) throws(TokenizerError) {
        let replaced: TokenID?
        if !isLiteral, let bytes = ByteAlphabet.bytes(of: name) {
            guard !bytes.isEmpty else { return try place(bytes, at: id) }
            replaced = byteLevel.updateValue(id, forKey: bytes)
            try place(bytes, at: id)
        } else {
            let bytes = Array(name.utf8)
            replaced = literal.updateValue(id, forKey: bytes)
            try place(bytes, at: id)
        }
        guard replaced == nil else { throw .duplicateToken(name) }
    }

    mutating func reserve(_ count: Int) {
        bytesOfToken.reserveCapacity(count)
        byteLevel.reserveCapacity(count)
    }

    private mutating func place(_ bytes: [UInt8], at id: TokenID) throws(TokenizerError) {
        let index = Int(id)
        guard index < Self.idMax else { throw .idOutOfRange(field: "vocabulary", id: index) }
        while bytesOfToken.count <= index { bytesOfToken.append([]) }
        guard bytesOfToken[index].isEmpty else { throw .duplicateID(id) }
        bytesOfToken[index] = bytes
    }

    /// Gives an id the bytes that its text has outside the byte alphabet: what an added token
    /// stands for is its name, letter by letter.
    mutating func setText(_ text: String, of id: TokenID) throws(TokenizerError) {
        if Int(id) < count { bytesOfToken[Int(id)] = [] }
        try place(Array(text.utf8), at: id)
    }

    /// Whether the id is that of a token, and not a hole.
    func contains(_ id: TokenID) -> Bool {
        id < count && !bytesOfToken[Int(id)].isEmpty
    }

    /// The token that stands for exactly these bytes, if merges can lead to it.
    func token(ofBytes bytes: [UInt8]) -> TokenID? {
        byteLevel[bytes]
    }

    /// The token with this name, as the files of models write it.
    func token(named name: some StringProtocol) -> TokenID? {
        if let bytes = ByteAlphabet.bytes(of: name), let token = byteLevel[bytes] { return token }
        return literal[Array(name.utf8)]
    }

    /// The tokens of a merge that a file writes as two names; nil unless both of them and the two
    /// joined are tokens.
    func merge(
        _ left: Substring, _ right: Substring
    ) -> (left: TokenID, right: TokenID, token: TokenID)? {
        if let leftBytes = ByteAlphabet.bytes(of: left), let leftToken = byteLevel[leftBytes],
            let rightBytes = ByteAlphabet.bytes(of: right), let rightToken = byteLevel[rightBytes],
            let token = byteLevel[leftBytes + rightBytes]
        {
            return (leftToken, rightToken, token)
        }
        guard let leftToken = token(named: left), let rightToken = token(named: right),
            let token = token(named: left + right)
        else { return nil }
        return (leftToken, rightToken, token)
    }
}
