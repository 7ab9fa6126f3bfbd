/// The alphabet in which byte-level vocabularies are written: each byte is one printable
/// character, the printable ones of Latin-1 themselves, the others U+0100 and on in order (GPT-2's
/// `bytes_to_unicode`).
enum ByteAlphabet {
    private static let characterCount = 0x144

    /// The byte of each character of the alphabet, by code point; nil outside of it.
    private static let byteOfScalar: [UInt8?] = {
        var table = [UInt8?](repeating: nil, count: characterCount)
        var next = 0x100
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                table[Int(byte)] = byte
            default:
                table[next] = byte
                next += 1
            }
        }
        return table
    }()

    /// The bytes that `text` spells; nil if it has a character outside the alphabet.
    static func bytes(of text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < characterCount, let byte = byteOfScalar[Int(scalar.value)] else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
