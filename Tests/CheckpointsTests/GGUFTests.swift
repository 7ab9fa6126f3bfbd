import CheckpointFiles
import Testing

@testable import Checkpoints

@Suite("GGUF metadata and tensor table")
struct GGUFTests {
    private static func metadata(_ name: String = "metadata.gguf") throws -> GGUFMetadata {
        let checkpoint = try Checkpoint.open(path: Fixture.path(name))
        guard case .gguf(let metadata) = checkpoint.contents else {
            throw CheckpointError(file: name, .missing)
        }
        return metadata
    }

    @Test("scalars of every type are read")
    func scalars() throws {
        let metadata = try Self.metadata()
        #expect(try metadata.unsignedInteger("scalar.uint8") == 200)
        #expect(try metadata.number("scalar.int8", in: -1e12...1e12) == -100)
        #expect(try metadata.unsignedInteger("scalar.uint16") == 60_000)
        #expect(try metadata.number("scalar.int16", in: -1e12...1e12) == -30_000)
        #expect(try metadata.unsignedInteger("scalar.uint32") == 4_000_000_000)
        #expect(try metadata.number("scalar.int32", in: -1e12...1e12) == -2_000_000_000)
        #expect(try metadata.number("scalar.float32", in: -1e12...1e12) == Double(Float(0.1)))
        #expect(try metadata.number("scalar.float64", in: -1e12...1e12) == 0.1)
        #expect(try metadata.boolean("scalar.bool"))
        #expect(try metadata.string("scalar.string") == "naïve 🙂\n")
        guard case .unsigned(let largest) = metadata.value("scalar.uint64"),
            case .signed(let smallest) = metadata.value("scalar.int64")
        else {
            Issue.record("64-bit integers were read as something else")
            return
        }
        #expect(largest == .max)
        #expect(smallest == .min)
    }

    @Test("arrays are read, of scalars, of strings and of arrays")
    func arrays() throws {
        let metadata = try Self.metadata()
        #expect(try metadata.integers("array.int32") == [1, -2, 3])
        #expect(try metadata.numbers("array.int32") == [1, -2, 3])
        #expect(try metadata.numbers("array.float32") == [0.5, -1.5])
        #expect(try metadata.array("array.bool").values().map(\.boolean) == [true, false])
        #expect(try metadata.strings("array.string") == ["Ġthe", "", "🙂"])
        #expect(try metadata.array("array.array").count == 2)
        let nested = try metadata.array("array.array").values().map { try $0.array?.integers() }
        #expect(nested == [[1, 2], [3]])
        let texts = try metadata.array("array.array.string").values().map {
            try $0.array?.strings()
        }
        #expect(texts == [["a"], ["b", "c"]])
    }

    @Test("keys are in the file's order")
    func keyOrder() throws {
        let keys = try Self.metadata().keys
        #expect(keys.prefix(3) == ["general.architecture", "scalar.uint8", "scalar.int8"])
        #expect(keys.last == "general.alignment")
    }

    @Test("a setting of the wrong kind is an error that names it")
    func wrongKinds() throws {
        let metadata = try Self.metadata()
        func message(_ body: () throws(CheckpointError) -> Void) -> String {
            do {
                try body()
                return "no error"
            } catch {
                return error.description.replacing("\(metadata.file): ", with: "")
            }
        }
        #expect(
            message { () throws(CheckpointError) in
                _ = try metadata.unsignedInteger("general.architecture")
            } == "general.architecture: expected an unsigned integer, found a string")
        #expect(
            message { () throws(CheckpointError) in
                _ = try metadata.unsignedIntegerIfPresent("scalar.int8")
            } == "scalar.int8: expected an unsigned integer, found a negative integer")
        #expect(
            message { () throws(CheckpointError) in
                _ = try metadata.unsignedInteger("llama.block_count", in: 31...200)
            } == "llama.block_count: expected 31 to 200, found 30")
        #expect(
            message { () throws(CheckpointError) in
                _ = try metadata.strings("array.int32")
            } == "array.int32: expected an array of strings, found an array of int32")
        #expect(
            message { () throws(CheckpointError) in
                _ = try metadata.integers("array.float32")
            } == "array.float32: expected an array of integers, found an array of float32")
        #expect(
            message { () throws(CheckpointError) in
                _ = try metadata.string("llama.absent")
            } == "llama.absent: missing")
        #expect(try metadata.stringIfPresent("llama.absent") == nil)
        #expect(try metadata.stringsIfPresent("llama.absent") == nil)
        #expect(!metadata.has("llama.absent"))
    }

    @Test("dimensions are turned round, and the file's alignment is kept to")
    func shapes() throws {
        let checkpoint = try Checkpoint.open(path: Fixture.path("metadata.gguf"))
        #expect(checkpoint.tensorNames == ["first", "second"])
        let second = try checkpoint.tensor(named: "second")
        #expect(second.shape == [2, 3])
        #expect(second.rows == 2)
        #expect(second.columns == 3)
        #expect(second.byteCount == 24)
        #expect(try second.floats() == [0, 1, 2, 3, 4, 5])
        #expect(try checkpoint.tensor(named: "first").floats() == [0, 1, 2])
        #expect(checkpoint.has("first"))
        #expect(!checkpoint.has("third"))
        #expect(
            throws: CheckpointError(file: checkpoint.path, subject: "tensor third", .missing)
        ) { try checkpoint.tensor(named: "third") }
    }

    @Test("version 2 is read as version 3 is")
    func version2() throws {
        let folder = try TemporaryFolder()
        var bytes = try Fixture.bytes("every-type.gguf")
        bytes[4] = 2
        let path = try folder.write(bytes, to: "v2.gguf")
        let tensor = try Checkpoint.open(path: path).tensor(named: "tensor.Q5_K")
        let expected = try Checkpoint.open(path: Fixture.path("every-type.gguf"))
            .tensor(named: "tensor.Q5_K")
        #expect(bits(try tensor.floats()) == bits(try expected.floats()))
    }

    @Test("a tensor without dimensions is one value, one with a zero dimension none")
    func degenerateShapes() throws {
        let folder = try TemporaryFolder()
        var builder = GGUFBuilder()
        builder.tensors = [
            GGUFBuilder.tensor("scalar", dimensions: []),
            GGUFBuilder.tensor("no columns", dimensions: [0, 1 << 60]),
            GGUFBuilder.tensor("no rows", dimensions: [1 << 60, 0]),
        ]
        builder.data = littleEndian(Float(2.5).bitPattern)
        let path = try folder.write(builder.file, to: "degenerate.gguf")
        let checkpoint = try Checkpoint.open(path: path)
        #expect(try checkpoint.tensor(named: "scalar").values() == [2.5])
        for name in ["no columns", "no rows"] {
            let empty = try checkpoint.tensor(named: name)
            empty.prefetch()
            empty.evict()
            #expect(empty.byteCount == 0)
            #expect(try empty.floats() == [])
            #expect(try empty.bfloat16s() == [])
            #expect(try empty.values() == [])
        }
    }

    @Test("text that is not UTF-8 is repaired in one string, refused in an array of strings")
    func invalidUTF8() throws {
        let folder = try TemporaryFolder()
        let text = littleEndian(UInt64(2)) + [0x61, 0xff]
        var builder = GGUFBuilder()
        builder.metadata = [
            GGUFBuilder.field("one", type: 8, text),
            GGUFBuilder.field("many", type: 9, GGUFBuilder.array(type: 8, count: 1, text)),
        ]
        let path = try folder.write(builder.file, to: "text.gguf")
        guard case .gguf(let metadata) = try Checkpoint.open(path: path).contents else { return }
        #expect(try metadata.string("one") == "a\u{fffd}")
        #expect(throws: CheckpointError.self) { try metadata.strings("many") }
    }
}
