/// How large a JSON text may be and what it may hold beyond RFC 8259, or short of it. Without
/// options the parser takes what the RFC calls interoperable and nothing else.
package struct JSONParsingOptions: Sendable {
    /// What becomes of a key that occurs again in the same object.
    package enum RepeatedKeys: Sendable {
        case refused
        /// The last value counts, at the place of the first.
        case replaced
        /// Every member stays, for whoever reads the object to judge.
        case kept
    }

    /// What becomes of an escape that is half of a surrogate pair, which no Unicode text can hold.
    package enum LoneSurrogates: Sendable {
        case refused
        /// U+FFFD takes its place.
        case replaced
    }

    /// What becomes of a number beyond the largest double.
    package enum HugeNumbers: Sendable {
        case refused
        /// It becomes infinite, for whoever reads the field to refuse by name.
        case infinite
    }

    /// The largest `depthMax` for which parsing, comparing, writing and freeing a value fit into
    /// the stack of any thread: 512 KiB is what threads get that nobody has sized.
    package static let depthLimit = 128
    /// Longer numbers have digits that no double can tell from their absence.
    package static let numberBytesMax = 256

    /// How many arrays and objects may lie in each other.
    package let depthMax: Int
    /// Bounds the memory that a short text of many values can take.
    package var valuesMax: Int
    package var repeatedKeys: RepeatedKeys
    package var loneSurrogates: LoneSurrogates
    package var hugeNumbers: HugeNumbers
    /// Whether `NaN`, `Infinity` and `-Infinity` are numbers, as Python writes them.
    package var allowsNonFiniteNumbers: Bool
    /// Whether the text may begin with one.
    package var allowsByteOrderMark: Bool

    package init(
        depthMax: Int = 64, valuesMax: Int = 1 << 21, repeatedKeys: RepeatedKeys = .refused,
        loneSurrogates: LoneSurrogates = .refused, hugeNumbers: HugeNumbers = .refused,
        allowsNonFiniteNumbers: Bool = false, allowsByteOrderMark: Bool = false
    ) {
        precondition(depthMax <= Self.depthLimit, "deeper nesting could overflow the stack")
        self.depthMax = depthMax
        self.valuesMax = valuesMax
        self.repeatedKeys = repeatedKeys
        self.loneSurrogates = loneSurrogates
        self.hugeNumbers = hugeNumbers
        self.allowsNonFiniteNumbers = allowsNonFiniteNumbers
        self.allowsByteOrderMark = allowsByteOrderMark
    }
}
