import Yams

/// A key that occurs again in its table. The parser only says where it came first.
struct RepeatedKey {
    private let key: String
    private let first: Mark

    init(_ key: String, first: Mark) {
        self.key = key
        self.first = first
    }

    /// The line where the key comes again, counted from 1: the next that begins with it in the same
    /// column, unless the table has ended by then. If there is none, as in a table in braces, the
    /// line where the key came first.
    func line(in text: String) -> Int {
        let spellings = [key, "'\(key)'", "\"\(key)\""].map { Array($0.utf8) }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated().dropFirst(first.line) {
            let words = line.drop { $0 == UInt8(ascii: " ") }
            guard let start = words.first, !"#\r".utf8.contains(start) else { continue }
            let column = line.count - words.count + 1
            guard column >= first.column else { break }
            guard column == first.column else { continue }
            let isRepeated = spellings.contains { spelling in
                words.starts(with: spelling)
                    && words.dropFirst(spelling.count).first { $0 != UInt8(ascii: " ") }
                        == UInt8(ascii: ":")
            }
            if isRepeated { return index + 1 }
        }
        return first.line
    }
}
