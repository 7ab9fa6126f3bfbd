import PipelineTestKit
import PipelineTypes
import SeededRandom
import StageProtocol
import Testing

@Suite("messages on the control link")
struct ControlMessageTests {
    @Test("every message comes back as it was sent, however the stream is cut")
    func roundTrip() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = RandomMessages(seed: seed)
            let orders = random.list(0..<6) { $0.coordinatorMessage() }
            let reports = random.list(0..<6) { $0.stageMessage() }
            try #expect(
                Self.pass(orders, cutting: &random.generator) == orders, "seed \(seed)")
            try #expect(
                Self.pass(reports, cutting: &random.generator) == reports, "seed \(seed)")
        }
    }

    @Test("a message that is cut off is refused, wherever the cut is")
    func truncation() {
        for seed in 0..<40 as Range<UInt64> {
            var random = RandomMessages(seed: seed)
            var writer = ByteWriter()
            let microbatch = random.microbatch()
            writer.append(microbatch)
            for length in 0..<writer.bytes.count {
                var reader = ByteReader(Array(writer.bytes[..<length]))
                #expect(throws: CodecError.self, "seed \(seed), \(length) bytes") {
                    let _: Microbatch = try reader.value()
                }
            }
        }
    }

    @Test("bytes after a message are refused")
    func trailingBytes() {
        var frame = Frame(kind: CoordinatorMessage.shutDown.kind, payload: [])
        #expect(throws: Never.self) { try CoordinatorMessage(frame) }
        frame.payload = [0]
        #expect(throws: CodecError.trailingBytes(1)) { try CoordinatorMessage(frame) }
    }

    @Test("damaged messages are refused or read as others, but never trap")
    func damage() {
        var refused = 0
        for seed in 0..<3000 as Range<UInt64> {
            var random = RandomMessages(seed: seed)
            var bytes =
                random.coin()
                ? random.stageMessage().framed() : random.coordinatorMessage().framed()
            for _ in 0..<random.number(1..<6) {
                let position = random.number(0..<bytes.count)
                bytes[position] = UInt8(random.number(0..<256))
            }
            if random.coin() { bytes.removeLast(random.number(0..<bytes.count)) }
            refused += Self.readAll(bytes) ? 0 : 1
        }
        #expect(refused > 300)
    }

    @Test("random bytes never trap")
    func noise() {
        for seed in 0..<3000 as Range<UInt64> {
            var random = RandomMessages(seed: seed)
            var bytes = random.list(0..<120) { UInt8($0.number(0..<256)) }
            // Half of them with a plausible length and kind, so that payloads are reached.
            if random.coin(), bytes.count > 5 {
                bytes.replaceSubrange(0..<4, with: [UInt8(bytes.count - 4), 0, 0, 0])
                bytes[4] = [1, 2, 3, 65, 66, 67, 68, 69][random.number(0..<8)]
            }
            _ = Self.readAll(bytes)
        }
    }

    @Test("a list that claims more elements than there are bytes costs no memory")
    func lyingList() {
        var reader = ByteReader([0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4])
        #expect(throws: CodecError.truncated(wanted: 0xFFFF_FFFF * 4, remaining: 4)) {
            try reader.numbers()
        }
    }

    @Test("a frame longer than allowed is refused before it has arrived")
    func oversizedFrame() {
        var reader = FrameReader(payloadByteCountMax: 100)
        reader.append([101, 0, 0, 0][...])
        #expect(throws: Never.self) { try reader.next() }
        var strict = FrameReader(payloadByteCountMax: 99)
        strict.append([101, 0, 0, 0][...])
        #expect(throws: CodecError.outOfRange("frame length")) { try strict.next() }
        var empty = FrameReader()
        empty.append([0, 0, 0, 0][...])
        #expect(throws: CodecError.outOfRange("frame length")) { try empty.next() }
    }

    @Test(
        "a chunk that contradicts itself is refused",
        arguments: [
            Chunk(request: RequestID(1), start: 0, tokens: [], pages: []),
            Chunk(request: RequestID(1), start: 64, tokens: [1], pages: [PageID(0)]),
            Chunk(
                request: RequestID(1), start: 0, tokens: [1], pages: [PageID(0)],
                outputs: ChunkOutputs(
                    promptLogprobs: PromptLogprobStep(
                        firstRow: 1, targets: [5], selection: LogprobSelection()))),
        ])
    func contradictions(chunk: Chunk) {
        var writer = ByteWriter()
        writer.append(chunk)
        var reader = ByteReader(writer.bytes)
        #expect(throws: CodecError.self) { let _: Chunk = try reader.value() }
    }

    /// Sends messages through one stream that arrives in pieces.
    static func pass<Message: FramedMessage>(
        _ messages: [Message], cutting generator: inout SeededGenerator
    ) throws -> [Message] {
        var stream = messages.flatMap { $0.framed() }[...]
        var reader = FrameReader()
        var received: [Message] = []
        while !stream.isEmpty {
            let count = Int.random(in: 1...min(stream.count, 200), using: &generator)
            reader.append(stream.prefix(count))
            stream = stream.dropFirst(count)
            while let frame = try reader.next() { received.append(try Message(frame)) }
        }
        return received
    }

    /// Whether every frame in `bytes` is a message.
    static func readAll(_ bytes: [UInt8]) -> Bool {
        var reader = FrameReader()
        reader.append(bytes[...])
        do {
            while let frame = try reader.next() {
                if frame.kind < 64 {
                    _ = try CoordinatorMessage(frame)
                } else {
                    _ = try StageMessage(frame)
                }
            }
            return true
        } catch {
            return false
        }
    }
}
