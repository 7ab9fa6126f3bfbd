import CheckpointFiles
import Foundation
import SeededRandom
import Testing

@testable import Checkpoints

@Suite("Dequantisation")
struct DequantizationTests {
    @Test("every type gives the bits that gguf-py gives")
    func everyTypeAsReference() throws {
        let checkpoint = try Checkpoint.open(path: Fixture.path("every-type.gguf"))
        var expected = try Fixture.floats("every-type.f32")[...]
        #expect(checkpoint.tensorNames == ElementType.allCases.map { "tensor.\($0.rawValue)" })
        for name in checkpoint.tensorNames {
            let tensor = try checkpoint.tensor(named: name)
            #expect(name == "tensor.\(tensor.elementType.rawValue)")
            let values = Array(expected.prefix(tensor.rows * tensor.columns))
            expected.removeFirst(values.count)
            #expect(bits(try tensor.floats()) == bits(values), "\(name)")
            #expect(bits(try tensor.values()) == bits(values), "\(name)")
        }
        #expect(expected.isEmpty)
    }

    @Test("any rows of a tensor are those rows of the whole, in float and in bfloat16")
    func rowRanges() throws {
        let checkpoint = try Checkpoint.open(path: Fixture.path("every-type.gguf"))
        for name in checkpoint.tensorNames {
            let tensor = try checkpoint.tensor(named: name)
            let whole = try tensor.floats()
            let rounded = try tensor.bfloat16s()
            for start in 0...tensor.rows {
                for end in start...tensor.rows {
                    let slice = start * tensor.columns..<end * tensor.columns
                    #expect(bits(try tensor.floats(start..<end)) == bits(Array(whole[slice])))
                    #expect(try tensor.bfloat16s(start..<end) == Array(rounded[slice]))
                }
            }
        }
    }

    @Test("nothing is written behind the last value")
    func writesNoFurther() throws {
        let checkpoint = try Checkpoint.open(path: Fixture.path("every-type.gguf"))
        for name in checkpoint.tensorNames {
            let tensor = try checkpoint.tensor(named: name)
            var values = [Float](repeating: 42, count: tensor.rows * tensor.columns + 64)
            try values.withUnsafeMutableBufferPointer {
                try tensor.dequantize(rows: 0..<tensor.rows, into: $0)
            }
            #expect(values.suffix(64).allSatisfy { $0 == 42 })
        }
    }

    @Test("all 65536 halves widen as the hardware's type does")
    func everyHalf() {
        let patterns = UInt16.min...UInt16.max
        let widened = patterns.map { widenHalf($0) }
        let expected = patterns.map { Float(Float16(bitPattern: $0)) }
        #expect(bits(widened) == bits(expected))
    }

    @Test(
        "rounding to bfloat16 goes to the nearest, ties to even, and keeps a NaN a NaN",
        arguments: [
            (0x0000_0000, 0x0000), (0x8000_0000, 0x8000), (0x3f80_0000, 0x3f80),
            (0x3f80_7fff, 0x3f80), (0x3f80_8000, 0x3f80), (0x3f80_8001, 0x3f81),
            (0x3f81_8000, 0x3f82), (0x3f81_7fff, 0x3f81), (0xbf81_8000, 0xbf82),
            (0x7f7f_ffff, 0x7f80), (0x7f7f_7fff, 0x7f7f), (0x7f80_0000, 0x7f80),
            (0xff80_0000, 0xff80), (0x7f80_0001, 0x7fc0), (0xffff_ffff, 0xffff),
            (0x0000_8000, 0x0000), (0x0000_8001, 0x0001), (0x0001_8000, 0x0002),
        ] as [(UInt32, UInt16)])
    func rounding(bits: UInt32, expected: UInt16) {
        #expect(roundToBFloat16(Float(bitPattern: bits)) == expected)
    }

    @Test("bfloat16 output is the float output, rounded, for every type")
    func bfloat16IsRoundedFloat() throws {
        let checkpoint = try Checkpoint.open(path: Fixture.path("every-type.gguf"))
        for name in checkpoint.tensorNames {
            let tensor = try checkpoint.tensor(named: name)
            let isNaN = { (pattern: UInt16) in pattern & 0x7fff > 0x7f80 }
            let rounded = try tensor.bfloat16s().map { isNaN($0) ? 0x7fc0 : $0 }
            let expected = try tensor.floats().map {
                $0.isNaN ? 0x7fc0 : roundToBFloat16($0)
            }
            #expect(rounded == expected, "\(name)")
        }
    }

    @Test("a row longer than a strip of the rounding is rounded to its end")
    func longRows() throws {
        let folder = try TemporaryFolder()
        let columns = 5000
        var builder = GGUFBuilder()
        builder.tensors = [GGUFBuilder.tensor(dimensions: [UInt64(columns), 2])]
        let values = (0..<columns * 2).map { Float($0) * 1.37 }
        builder.data = values.flatMap { littleEndian($0.bitPattern) }
        let path = try folder.write(builder.file, to: "long.gguf")
        let tensor = try Checkpoint.open(path: path).tensor(named: "a")
        #expect(try tensor.bfloat16s() == values.map(roundToBFloat16))
        #expect(try tensor.bfloat16s(1..<2) == values[columns...].map(roundToBFloat16))
    }

    @Test("threads that decode different rows at once get what one thread gets")
    func concurrentRows() async throws {
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(seed: 11)
        var builder = GGUFBuilder()
        builder.tensors = [GGUFBuilder.tensor(dimensions: [512, 64], type: 14)]
        builder.data = (0..<64 * 2 * 210).map { _ in .random(in: 0...255, using: &generator) }
        let path = try folder.write(builder.file, to: "rows.gguf")
        let tensor = try Checkpoint.open(path: path).tensor(named: "a")
        let whole = try tensor.floats()
        try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for row in 0..<64 {
                group.addTask { (row, try tensor.floats(row..<row + 1)) }
            }
            for try await (row, values) in group {
                #expect(bits(values) == bits(Array(whole[row * 512..<row * 512 + 512])))
            }
        }
    }

    @Test("a tensor outlives its checkpoint, its file's name, and its own eviction")
    func tensorKeepsFile() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try folder?.write(Fixture.bytes("every-type.gguf"), to: "gone.gguf")
        let tensor = try Checkpoint.open(path: try #require(path)).tensor(named: "tensor.Q4_1")
        folder = nil
        let before = try tensor.floats()
        tensor.prefetch()
        tensor.prefetch(rows: 1..<2)
        tensor.evict()
        let after = try tensor.floats()
        #expect(bits(before) == bits(after))
        let expected = try Checkpoint.open(path: Fixture.path("every-type.gguf"))
            .tensor(named: "tensor.Q4_1").floats()
        #expect(bits(after) == bits(expected))
    }

    @Test("a file that was truncated after it was opened is an error, not a crash")
    func truncatedLater() throws {
        let folder = try TemporaryFolder()
        let bytes = try Fixture.bytes("every-type.gguf")
        let path = try folder.write(bytes, to: "shrinks.gguf")
        let tensor = try Checkpoint.open(path: path).tensor(named: "tensor.Q6_K")
        #expect(truncate(path, 100) == 0)
        #expect(
            throws: CheckpointError(
                file: path,
                .truncated(
                    expected: "\(bytes.count) bytes as when it was opened", fileSize: 100))
        ) {
            try tensor.floats()
        }
    }
}
