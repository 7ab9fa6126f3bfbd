/// Bounds from above how deep a YAML text nests and how often it repeats parts of itself, by its
/// bytes alone: the parser is recursive and compares keys by all that they stand for, so neither
/// may be left to whoever wrote the file.
struct NestingBound {
    /// Brackets, dashes and steps of indentation within each other.
    let depthMax: Int
    let aliasesMax: Int

    private var line = 1
    private var brackets = 0
    private var aliases = 0
    /// `- ` and `? ` of this line.
    private var dashes = 0
    /// Columns at which this line and those that it lies in begin.
    private var indentations: [Int] = []
    private var column = 0
    private var isIndentation = true
    private var previous = UInt8(ascii: "\n")

    init(depthMax: Int, aliasesMax: Int) {
        self.depthMax = depthMax
        self.aliasesMax = aliasesMax
    }

    struct Excess {
        var line: Int
        var problem: String
    }

    /// The first place where a text may exceed the bounds; nil if it keeps them.
    static func excess(in text: String, depthMax: Int, aliasesMax: Int) -> Excess? {
        var bound = NestingBound(depthMax: depthMax, aliasesMax: aliasesMax)
        for byte in text.utf8 {
            bound.count(byte)
            if max(bound.brackets, bound.dashes) + bound.indentations.count > depthMax {
                return Excess(line: bound.line, problem: "tables and lists are nested too deep")
            }
            if bound.aliases > aliasesMax {
                return Excess(line: bound.line, problem: "aliases are not supported")
            }
            bound.advance(beyond: byte)
        }
        return nil
    }

    private mutating func count(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(0, brackets - 1)
        case UInt8(ascii: "*") where " \t\r\n[{,:-?".utf8.contains(previous): aliases += 1
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            if previous == UInt8(ascii: "-") || previous == UInt8(ascii: "?") { dashes += 1 }
        default: break
        }
        if isIndentation, byte != UInt8(ascii: " "), byte != UInt8(ascii: "\n") {
            isIndentation = false
            while let last = indentations.last, last >= column { indentations.removeLast() }
            indentations.append(column)
        }
    }

    private mutating func advance(beyond byte: UInt8) {
        column += 1
        previous = byte
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 0
            dashes = 0
            isIndentation = true
        }
    }
}
