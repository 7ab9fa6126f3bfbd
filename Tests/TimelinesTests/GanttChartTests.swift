import PipelineTypes
import SeededRandom
import Testing
import Timelines

@Suite("Gantt charts")
struct GanttChartTests {
    @Test("a small timeline has a row for each stage and a bar for each of its microbatches")
    func bars() throws {
        let timeline = Example.timeline([
            Example.microbatch(0, from: 0, to: 40_000, [0..<10_000, 10_000..<20_000]),
            Example.microbatch(
                1, from: 0, to: 80_000, [10_000..<40_000, 40_000..<80_000], request: 8,
                positions: 512..<1024),
        ])
        let svg = GanttChart.svg(timeline, title: "two")
        let elements = try XMLElements(svg)
        #expect(elements.count("rect") == 1 + 2 + 4 + 2, "ground, rows, bars, legend")
        // 1048 pixels for 80 µs, from pixel 82 on.
        #expect(svg.contains(#"<rect class="c0" x="82.0" y="62.0" width="130.8" height="28.0""#))
        #expect(svg.contains(#"<rect class="c1" x="606.0" y="95.6" width="523.8" height="28.0""#))
        for text in [
            "stage 0", "stage 1", "request 7", "request 8", "50.0 %", "62.5 %", "80 µs", "512",
            "microbatch 1, 512 tokens, request 8: 512..&lt;1024, 40 µs at 40 µs",
            "measured · 2 stages · 2 microbatches · 576 tokens · 80 µs · bubbles 43.8 %",
        ] {
            #expect(svg.contains(">\(text)<"), "\(text)")
        }
    }

    @Test("later positions of a request have stronger bars")
    func depth() throws {
        let timeline = Example.timeline(
            (0..<4).map { index in
                let start = Int64(index * 1000)
                return Example.microbatch(
                    UInt64(index), from: start, to: start + 1000, [start..<start + 900],
                    positions: 64 * index..<64 * index + 64)
            })
        let svg = GanttChart.svg(timeline, title: "")
        let opacities = svg.matches(of: #/fill-opacity="([0-9.]+)"/#).compactMap {
            Double($0.output.1)
        }
        #expect(opacities == [1, 0.45, 0.58, 0.72, 0.86], "the legend comes first")
    }

    @Test("any timeline under any title is well-formed and holds no script")
    func wellFormed() throws {
        let title = "</title><script>alert(\"1\")</script> & \u{0}\u{B}\u{FFFE} 'é' ]]>\n"
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            let svg = GanttChart.svg(RandomTimelines.lawless(using: &random), title: title)
            let elements = try XMLElements(svg)
            #expect(elements.count("svg") == 1 && elements.count("script") == 0, "seed \(seed)")
            #expect(elements.names.allSatisfy(XMLElements.known.contains), "seed \(seed)")
            #expect(svg.utf8.count < 1_000_000, "seed \(seed)")
        }
        _ = try XMLElements(GanttChart.svg(Timeline(source: .simulated, stageCount: 1), title: ""))
    }

    @Test(
        "however much a timeline holds, its chart stays below a megabyte",
        arguments: [(1, 30_000), (2, 1250), (3, 834), (64, 1000), (1000, 40), (65536, 1)])
    func size(stageCount: Int, microbatchCount: Int) throws {
        var random = SeededGenerator(seed: 3)
        var idleSince = [Int64](repeating: 0, count: stageCount)
        let microbatches = (0..<microbatchCount).map { index in
            let work = (0..<stageCount).map { stage in
                let began = idleSince[stage] + Int64.random(in: 0...100_000, using: &random)
                idleSince[stage] = began + Int64.random(in: 1...100_000, using: &random)
                return began..<idleSince[stage]
            }
            return Example.microbatch(
                UInt64(index), from: 0, to: work.map(\.upperBound).max() ?? 0, work,
                request: UInt64.random(in: 0...1_000_000, using: &random),
                positions: 1_000_000..<1_000_001 + index)
        }
        let svg = GanttChart.svg(Example.timeline(microbatches), title: "big")
        _ = try XMLElements(svg)
        #expect(svg.utf8.count < 1_000_000)
    }

    @Test("in cells, time that a stage computed is drawn, and time that it was idle is not")
    func cells() throws {
        // Half of the run busy, then nothing.
        let microbatches = (0..<3000).map { index in
            let start = Int64(index * 1000)
            return Example.microbatch(
                UInt64(index), from: start, to: index == 2999 ? 6_000_000 : start + 1000,
                [start..<start + 1000])
        }
        let svg = GanttChart.svg(Example.timeline(microbatches), title: "half")
        let areas = svg.matches(of: #/d="M([0-9.]+) [0-9.]+h([0-9.]+)v28\.0h-[0-9.]+z"/#)
        #expect(areas.count == 1)
        #expect(areas.first?.output.1 == "82.0" && areas.first?.output.2 == "524.0")
    }
}

/// The elements of an XML document, which is well-formed or not read at all.
private struct XMLElements {
    static let known = ["svg", "title", "style", "rect", "text", "path"]

    struct Malformed: Error {
        var what: String
    }

    private(set) var names: [String] = []

    func count(_ name: String) -> Int {
        names.count { $0 == name }
    }

    init(_ text: String) throws {
        var open: [Substring] = []
        var rest = text[...]
        let tag = #/<(/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(/?)>/#
        while let begin = rest.firstIndex(of: "<") {
            try Self.checkText(rest[..<begin])
            guard let match = rest[begin...].prefixMatch(of: tag) else {
                throw Malformed(what: "a tag: \(rest[begin...].prefix(40))")
            }
            let (_, closing, name, attributes, empty) = match.output
            try Self.checkText(attributes)
            if closing.isEmpty {
                names.append(String(name))
                if empty.isEmpty { open.append(name) }
            } else {
                guard open.popLast() == name else { throw Malformed(what: "an end of \(name)") }
            }
            rest = rest[match.range.upperBound...]
            guard !open.isEmpty || rest.allSatisfy(\.isWhitespace) else {
                throw Malformed(what: "a second root")
            }
        }
        guard open.isEmpty else { throw Malformed(what: "an open \(open)") }
    }

    private static func checkText(_ text: Substring) throws {
        for (offset, byte) in text.utf8.enumerated() where byte == UInt8(ascii: "&") {
            let entity = String(decoding: text.utf8.dropFirst(offset).prefix(6), as: UTF8.self)
            guard ["&amp;", "&lt;", "&gt;", "&quot;"].contains(where: entity.hasPrefix) else {
                throw Malformed(what: entity)
            }
        }
        let allowed = text.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
                || scalar == "\n"
        }
        guard allowed else { throw Malformed(what: "a control character") }
    }
}
