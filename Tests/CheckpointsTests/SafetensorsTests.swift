import CheckpointFiles
import Testing

@testable import Checkpoints

@Suite("Safetensors")
struct SafetensorsTests {
    @Test(
        "files give the values that were stored, in one file or several",
        arguments: ["single", "sharded"])
    func values(folder: String) throws {
        let checkpoint = try Checkpoint.open(path: Fixture.path(folder))
        let expected = try Fixture.floats("folders.f32")
        #expect(
            checkpoint.tensorNames == [
                "model.embed_tokens.weight", "model.layers.0.weight", "model.layers.1.weight",
                "model.position_ids",
            ])
        let embedding = try checkpoint.tensor(named: "model.embed_tokens.weight")
        #expect(embedding.shape == [4, 6])
        #expect(embedding.elementType == .f32)
        #expect(try embedding.floats() == Array(expected[..<24]))
        let first = try checkpoint.tensor(named: "model.layers.0.weight")
        #expect(first.shape == [3, 5])
        #expect(first.elementType == .f16)
        #expect(try first.floats() == Array(expected[24..<39]))
        let second = try checkpoint.tensor(named: "model.layers.1.weight")
        #expect(second.shape == [2, 3, 4])
        #expect(second.rows == 6)
        #expect(second.elementType == .bf16)
        #expect(try second.floats() == Array(expected[39...]))
        #expect(try second.floats(4..<6) == Array(expected[55...]))
    }

    @Test("a tensor of a type without support stops nothing until it is asked for")
    func unsupportedType() throws {
        let checkpoint = try Checkpoint.open(path: Fixture.path("single"))
        #expect(checkpoint.has("model.position_ids"))
        #expect(
            throws: CheckpointError(
                file: Fixture.path("single/model.safetensors"),
                subject: "tensor model.position_ids",
                .unsupported(expected: ElementType.list, found: "I64"))
        ) { try checkpoint.tensor(named: "model.position_ids") }
    }

    @Test("files that lie are refused in one line", arguments: lies)
    func refused(lie: Lie) throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", to: "config.json")
        try folder.write(lie.file, to: "model.safetensors")
        #expect(openError(folder.path, in: folder) == "model.safetensors: \(lie.message)")
    }

    @Test("files are refused wherever they are cut off")
    func truncatedAnywhere() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", to: "config.json")
        let whole = try Fixture.bytes("single/model.safetensors")
        for length in 0..<whole.count {
            try folder.write(Array(whole[..<length]), to: "model.safetensors")
            #expect(openError(folder.path, in: folder) != nil, "\(length)")
        }
    }

    @Test("a header that is not padded leaves values unaligned, and they are read all the same")
    func unaligned() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", to: "config.json")
        for padding in 0..<4 {
            var builder = SafetensorsBuilder()
            builder.header =
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
                + String(repeating: " ", count: padding)
            builder.data = littleEndian(Float(1.5).bitPattern) + littleEndian(Float(-2).bitPattern)
            try folder.write(builder.file, to: "model.safetensors")
            let tensor = try Checkpoint.open(path: folder.path).tensor(named: "a")
            #expect(try tensor.floats() == [1.5, -2])
        }
    }

    private static func lie(
        _ description: String, _ header: String, data: Int = 0, length: UInt64? = nil,
        _ message: String
    ) -> Lie {
        var builder = SafetensorsBuilder()
        builder.header = header
        builder.headerLength = length
        builder.data = [UInt8](repeating: 0, count: data)
        return Lie(description, builder.file, message)
    }

    private static func entry(
        _ name: String = "a", dtype: String = "F32", shape: String = "[2]",
        offsets: String = "[0,8]"
    ) -> String {
        #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    static let lies: [Lie] = [
        Lie("empty", [], "header: expected 8 bytes at byte 0, the file ends at byte 0"),
        lie(
            "a huge header length", "{}", length: 1 << 40,
            "header: expected a header of at most 100000000 bytes, found 1099511627776"),
        lie(
            "a negative header length", "{}", length: UInt64(bitPattern: -1),
            "header: expected a header of at most 100000000 bytes, found 18446744073709551615"),
        lie(
            "a header longer than the file", "{}", length: 1000,
            "header: expected 1000 bytes at byte 8, the file ends at byte 10"),
        lie(
            "a header length of zero", "", length: 0,
            "byte 0 of the JSON text: expected a value, found the end of the document"),
        lie(
            "a header that is no JSON", "garbage",
            "byte 0 of the JSON text: expected a value, found 'g'"),
        lie("a header that is an array", "[]", "expected a JSON object, found an array"),
        lie(
            "a header cut short", "{\(entry())", data: 8, length: 20,
            "byte 20 of the JSON text: expected a key, found the end of the document"),
        lie(
            "a header nested too deeply", String(repeating: "[", count: 1_000_000),
            "byte 64 of the JSON text: expected at most 64 levels, found more"),
        lie(
            "two tensors of one name", "{\(entry()),\(entry())}", data: 8,
            "byte 54 of the JSON text: expected each key once, found another \"a\""),
        lie(
            "an entry that is a number", #"{"a":1}"#,
            "tensor a: expected an object, found an integer"),
        lie(
            "an entry without a type", #"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, data: 8,
            "tensor a: expected a string as dtype, found nothing"),
        lie(
            "a negative dimension", "{\(entry(shape: "[-2]"))}", data: 8,
            "tensor a: expected unsigned integers as shape, found an array"),
        lie(
            "a shape whose product overflows",
            "{\(entry(shape: "[4294967296,4294967296]"))}", data: 8,
            "tensor a: expected a size below 2^63 bytes, found shape [4294967296, 4294967296]"),
        lie(
            "nine dimensions", "{\(entry(shape: "[1,1,1,1,1,1,1,1,2]"))}", data: 8,
            "tensor a: expected at most 8 dimensions, found 9"),
        lie(
            "three offsets", "{\(entry(offsets: "[0,8,8]"))}", data: 8,
            "tensor a: expected data_offsets with a start and an end, found [0, 8, 8]"),
        lie(
            "offsets the wrong way round", "{\(entry(offsets: "[8,0]"))}", data: 8,
            "tensor a: expected data_offsets with a start and an end, found [8, 0]"),
        lie(
            "offsets that do not fit the shape", "{\(entry(shape: "[3]"))}", data: 8,
            "tensor a: expected 12 bytes for F32 [3], found 8"),
        lie(
            "an offset behind the end", "{\(entry(offsets: "[0,9223372036854775807]"))}", data: 8,
            "tensor a: expected 9223372036854775807 bytes of tensor data, "
                + "the file ends at byte 88"),
        lie(
            "tensors that overlap",
            "{\(entry()),\(entry("b", offsets: "[4,12]"))}", data: 12,
            "tensor b: expected data from byte 8 on, where the last tensor ended, "
                + "found data from byte 4 on"),
        lie(
            "a hole between tensors", "{\(entry()),\(entry("b", offsets: "[12,20]"))}", data: 20,
            "tensor b: expected data from byte 8 on, where the last tensor ended, "
                + "found data from byte 12 on"),
        lie(
            "bytes behind the last tensor", "{\(entry())}", data: 9,
            "expected the end of the file at byte 70, behind the last tensor, found 71 bytes"),
    ]
}
