import CheckpointFiles
import Testing

@testable import Checkpoints

/// A file that is not what it claims to be, and the one line that refuses it.
struct Lie: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let file: [UInt8]
    let message: String

    init(_ testDescription: String, _ file: [UInt8], _ message: String) {
        self.testDescription = testDescription
        self.file = file
        self.message = message
    }

    static func gguf(
        _ testDescription: String, _ message: String, _ change: (inout GGUFBuilder) -> Void
    ) -> Lie {
        var builder = GGUFBuilder()
        builder.tensors = [GGUFBuilder.tensor()]
        builder.data = [UInt8](repeating: 0, count: 32)
        change(&builder)
        return Lie(testDescription, builder.file, message)
    }
}

@Suite("GGUF files that lie")
struct GGUFLiesTests {
    @Test("are refused in one line that says what is wrong", arguments: headerLies + metadataLies)
    func headerAndMetadata(lie: Lie) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(lie.file, to: "x.gguf")
        #expect(openError(path, in: folder) == "x.gguf: \(lie.message)")
    }

    @Test("about their tensors are refused in one line", arguments: tensorLies)
    func tensors(lie: Lie) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(lie.file, to: "x.gguf")
        #expect(openError(path, in: folder) == "x.gguf: \(lie.message)")
    }

    @Test("are refused wherever they are cut off")
    func truncatedAnywhere() throws {
        let folder = try TemporaryFolder()
        var builder = GGUFBuilder()
        builder.metadata = [
            GGUFBuilder.field("number", type: 12, littleEndian(UInt64(1))),
            GGUFBuilder.field("text", type: 8, GGUFBuilder.string("some text")),
            GGUFBuilder.field(
                "texts", type: 9,
                GGUFBuilder.array(
                    type: 8, count: 2, GGUFBuilder.string("one") + GGUFBuilder.string("two"))),
            GGUFBuilder.field(
                "numbers", type: 9, GGUFBuilder.array(type: 0, count: 3, [1, 2, 3])),
        ]
        builder.tensors = [GGUFBuilder.tensor(), GGUFBuilder.tensor("b", offset: 32)]
        builder.data = [UInt8](repeating: 1, count: 64)
        let whole = builder.file
        #expect(openError(try folder.write(whole, to: "whole.gguf"), in: folder) == nil)
        for length in 0..<whole.count {
            let path = try folder.write(Array(whole[..<length]), to: "cut.gguf")
            let error = openError(path, in: folder)
            #expect(error?.hasSuffix("the file ends at byte \(length)") == true, "\(length)")
        }
    }

    static let headerLies: [Lie] = [
        Lie("empty", [], "header: expected 4 bytes at byte 0, the file ends at byte 0"),
        .gguf(
            "bad magic",
            "header: expected the magic bytes \"GGUF\", found bytes [71, 71, 77, 76]"
        ) { $0.magic = Array("GGML".utf8) },
        .gguf(
            "version 1", "header: not supported: found version 1, expected version 2 or 3"
        ) { $0.version = 1 },
        .gguf(
            "version 4", "header: not supported: found version 4, expected version 2 or 3"
        ) { $0.version = 4 },
        .gguf(
            "version 0", "header: not supported: found version 0, expected version 2 or 3"
        ) { $0.version = 0 },
        .gguf(
            "big-endian",
            "header: not supported: found a big-endian file, expected a little-endian file"
        ) { $0.version = 3 << 24 },
        .gguf(
            "2^60 tensors",
            "header: expected at most 1048576 tensors, found 1152921504606846976"
        ) { $0.tensorCount = 1 << 60 },
        .gguf(
            "2^64 - 1 metadata keys",
            "header: expected at most 65536 metadata keys, found 18446744073709551615"
        ) { $0.metadataCount = .max },
        .gguf(
            "more tensors than there are",
            "tensor 1: expected 1000 bytes at byte 65, the file ends at byte 73"
        ) {
            $0.tensorCount = 2
            $0.alignment = 1
            $0.data = littleEndian(UInt64(1000)) + [UInt8](repeating: 0, count: 8)
        },
    ]

    static let metadataLies: [Lie] = [
        .gguf(
            "a key 2^63 bytes long",
            "metadata key 0: expected 9223372036854775808 bytes at byte 32, "
                + "the file ends at byte 128"
        ) { $0.metadata = [littleEndian(UInt64(1) << 63)] },
        .gguf(
            "a key without a name",
            "metadata key 0: expected a name of 1 to 65535 bytes, found 0 bytes"
        ) { $0.metadata = [GGUFBuilder.field("", type: 0, [1])] },
        .gguf("a key twice", "k: appears more than once") {
            $0.metadata = [
                GGUFBuilder.field("k", type: 0, [1]), GGUFBuilder.field("k", type: 0, [2]),
            ]
        },
        .gguf("a key with control characters", "a\\u{a}b\\u{1b}: appears more than once") {
            let field = GGUFBuilder.field("a\nb\u{1b}", type: 0, [1])
            $0.metadata = [field, field]
        },
        .gguf(
            "a key that is not UTF-8", "metadata key 0: expected a name in UTF-8, found other bytes"
        ) {
            $0.metadata = [littleEndian(UInt64(1)) + [0xff] + littleEndian(UInt32(0)) + [0]]
        },
        .gguf("an unknown value type", "k: expected a value type from 0 to 12, found 13") {
            $0.metadata = [GGUFBuilder.field("k", type: 13, [1])]
        },
        .gguf("a boolean of 2", "k: expected a boolean, 0 or 1, found 2") {
            $0.metadata = [GGUFBuilder.field("k", type: 7, [2])]
        },
        .gguf(
            "a string 2^64 - 1 bytes long",
            "k: expected 18446744073709551615 bytes at byte 45, the file ends at byte 128"
        ) { $0.metadata = [GGUFBuilder.field("k", type: 8, littleEndian(UInt64.max))] },
        .gguf(
            "an array of 2^62 floats",
            "k: expected an array of at most 16777216 elements, found 4611686018427387904"
        ) {
            let array = GGUFBuilder.array(type: 6, count: 1 << 62)
            $0.metadata = [GGUFBuilder.field("k", type: 9, array)]
        },
        .gguf(
            "an array longer than the file",
            "k: expected 8000000 bytes at byte 49, the file ends at byte 128"
        ) {
            let array = GGUFBuilder.array(type: 12, count: 1_000_000)
            $0.metadata = [GGUFBuilder.field("k", type: 9, array)]
        },
        .gguf("arrays nested too deeply", "k: expected arrays at most 8 deep, found a deeper one") {
            var array = GGUFBuilder.array(type: 0, count: 1, [7])
            for _ in 0..<1000 {
                array = GGUFBuilder.array(type: 9, count: 1, array)
            }
            $0.metadata = [GGUFBuilder.field("k", type: 9, array)]
        },
        .gguf(
            "an alignment of 48", "general.alignment: expected a power of two, found 48"
        ) {
            $0.metadata = [
                GGUFBuilder.field("general.alignment", type: 4, littleEndian(UInt32(48)))
            ]
        },
        .gguf(
            "an alignment of 0", "general.alignment: expected 1 to 1048576, found 0"
        ) {
            $0.metadata = [GGUFBuilder.field("general.alignment", type: 4, littleEndian(UInt32(0)))]
        },
        .gguf(
            "an alignment of 2^31", "general.alignment: expected 1 to 1048576, found 2147483648"
        ) {
            $0.metadata = [
                GGUFBuilder.field("general.alignment", type: 4, littleEndian(UInt32(1) << 31))
            ]
        },
        .gguf(
            "an alignment that is a string",
            "general.alignment: expected an unsigned integer, found a string"
        ) {
            let text = GGUFBuilder.string("32")
            $0.metadata = [GGUFBuilder.field("general.alignment", type: 8, text)]
        },
        .gguf(
            "one file of several",
            "split.count: not supported: found 3 files, "
                + "expected one file (gguf-split --merge joins them)"
        ) { $0.metadata = [GGUFBuilder.field("split.count", type: 2, littleEndian(UInt16(3)))] },
    ]

    static let tensorLies: [Lie] = [
        .gguf("200 dimensions", "tensor a: expected at most 4 dimensions, found 200") {
            $0.tensors = [GGUFBuilder.tensor(dimensionCount: 200)]
        },
        .gguf(
            "a dimension of 2^63",
            "tensor a: expected a dimension below 2^63, found 9223372036854775808"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [1 << 63])] },
        .gguf(
            "dimensions whose product overflows",
            "tensor a: expected a size below 2^63 bytes, found shape [8589934592, 8589934592]"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [1 << 33, 1 << 33])] },
        .gguf(
            "dimensions whose product is 2^64, which wraps round to 0",
            "tensor a: expected a size below 2^63 bytes, found shape [4294967296, 4294967296]"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [1 << 32, 1 << 32])] },
        .gguf(
            "a size in bytes that overflows",
            "tensor a: expected a size below 2^63 bytes, found shape [4611686018427387904]"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [1 << 62])] },
        .gguf(
            "an empty tensor with rows whose size in bytes overflows",
            "tensor a: expected a size below 2^63 bytes, found shape [0, 4611686018427387904]"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [1 << 62, 0])] },
        .gguf(
            "a tensor larger than the file",
            "tensor a: expected 36 bytes at offset 0 of the tensor data, the file ends at byte 96"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [9])] },
        .gguf(
            "an offset behind the end",
            "tensor a: expected 32 bytes at offset 4096 of the tensor data, "
                + "the file ends at byte 96"
        ) { $0.tensors = [GGUFBuilder.tensor(offset: 4096)] },
        .gguf(
            "an offset that overflows",
            "tensor a: expected 32 bytes at offset 18446744073709551584 of the tensor data, "
                + "the file ends at byte 96"
        ) { $0.tensors = [GGUFBuilder.tensor(offset: UInt64.max - 31)] },
        .gguf(
            "an offset that is not aligned",
            "tensor a: expected an offset in multiples of 32, found 4"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [1], offset: 4)] },
        .gguf(
            "two tensors that overlap",
            "tensor b: expected bytes of its own, found an overlap with tensor a"
        ) {
            $0.tensors = [
                GGUFBuilder.tensor("b", dimensions: [8], offset: 32),
                GGUFBuilder.tensor("a", dimensions: [16]),
            ]
            $0.data = [UInt8](repeating: 0, count: 64)
        },
        .gguf("two tensors of one name", "tensor a: appears more than once") {
            $0.tensors = [GGUFBuilder.tensor(), GGUFBuilder.tensor()]
        },
        .gguf(
            "columns that end within a block",
            "tensor a: expected columns in multiples of 32 for Q8_0, found 33"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [33, 32], type: 8)] },
        .gguf(
            "a block format without columns",
            "tensor a: expected columns in multiples of 256 for Q4_K, found 1"
        ) { $0.tensors = [GGUFBuilder.tensor(dimensions: [], type: 12)] },
        .gguf(
            "an unknown type",
            "tensor a: not supported: found type number 4294967295, expected "
                + ElementType.list
        ) { $0.tensors = [GGUFBuilder.tensor(type: .max)] },
        .gguf(
            "a type that is known but not supported",
            "tensor a: not supported: found type Q2_K, expected \(ElementType.list)"
        ) { $0.tensors = [GGUFBuilder.tensor(type: 10)] },
        .gguf(
            "a name 2^63 - 1 bytes long",
            "tensor 0: expected 9223372036854775807 bytes at byte 32, the file ends at byte 64"
        ) { $0.tensors = [littleEndian(UInt64(Int.max))] },
    ]
}
