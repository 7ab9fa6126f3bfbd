import PipelineTypes
import StageProtocol
import Testing

@Suite("messages between stages")
struct StageMessageTests {
    @Test("a message comes back as it was written, with aligned activations")
    func roundTrip() throws {
        for seed in 0..<100 as Range<UInt64> {
            var random = RandomMessages(seed: seed)
            let written = Written(&random)
            let content = try MessageContent(reading: written.buffer)
            #expect(content.layout == written.layout, "seed \(seed)")
            #expect(content.microbatch == written.microbatch, "seed \(seed)")
            #expect(content.timings == written.timings, "seed \(seed)")
            #expect(content.layout.activationOffset % 64 == 0)
            #expect(written.buffer.byteCount == content.layout.byteCount)
        }
    }

    @Test("damaged messages never trap, and never claim more than the buffer holds")
    func damage() {
        var refused = 0
        for seed in 0..<3000 as Range<UInt64> {
            var random = RandomMessages(seed: seed)
            var written = Written(&random)
            let reach = random.coin() ? 64 : written.buffer.byteCount
            for _ in 0..<random.number(1..<5) {
                let position = random.number(0..<reach)
                let value = UInt8(random.number(0..<256))
                written.buffer.withMutableElements(UInt8.self, at: position, count: 1) {
                    $0[0] = value
                }
            }
            do {
                let content = try MessageContent(reading: written.buffer)
                #expect(content.layout.byteCount == written.buffer.byteCount, "seed \(seed)")
            } catch {
                refused += 1
            }
        }
        #expect(refused > 300)
    }

    @Test("lengths that would overflow are refused")
    func hugeLengths() {
        for field in 0..<4 {
            var random = RandomMessages(seed: 1)
            var written = Written(&random)
            written.buffer.withMutableElements(UInt8.self, at: 9 + 8 * field, count: 8) { bytes in
                for index in 0..<8 { bytes[index] = index == 7 ? 0x7F : 0xFF }
            }
            #expect(throws: CodecError.self) { try MessageContent(reading: written.buffer) }
        }
    }

    @Test("bfloat16 is the nearest, ties to even, and keeps what is not a number")
    func bfloat16() {
        #expect(BFloat16.bits(rounding: 1) == 0x3F80)
        #expect(BFloat16.bits(rounding: Float(bitPattern: 0x3F80_8000)) == 0x3F80)
        #expect(BFloat16.bits(rounding: Float(bitPattern: 0x3F81_8000)) == 0x3F82)
        #expect(BFloat16.bits(rounding: .greatestFiniteMagnitude) == 0x7F80)
        #expect(BFloat16.float(BFloat16.bits(rounding: -.infinity)) == -.infinity)
        #expect(BFloat16.float(BFloat16.bits(rounding: Float(bitPattern: 0x7F80_0001))).isNaN)
        #expect(BFloat16.float(BFloat16.bits(rounding: -.nan)).isNaN)
        var random = RandomMessages(seed: 3)
        for _ in 0..<10_000 {
            let value = Float.random(in: -1000...1000, using: &random.generator)
            let bits = BFloat16.bits(rounding: value)
            let error = abs(BFloat16.float(bits) - value)
            #expect(abs(BFloat16.float(bits &+ 1) - value) >= error)
            #expect(abs(BFloat16.float(bits &- 1) - value) >= error)
        }
    }

    @Test("addresses and identities read back; others are refused")
    func identities() {
        for address in [ControlAddress.unix(path: "/a b/c"), .tcp(host: "::1", port: 80)] {
            #expect(ControlAddress(address.description) == address)
        }
        for text in ["", "unix:", "tcp:host", "tcp::80", "tcp:host:99999", "http://x"] {
            #expect(ControlAddress(text) == nil, "\(text)")
        }
        let environment = [
            StageIdentity.addressVariable: "unix:/x", StageIdentity.secretVariable: "s",
            StageIdentity.stageVariable: "3",
        ]
        let identity = StageIdentity(address: .unix(path: "/x"), secret: "s", stage: 3)
        #expect(StageIdentity(environment: environment) == identity)
        for name in environment.keys.sorted() {
            #expect(StageIdentity(environment: environment.filter { $0.key != name }) == nil)
        }
    }

    /// A written message with what went into it; its activations are arbitrary.
    struct Written: ~Copyable {
        let microbatch: Microbatch
        let timings: [StageTiming]
        let layout: MessageLayout
        var buffer: MessageBuffer

        init(_ random: inout RandomMessages) {
            microbatch = random.microbatch()
            timings = random.list(0..<4) { $0.timing() }
            var writer = ByteWriter()
            writer.append(microbatch)
            layout = MessageLayout(
                microbatchByteCount: writer.bytes.count, timingCount: timings.count,
                rows: microbatch.tokenCount, hiddenSize: random.number(1..<40),
                activationType: random.coin() ? .float32 : .bfloat16)
            buffer = MessageBuffer(byteCount: layout.byteCount)
            layout.write(microbatch: writer.bytes, timings: timings, into: &buffer)
        }
    }
}
