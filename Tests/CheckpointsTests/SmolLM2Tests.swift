import Testing

@testable import Checkpoints

@Suite("SmolLM2-135M-Instruct as published, in Q4_1")
struct SmolLM2Tests {
    /// FNV-1a over the values' bits, a word a step, as the script that made the fixture computes
    /// it.
    private static func digest(_ values: [Float]) -> String {
        var state: UInt64 = 0xcbf2_9ce4_8422_2325
        for value in values {
            state = (state ^ UInt64(value.bitPattern)) &* 0x100_0000_01b3
        }
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @Test("every tensor has the name, type, shape and values that gguf-py finds")
    func tensors() throws {
        let checkpoint = try Checkpoint.open(path: Fixture.smolLM2)
        let lines = try Fixture.text("smollm2-rows.txt").split(separator: "\n")
        #expect(checkpoint.tensorNames.count == lines.count)
        for (name, line) in zip(checkpoint.tensorNames, lines) {
            let tensor = try checkpoint.tensor(named: name)
            let shape = tensor.shape.map(String.init).joined(separator: "x")
            let rows = [0, tensor.rows / 2, tensor.rows - 1]
            let digest = Self.digest(try rows.flatMap { try tensor.floats($0..<$0 + 1) })
            #expect(line == "\(name) \(tensor.elementType.rawValue) \(shape) \(digest)")
        }
    }

    @Test("its metadata is complete, and read without delay even by a debug build")
    func metadata() throws {
        let clock = ContinuousClock()
        var opened: Checkpoint?
        let opening = try clock.measure { opened = try Checkpoint.open(path: Fixture.smolLM2) }
        guard case .gguf(let metadata) = try #require(opened).contents else { return }
        var tokens: [String] = []
        var merges: [String] = []
        let reading = try clock.measure {
            tokens = try metadata.strings("tokenizer.ggml.tokens")
            merges = try metadata.strings("tokenizer.ggml.merges")
        }
        #expect(try metadata.string("general.architecture") == "llama")
        #expect(try metadata.unsignedInteger("llama.block_count") == 30)
        #expect(tokens.count == 49_152)
        #expect(merges.count == 48_900)
        #expect(tokens.prefix(3) == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
        #expect(opening < .seconds(1))
        #expect(reading < .seconds(1))
    }
}
