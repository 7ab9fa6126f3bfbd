/// Reads the members of an object one by one, and the elements of an array among them, so that a
/// long text need not be in memory as values all at once.
///
/// Call `nextKey` until it returns nil. After each key call either `value`, or `beginArray` and,
/// if that is true, `nextElement` until it returns nil.
package struct JSONObjectReader {
    private var parser: JSONParser
    private var isFirst = true
    private let refusesRepeatedKeys: Bool
    private var keys: Set<String> = []

    /// Opens the object. `valuesMax` of the options counts the values of the whole text.
    package init(
        _ bytes: [UInt8], _ options: JSONParsingOptions = JSONParsingOptions()
    ) throws(JSONSyntaxError) {
        parser = JSONParser(bytes, options)
        refusesRepeatedKeys = options.repeatedKeys == .refused
        if options.allowsByteOrderMark { _ = parser.takeWord("\u{FEFF}") }
        guard parser.takeAfterSpace("{") else { throw parser.unexpected(.object) }
    }

    /// Bytes of the text that have been read.
    package var offset: Int {
        parser.position
    }

    /// The key of the next member; nil at the end of the object, behind which there may be nothing.
    /// A key that occurs again is refused or, with any other option, handed out each time.
    package mutating func nextKey() throws(JSONSyntaxError) -> String? {
        if parser.takeAfterSpace("}") {
            parser.skipSpace()
            guard parser.next == nil else { throw parser.unexpected(.end) }
            return nil
        }
        guard isFirst || parser.take(",") else { throw parser.unexpected(.commaOrBrace) }
        isFirst = false
        let key = try parser.key()
        guard !refusesRepeatedKeys || keys.insert(key.text).inserted else {
            throw parser.error(.repeatedKey(key.text), at: key.position)
        }
        return key.text
    }

    /// The value of the member.
    package mutating func value() throws(JSONSyntaxError) -> JSONValue {
        try parser.value()
    }

    /// Opens the array that is the member's value; false, and nothing is read, if it is none.
    package mutating func beginArray() -> Bool {
        isFirst = parser.takeAfterSpace("[")
        return isFirst
    }

    /// The next element of the array; nil at its end.
    package mutating func nextElement() throws(JSONSyntaxError) -> JSONValue? {
        if parser.takeAfterSpace("]") {
            isFirst = false
            return nil
        }
        guard isFirst || parser.take(",") else { throw parser.unexpected(.commaOrBracket) }
        isFirst = false
        return try parser.value()
    }
}
