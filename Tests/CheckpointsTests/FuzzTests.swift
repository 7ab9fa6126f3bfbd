import CheckpointFiles
import Foundation
import SeededRandom
import Testing

@testable import Checkpoints

/// Sound files, damaged in thousands of ways. Reading one either works or throws; it never traps,
/// never takes long and never allocates more than the file could justify. Each seed has a process
/// of its own, whose memory no other test uses.
@Suite("Damaged checkpoints")
struct FuzzTests {
    private static let memoryMax = 32 << 20
    private static let timeMax = Duration.seconds(2)

    @Test(
        "of GGUF open or throw, and so does each of their tensors",
        arguments: 1...6 as ClosedRange<UInt64>)
    func gguf(seed: UInt64) async {
        await #expect(processExitsWith: .success) { [seed] in
            let whole = try Fixture.bytes(seed % 3 == 0 ? "metadata.gguf" : "every-type.gguf")
            try Self.fuzz(seed: seed, rounds: 1500) { generator, folder in
                // Mostly the header: bytes behind it are values, any of which is sound.
                let damaged = Self.damage(whole, within: 1000, &generator)
                return try folder.write(damaged, to: "damaged.gguf")
            }
        }
    }

    @Test(
        "of safetensors open or throw, and so does each of their tensors",
        arguments: 7...9 as ClosedRange<UInt64>)
    func safetensors(seed: UInt64) async {
        await #expect(processExitsWith: .success) { [seed] in
            try Self.fuzzFolder(seed: seed, ["config.json", "model.safetensors"], of: "single")
        }
    }

    @Test(
        "of sharded safetensors open or throw, and so does each of their tensors",
        arguments: 10...12 as ClosedRange<UInt64>)
    func shards(seed: UInt64) async {
        await #expect(processExitsWith: .success) { [seed] in
            let names = [
                "config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
            ]
            try Self.fuzzFolder(seed: seed, names, of: "sharded")
        }
    }

    /// Damages one of the folder's files a round.
    private static func fuzzFolder(
        seed: UInt64, _ names: [String], of fixture: String
    ) throws {
        let files = try names.map { try Fixture.bytes("\(fixture)/\($0)") }
        try fuzz(seed: seed, rounds: 1500) { generator, folder in
            let victim = Int.random(in: 0..<names.count, using: &generator)
            for (index, name) in names.enumerated() {
                let bytes = files[index]
                try folder.write(
                    index == victim ? damage(bytes, within: 400, &generator) : bytes, to: name)
            }
            return folder.path
        }
    }

    /// Has `write` lay out a damaged checkpoint and reads all there is to read in it, `rounds`
    /// times. A crash leaves the checkpoint that caused it behind.
    private static func fuzz(
        seed: UInt64, rounds: Int,
        _ write: (inout SeededGenerator, TemporaryFolder) throws -> String
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let folder = try TemporaryFolder()
        let clock = ContinuousClock()
        let memoryBefore = try residentPeak()
        var opened = 0
        for round in 0..<rounds {
            let path = try write(&generator, folder)
            let time = clock.measure {
                if readEverything(path) { opened += 1 }
            }
            #expect(time < timeMax, "seed \(seed), round \(round)")
        }
        let grown = try residentPeak() - memoryBefore
        #expect(grown < memoryMax, "seed \(seed) made the process grow by \(grown) bytes")
        // Neither so little damage that all is sound nor so much that nothing is tried.
        #expect(opened > rounds / 100 && opened < rounds, "seed \(seed): \(opened) opened")
    }

    /// Whether the checkpoint opened. What its parts hold is of no interest.
    private static func readEverything(_ path: String) -> Bool {
        guard let checkpoint = try? Checkpoint.open(path: path) else { return false }
        switch checkpoint.contents {
        case .gguf(let metadata):
            for key in metadata.keys {
                guard let array = metadata.value(key)?.array else { continue }
                _ = try? array.values()
                _ = try? array.strings()
                _ = try? array.integers()
            }
        case .huggingFace(let folder):
            _ = try? folder.config.unsignedInteger("num_hidden_layers")
            _ = try? folder.config.object("rope_scaling").number("factor", in: -1e12...1e12)
        }
        for name in checkpoint.tensorNames {
            guard let tensor = try? checkpoint.tensor(named: name) else { continue }
            tensor.prefetch()
            _ = try? tensor.floats()
            _ = try? tensor.bfloat16s()
        }
        return true
    }

    /// One to four injuries: flipped bits, bytes set, numbers that lie, parts lost, repeated or cut
    /// off.
    private static func damage(
        _ whole: [UInt8], within range: Int, _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<min(range, bytes.count), using: &generator)
            switch Int.random(in: 0..<12, using: &generator) {
            case 0...4:
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 5...6:
                bytes[place] = .random(in: 0...255, using: &generator)
            case 7...8:
                let number = lies.randomElement(using: &generator) ?? 0
                let width = [1, 2, 4, 8].randomElement(using: &generator) ?? 8
                for (index, byte) in littleEndian(number).prefix(width).enumerated()
                where place + index < bytes.count {
                    bytes[place + index] = byte
                }
            case 9:
                let end = min(bytes.count, place + Int.random(in: 1...16, using: &generator))
                bytes.removeSubrange(place..<end)
            case 10:
                let end = min(bytes.count, place + Int.random(in: 1...16, using: &generator))
                bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
            default:
                let length = Int.random(in: 0..<bytes.count, using: &generator)
                bytes.removeSubrange(length...)
            }
        }
        return bytes
    }

    private static let lies: [UInt64] = [
        0, 1, 2, 31, 32, 33, 255, 256, 65_535, 65_536, 1 << 20, 1 << 24, 1 << 31, 1 << 32, 1 << 60,
        1 << 62, 1 << 63, UInt64(Int.max), .max, .max - 31,
    ]

    /// The most memory that this process has had resident so far, in bytes.
    private static func residentPeak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(
            status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        let kibibytes = try #require(Int(line.filter(\.isNumber)))
        return kibibytes << 10
    }
}
