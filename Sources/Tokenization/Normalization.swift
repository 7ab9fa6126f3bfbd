@_spi(_Unicode) import Swift

/// Unicode's normalization form C, as the reference has it.
///
/// This asks the standard library, which offers it under an SPI name; Foundation's
/// `precomposedStringWithCanonicalMapping` leaves U+1100 U+AC00 U+11A8 as it is. Marks are put in
/// order beforehand: the library takes quadratic time for a long run of them out of order.
enum Normalization {
    /// The version of Unicode whose tables Hugging Face's `tokenizers` normalizes with. Characters
    /// that came later neither move nor compose there.
    private static let versionMax = 9

    /// `text` is valid UTF-8.
    static func formC(_ text: ArraySlice<UInt8>) -> [UInt8] {
        // Nothing below U+0300 composes with anything or changes; its UTF-8 begins with CC.
        guard text.contains(where: { $0 >= 0xCC }) else { return Array(text) }
        var normalized: [UInt8] = []
        normalized.reserveCapacity(text.count)
        var run: [Unicode.Scalar] = []
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if isNewer(scalar) {
                append(&run, to: &normalized)
                normalized += scalar.utf8
            } else {
                run += vowelSigns(of: scalar) ?? [scalar]
            }
        }
        append(&run, to: &normalized)
        return normalized
    }

    private static func isNewer(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age else { return false }
        return age.major > versionMax
    }

    /// The parts of a Tibetan vowel sign that is not a mark itself, but two marks together. The
    /// standard library does not see the marks and leaves them out of order.
    private static func vowelSigns(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
        switch scalar {
        case "\u{F73}": ["\u{F71}", "\u{F72}"]
        case "\u{F75}": ["\u{F71}", "\u{F74}"]
        case "\u{F81}": ["\u{F71}", "\u{F80}"]
        default: nil
        }
    }

    /// Empties `run`.
    private static func append(_ run: inout [Unicode.Scalar], to normalized: inout [UInt8]) {
        guard !run.isEmpty else { return }
        orderMarks(in: &run)
        var text = String.UnicodeScalarView()
        text.append(contentsOf: run)
        for scalar in String(text)._nfc { normalized += scalar.utf8 }
        run.removeAll(keepingCapacity: true)
    }

    /// Sorts each run of marks by their combining classes, those of one class in their order.
    private static func orderMarks(in scalars: inout [Unicode.Scalar]) {
        var start = 0
        for end in 0...scalars.count {
            guard end == scalars.count || combiningClass(scalars[end]) == 0 else { continue }
            if end - start > 1 {
                scalars[start..<end].sort { combiningClass($0) < combiningClass($1) }
            }
            start = end + 1
        }
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        // Most text has no marks, and these are no marks.
        guard scalar.value >= 0x300, !(0x3100..<0xA600).contains(scalar.value) else { return 0 }
        return scalar.properties.canonicalCombiningClass.rawValue
    }
}
