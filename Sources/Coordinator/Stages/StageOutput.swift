/// Cuts what `mpirun --tag-output` prints into lines and tells whose they are.
struct StageOutput {
    struct Line: Hashable {
        /// nil for lines of `mpirun` itself.
        var stage: Int?
        var text: String
    }

    /// A longer line is cut in pieces.
    private static let lineByteCountMax = 8192
    private var partial: [UInt8] = []

    /// The lines that `bytes` complete.
    mutating func append(_ bytes: ArraySlice<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || partial.count == Self.lineByteCountMax {
                lines.append(contentsOf: finish())
            }
            if byte != UInt8(ascii: "\n") { partial.append(byte) }
        }
        return lines
    }

    /// The last line, if it has no end.
    mutating func finish() -> [Line] {
        defer { partial = [] }
        let text = String(decoding: partial, as: UTF8.self)
        return text.isEmpty ? [] : [Self.line(text)]
    }

    /// Reads "[JOB,STAGE]<STREAM>:TEXT".
    private static func line(_ text: String) -> Line {
        guard text.hasPrefix("["), let comma = text.firstIndex(of: ","),
            let bracket = text[comma...].firstIndex(of: "]"),
            let stage = Int(text[text.index(after: comma)..<bracket]),
            text[bracket...].hasPrefix("]<"), let colon = text[bracket...].firstIndex(of: ":")
        else { return Line(stage: nil, text: text) }
        return Line(stage: stage, text: String(text[text.index(after: colon)...]))
    }
}

/// What was printed before the end, for a message of one line.
struct LastWords {
    private static let lineCountMax = 8
    private static let noticeLineCountMax = 5
    private var lines: [String] = []
    /// Lines since the launcher drew the line that begins a notice; nil outside of notices.
    private var noticeLineCount: Int?

    mutating func append(_ line: StageOutput.Line) {
        guard line.text.contains(where: \.isLetter) else {
            if line.text.hasPrefix("----") { noticeLineCount = noticeLineCount == nil ? 0 : nil }
            return
        }
        // Advice follows, which would drive out what was said before.
        if let count = noticeLineCount, count >= Self.noticeLineCountMax { return }
        noticeLineCount = noticeLineCount.map { $0 + 1 }
        if lines.count == Self.lineCountMax { lines.removeFirst() }
        let text = line.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        lines.append(line.stage.map { "[stage \($0)] \(text)" } ?? text)
    }

    /// Begins with a colon; empty if nothing was printed.
    var clause: String {
        lines.isEmpty ? "" : ": " + lines.joined(separator: " ")
    }
}
