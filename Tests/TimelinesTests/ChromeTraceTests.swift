import PipelineTypes
import SeededRandom
import Testing
import Timelines

@Suite("Traces in Chrome's format")
struct ChromeTraceTests {
    static let example = Timeline(
        source: .paced, stageCount: 2, microbatchesInFlightMax: 3,
        microbatches: [
            MicrobatchSpan(
                id: MicrobatchID(4), dispatched: Instant(nanoseconds: 5_000_000_001),
                completed: Instant(nanoseconds: 5_000_123_456),
                chunks: [
                    ChunkSpan(request: RequestID(7), positions: 256..<512),
                    ChunkSpan(request: RequestID(9), positions: 40..<41),
                ],
                stages: [
                    StageTiming(
                        received: Instant(nanoseconds: 5_000_000_800),
                        computeBegan: Instant(nanoseconds: 5_000_001_001),
                        computeEnded: Instant(nanoseconds: 5_000_050_000),
                        sendWaitNanoseconds: 17),
                    StageTiming(
                        received: Instant(nanoseconds: 5_000_059_998),
                        computeBegan: Instant(nanoseconds: 5_000_060_000),
                        computeEnded: Instant(nanoseconds: 5_000_060_000),
                        sendWaitNanoseconds: 0),
                ])
        ], droppedCount: 2)

    static let text = """
        {"displayTimeUnit":"ms","otherData":{"format":"penstock timeline","version":1,\
        "source":"paced","stages":2,"microbatchesInFlightMax":3,"droppedMicrobatches":2,\
        "originNanoseconds":5000000001},"traceEvents":[
        {"ph":"M","pid":0,"name":"process_name","args":{"name":"penstock (paced)"}},
        {"ph":"M","pid":0,"name":"thread_name","tid":0,"args":{"name":"microbatches in flight"}},
        {"ph":"M","pid":0,"name":"thread_name","tid":1,"args":{"name":"stage 0"}},
        {"ph":"M","pid":0,"name":"thread_name","tid":2,"args":{"name":"stage 1"}},
        {"ph":"b","pid":0,"tid":0,"ts":0.000,"cat":"microbatch","name":"microbatch","id":4,\
        "args":{"tokens":257,"chunks":[[7,256,512],[9,40,41]]}},
        {"ph":"X","pid":0,"tid":1,"ts":1.000,"dur":48.999,"cat":"compute","args":{"microbatch":4,\
        "arrived":0.799,"sendWait":0.017,"tokens":257,"chunks":"7: 256..<512, 9: 40..<41"},\
        "name":"request 7"},
        {"ph":"X","pid":0,"tid":2,"ts":59.999,"dur":0.000,"cat":"compute","args":{"microbatch":4,\
        "arrived":59.997,"sendWait":0.000,"tokens":257,"chunks":"7: 256..<512, 9: 40..<41"},\
        "name":"request 7"},
        {"ph":"e","pid":0,"tid":0,"ts":123.455,"cat":"microbatch","name":"microbatch","id":4}
        ]}

        """

    @Test("a trace has an event for each microbatch on each stage, and the same text every time")
    func writes() {
        #expect(ChromeTrace.text(Self.example) == Self.text)
    }

    @Test("the timeline of any pipeline comes back exactly")
    func roundTrip() throws {
        for seed in UInt64(0)..<1000 {
            var random = SeededGenerator(seed: seed)
            let timeline = RandomTimelines.lawful(using: &random)
            let text = ChromeTrace.text(timeline)
            #expect(try ChromeTrace.parse(text) == timeline, "seed \(seed)")
        }
    }

    @Test("what no pipeline can have done comes back exactly or not at all")
    func lawless() {
        var refusals = 0
        for seed in UInt64(0)..<500 {
            var random = SeededGenerator(seed: seed)
            let timeline = RandomTimelines.lawless(using: &random)
            do {
                let read = try ChromeTrace.parse(ChromeTrace.text(timeline))
                #expect(read == timeline, "seed \(seed)")
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 300)
    }

    @Test("nanoseconds survive for a hundred days, from any origin")
    func longRuns() throws {
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            let origin = Int64.random(in: -1 << 60...1 << 60, using: &random)
            let end = ChromeTrace.spanNanosecondsMax - Int64.random(in: 0..<1 << 40, using: &random)
            let timeline = Example.timeline([
                Example.microbatch(
                    3, from: origin, to: origin + end, [origin + end - 999..<origin + end - 1])
            ])
            #expect(try ChromeTrace.parse(ChromeTrace.text(timeline)) == timeline, "seed \(seed)")
        }
        let longer = Example.timeline([
            Example.microbatch(3, from: 0, to: ChromeTrace.spanNanosecondsMax + 1_000_000, [1..<2])
        ])
        #expect(throws: TraceError.self) { try ChromeTrace.parse(ChromeTrace.text(longer)) }
    }

    @Test("a long trace comes in pieces that are not long")
    func pieces() throws {
        let microbatches = (0..<20_000).map { index in
            let start = Int64(index)
            return Example.microbatch(
                UInt64(index), from: start, to: start + 1, [start..<start + 1])
        }
        let timeline = Example.timeline(microbatches)
        var bytes: [UInt8] = []
        var pieces: [Int] = []
        ChromeTrace.write(timeline) { piece in
            bytes += piece
            pieces.append(piece.count)
        }
        #expect(pieces.count > 3 && pieces.allSatisfy { $0 < 2 << 20 })
        #expect(try ChromeTrace.timeline(of: bytes) == timeline)
    }

    @Test("a trace may be formatted anew, sorted, and hold events of others")
    func foreign() throws {
        var lines = Self.text.split(separator: "\n")
        let head = lines.removeFirst()
        lines.removeLast()
        let events = lines.map { $0.hasSuffix(",") ? $0.dropLast() : $0 }
        let others = [
            #"{"ph":"C","pid":9,"ts":1,"name":"memory","args":{"bytes":1e3}}"#,
            #"{"ph":"X","pid":9,"tid":"main","ts":-1,"dur":"long","cat":"theirs"}"#,
            #"{"ph":"b","id":"0x1"}"#,
        ]
        let shuffled = (events.reversed().map(String.init) + others).joined(separator: " ,\n\n  ")
        let members = head.dropFirst().split(separator: ",\"traceEvents\"")[0]
        let text = "\u{FEFF} { \"traceEvents\" : [ \(shuffled) ] ,\"more\":[{}],\(members) }"
        #expect(try ChromeTrace.parse(text) == Self.example)
    }

    @Test(
        "what is malformed is refused in a line that says what and where",
        arguments: [
            (
                "",
                "line 1: a trace of Penstock is a JSON object with 'otherData' and 'traceEvents'"
            ),
            (
                "\n[]",
                "line 2: a trace of Penstock is a JSON object with 'otherData' and 'traceEvents', "
                    + "this is a list"
            ),
            (
                #"{"traceEvents":[],"traceEvents":[]}"#,
                "line 1: not JSON: the key \"traceEvents\" occurs twice in one object"
            ),
            ("{}", "'otherData' is missing: this is no trace of Penstock"),
            (#"{"traceEvents":{}}"#, "line 1: 'traceEvents' must be a list"),
            (
                #"{"otherData":{"format":"penstock timeline","version":1,"source":"paced","#
                    + #""stages":2,"droppedMicrobatches":0,"originNanoseconds":0}}"#,
                "'traceEvents' is missing"
            ),
            (#"{"otherData":3}"#, "line 1: otherData must be an object"),
            (
                #"{"otherData":{}}"#,
                "line 1: 'format' of otherData must be a string, which is missing"
            ),
        ])
    func refusals(text: String, message: String) {
        #expect(refusal(text) == message)
    }

    @Test(
        "each part of a trace is checked",
        arguments: [
            ("\"version\":1", "\"version\":2", 1, "'version' of otherData must be an integer"),
            ("paced\",", "guessed\",", 1, "must be one of measured, paced, simulated"),
            ("\"stages\":2", "\"stages\":0", 1, "'stages' of otherData must be an integer from 1"),
            ("\"stages\":2", "\"stages\":4097", 1, "must be an integer from 1 to 4096, got 4097"),
            ("\"stages\":2", "\"stages\":1", 8, "stage 1 does not exist: 'stages' is 1"),
            ("\"stages\":2", "\"stages\":3", 6, "has 2 events of stages, there are 3 stages"),
            ("\"stages\":2", "\"stages\":1e9", 1, "got 1000000000.0"),
            ("5000000001", "9223372036854775807", 1, "'originNanoseconds' of otherData must be"),
            ("InFlightMax\":3", "InFlightMax\":-1", 1, "must be an integer from 1"),
            ("\"ts\":0.000", "\"ts\":\"0\"", 6, "'ts' of the event must be a number, got \"0\""),
            ("\"ts\":0.000,", "", 6, "'ts' of the event must be a number, which is missing"),
            ("\"ts\":0.000", "\"ts\":1e300", 6, "'ts' of the event is more than 100 days"),
            ("\"ts\":0.000", "\"ts\":-0.001", 6, "'ts' of the event must be at least 0"),
            ("\"ts\":0.000", "\"ts\":0.8", 7, "stage 0 computes microbatch 4 before its dispatch"),
            ("\"ts\":1.000", "\"ts\":0.700", 7, "stage 0 computes microbatch 4 before it arrives"),
            ("\"ts\":59.999", "\"ts\":49.998", 8, "before stage 0 is done with it"),
            ("\"ts\":59.999", "\"ts\":123.456", 8, "microbatch 4 beyond its completion"),
            ("\"arrived\":0.799", "\"arrived\":1e12", 7, "before it arrives"),
            ("\"sendWait\":0.017", "\"sendWait\":1e12", 7, "beyond its completion"),
            ("{\"tokens\":257", "{\"tokens\":258", 6, "must be 257, as its chunks have, got 258"),
            (
                "\"sendWait\":0.017,\"tokens\":257", "\"sendWait\":0.017,\"tokens\":258", 7,
                "stage 0 computes microbatch 4 with 258 tokens, its chunks have 257"
            ),
            (
                "\"sendWait\":0.017,\"tokens\":257", "\"sendWait\":0.017,\"tokens\":-1", 7,
                "'tokens' of 'args' of the event must be an integer from 0"
            ),
            ("\"ts\":0.000", "\"ts\":200", 9, "is completed before it is dispatched"),
            ("\"dur\":48.999", "\"dur\":-1", 7, "'dur' of the event must be at least 0, got -1"),
            ("\"sendWait\":0.017,", "", 7, "'sendWait' of 'args' of the event must be a number"),
            ("[7,256,512]", "[7,512,512]", 6, "must be triples of request, first position and"),
            ("[7,256,512]", "[7,256,512,1]", 6, "must be triples"),
            ("[7,256,512]", "[7,256]", 6, "must be triples"),
            ("[7,256,512]", "[7,0,9223372036854775807]", 6, "must be triples"),
            ("[7,256,512]", "[-7,256,512]", 6, "must be triples"),
            ("\"tid\":2,\"ts\"", "\"tid\":1,\"ts\"", 8, "stage 0 computes microbatch 4 twice"),
            ("\"tid\":2,\"ts\"", "\"tid\":0,\"ts\"", 8, "'tid' of the event must be an integer"),
            ("\"microbatch\":4", "\"microbatch\":5", 7, "microbatch 5 is never dispatched"),
            ("{\"ph\":\"e\"", "{\"ph\":\"n\"", 6, "microbatch 4 is never completed"),
            ("{\"ph\":\"e\"", "{\"ph\":\"b\"", 9, "'args' of the event must be an object"),
            ("{\"ph\":\"b\"", "{\"ph\":\"e\"", 6, "microbatch 4 is completed, never dispatched"),
            ("{\"ph\":\"b\"", "{\"ph\":7", 6, "'ph' of the event must be a string, got 7"),
            ("{\"ph\":\"b\"", "{\"ph\":\"b\",\"ph\":\"b\"", 6, "the key \"ph\" occurs twice"),
            ("\"id\":4}\n", "\"id\":-4}\n", 9, "'id' of the event must be an integer from 0"),
            ("\n]}\n", "\n]}\n}", 11, "unexpected text after the value"),
            ("\n]}\n", "\n]", 10, "expected ',' or '}'"),
        ])
    func parts(part: String, replacement: String, line: Int, message: String) throws {
        let place = try #require(Self.text.firstRange(of: part))
        var text = Self.text
        text.replaceSubrange(place, with: replacement)
        let refusal = try #require(self.refusal(text))
        #expect(refusal.hasPrefix("line \(line): ") && refusal.contains(message), "\(refusal)")
        #expect(!refusal.contains("\n"))
    }

    @Test("microbatches that overlap on a stage, or are not in order, are refused")
    func disorder() throws {
        let overlapping = Example.timeline([
            Example.microbatch(1, from: 0, to: 40, [0..<10, 20..<30]),
            Example.microbatch(2, from: 0, to: 50, [9..<19, 30..<40]),
        ])
        #expect(
            refusal(ChromeTrace.text(overlapping))?.hasSuffix(
                "stage 0 computes microbatch 2 before it is done with microbatch 1") == true)
        let reversed = Example.timeline([
            Example.microbatch(2, from: 0, to: 40, [0..<10, 20..<30]),
            Example.microbatch(1, from: 50, to: 90, [50..<60, 70..<80]),
        ])
        #expect(
            refusal(ChromeTrace.text(reversed))?.hasSuffix(
                "microbatch 2 is dispatched before microbatch 1") == true)
    }

    @Test("events may come in any order")
    func anyOrder() throws {
        for seed in UInt64(0)..<100 {
            var random = SeededGenerator(seed: seed)
            let timeline = RandomTimelines.lawful(using: &random)
            let lines = ChromeTrace.text(timeline).split(separator: "\n")
            let events = lines.dropFirst().dropLast().map { line in
                line.hasSuffix(",") ? line.dropLast() : line
            }
            let shuffled = events.shuffled(using: &random).joined(separator: ",\n")
            let read = try ChromeTrace.parse("\(lines[0])\n\(shuffled)\n]}")
            #expect(read == timeline, "seed \(seed)")
        }
    }

    @Test("a microbatch that is dispatched or completed twice is refused")
    func repeated() throws {
        let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
        for (line, message) in [(5, "is dispatched twice"), (8, "is completed twice")] {
            var twice = lines
            twice[line] += lines[line].hasSuffix(",") ? "" : ","
            twice.insert(lines[line], at: line + 1)
            let refusal = try #require(self.refusal(twice.joined(separator: "\n")))
            #expect(refusal == "line \(line + 2): microbatch 4 \(message)")
        }
    }

    @Test("no trace is too broken to be refused in one line")
    func fuzz() {
        let original = Array(Self.text.utf8)
        for seed in UInt64(0)..<20_000 {
            var random = SeededGenerator(seed: seed)
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(bytes[bytes.count - 1 - place], at: place)
                default: bytes[place] = "0123456789-.eE\"{}[],:".utf8.randomElement(using: &random)!
                }
            }
            do {
                let report = BubbleReport(try ChromeTrace.timeline(of: bytes))
                #expect(report.stages.count > 0, "seed \(seed)")
            } catch {
                #expect(!error.description.contains("\n"), "seed \(seed)")
            }
        }
    }

    private func refusal(_ text: String) -> String? {
        do {
            _ = try ChromeTrace.parse(text)
            return nil
        } catch {
            return error.description
        }
    }
}
