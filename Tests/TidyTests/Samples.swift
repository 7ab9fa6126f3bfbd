import Testing

/// A file that breaks one law on one line.
struct BadSample: Sendable, CustomTestStringConvertible {
    let law: Law
    let path: String
    let text: String
    let line: Int

    init(_ law: Law, _ path: String, _ text: String, line: Int = 1) {
        self.law = law
        self.path = path
        self.text = text
        self.line = line
    }

    var testDescription: String {
        "\(law.sentence): \(text.prefix(40))"
    }

    private static let pure = "Sources/Scheduling/A.swift"
    private static let model = "Sources/DecoderModels/Layer.swift"
    private static let test = "Tests/SchedulingTests/A.swift"

    static let all: [BadSample] = [
        BadSample(.imports, pure, "import PipelineTypes\nimport Foundation", line: 2),
        BadSample(.imports, pure, "package import Coordinator"),
        BadSample(.imports, pure, "@preconcurrency internal import Dispatch"),
        BadSample(.imports, "Sources/Kernels/A.swift", "import DecoderModels"),
        BadSample(.imports, "Sources/Tokenization/A.swift", "import struct HTTPServer.APIError"),
        BadSample(.imports, "Sources/Unplanned/A.swift", "let a = 1"),
        BadSample(.imports, "Benchmarks/Parts/A.swift", "@testable import HTTPServer"),

        BadSample(.purity, pure, "func run() async {}"),
        BadSample(.purity, pure, "let now = ContinuousClock().now"),
        BadSample(.purity, pure, "let lock = Mutex(0)"),
        BadSample(.purity, pure, "let draw = Int.random(in: 0..<4)"),
        BadSample(.purity, pure, "list.shuffle()"),
        BadSample(.purity, pure, "let id = name.hashValue"),
        BadSample(
            .purity, pure, "let text = \"\"\"\n    a \\(b(\"c\"))\n    \"\"\"\nDate()", line: 4),

        BadSample(.order, pure, "let a: Set<Int> = []\nfor b in a {", line: 2),
        BadSample(.order, pure, "var a = Set<Int>()\nlet b = a.map { $0 }", line: 2),
        BadSample(.order, pure, "var a: [Int: String]\nfor (b, c) in a where b > 0 {", line: 2),
        BadSample(.order, pure, "var a = [Int: Bool]()\nfor b in self.a {", line: 2),
        BadSample(.order, pure, "let b = table.values"),
        BadSample(.order, pure, "for key in table.keys {"),

        BadSample(.unsafePointers, model, "let p: UnsafeMutablePointer<Float>"),
        BadSample(.unsafePointers, model, "bytes.withUnsafeBytes { $0 }"),
        BadSample(.unsafePointers, pure, "let a = unsafeBitCast(b, to: Int.self)"),

        BadSample(
            .uncheckedSendable, model, "import A\n\nfinal class B: @unchecked Sendable {}",
            line: 3),

        BadSample(.environment, model, "let a = ProcessInfo.processInfo.environment"),
        BadSample(.environment, "Benchmarks/Parts/A.swift", "let a = getenv(name)"),
        BadSample(
            .environment, "Sources/CKernels/a.c", "int a;\nchar *b = getenv(\"B\");", line: 2),

        BadSample(
            .fileLength, model, String(repeating: "let a = 1\n", count: 601), line: 601),

        BadSample(.functionLength, model, "struct A {\n" + function(lines: 71) + "}\n", line: 2),
        BadSample(
            .functionLength, model,
            "init(\n    a: Int = { 1 }()\n) {\n" + String(repeating: "b()\n", count: 67) + "}"),
        BadSample(
            .functionLength, model, "var a: Int {\n" + String(repeating: "b()\n", count: 69) + "}"),
        BadSample(
            .functionLength, "Sources/CKernels/a.c",
            "#include <a.h>\n\nvoid f(\n    int a) {\n"
                + String(repeating: "    if (a) { a++; }\n", count: 68) + "}\n", line: 3),

        BadSample(.lineLength, model, "// " + String(repeating: "a", count: 98)),
        BadSample(.lineLength, "Sources/CKernels/a.h", String(repeating: "a", count: 101)),

        BadSample(.markers, model, "let a = 1  // TO" + "DO: another"),
        BadSample(.markers, "Sources/CKernels/a.c", "/*\n FIX" + "ME */", line: 2),

        BadSample(.disabledTests, test, "@Test(\"a\", .disabled(\"flaky\"))"),
        BadSample(.disabledTests, test, "import A\nwithKnownIssue { }", line: 2),
    ]

    /// A function of so many lines in all.
    static func function(lines: Int) -> String {
        "    func a() {\n" + String(repeating: "        b { }\n", count: lines - 2) + "    }\n"
    }
}

/// A file that comes close to breaking one law and does not.
struct GoodSample: Sendable, CustomTestStringConvertible {
    let law: Law
    let path: String
    let text: String

    init(_ law: Law, _ path: String, _ text: String) {
        self.law = law
        self.path = path
        self.text = text
    }

    var testDescription: String {
        "\(law.sentence): \(text.prefix(40))"
    }

    private static let pure = "Sources/Scheduling/A.swift"
    private static let model = "Sources/DecoderModels/Layer.swift"

    static let all: [GoodSample] = [
        GoodSample(.imports, pure, "package import PipelineTypes\nimport DequeModule"),
        GoodSample(.imports, pure, "// import Foundation\nlet a = \"import Foundation\""),
        GoodSample(.imports, "Sources/Coordinator/A.swift", "import Foundation"),
        GoodSample(.imports, "Benchmarks/Parts/A.swift", "@testable import Scheduling"),

        GoodSample(.purity, pure, "// async is for others\nlet a = \"Date \\(b(\"Mutex\")) Task\""),
        GoodSample(.purity, pure, "let a = #\"\"\"\n  \" async \"\n  \"\"\"#\nlet update = 1"),
        GoodSample(.purity, pure, "let a = Int.random(in: 0..<4, using: &generator)"),
        GoodSample(.purity, model, "func run() async {}"),

        GoodSample(.order, pure, "let a: Set<Int> = []\nfor b in a.sorted() {"),
        GoodSample(.order, pure, "let a: [Int] = []\nfor b in a {\nlet c = a.map { $0 }"),
        GoodSample(.order, model, "let b = table.values"),

        GoodSample(.unsafePointers, "Sources/DecoderModels/KVStorage.swift", "UnsafeRawPointer"),
        GoodSample(.unsafePointers, model, "// an UnsafeRawPointer would not do"),
        GoodSample(.unsafePointers, "Sources/Kernels/A.swift", "a.withUnsafeBytes { $0 }"),

        GoodSample(
            .uncheckedSendable, model,
            "// Safe: written before the threads start.\nfinal class B: @unchecked Sendable {}"),
        GoodSample(.environment, "Sources/penstock/Main.swift", "ProcessInfo.processInfo"),
        GoodSample(.fileLength, model, String(repeating: "let a = 1\n", count: 600)),
        GoodSample(.functionLength, model, BadSample.function(lines: 70)),
        GoodSample(
            .functionLength, model,
            "protocol A {\n    func a()\n    init()\n}\nstruct B {\n"
                + String(repeating: "    let c = 1\n", count: 90) + "}"),
        GoodSample(
            .functionLength, model, BadSample.function(lines: 60) + BadSample.function(lines: 60)),
        GoodSample(
            .functionLength, "Sources/CKernels/a.c",
            "static int t[] = {\n" + String(repeating: "    1,\n", count: 90) + "};\nint f(int);\n"
                + "#define A(b) {\n" + String(repeating: "\n", count: 90) + "}"),
        GoodSample(.lineLength, model, String(repeating: "é", count: 100)),
        GoodSample(.markers, model, "let a = \"TO" + "DO\""),
        GoodSample(.disabledTests, "Tests/A/B.swift", "// .disabled(\"why not\")"),
    ]
}
