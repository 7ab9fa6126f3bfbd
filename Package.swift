// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(
    name: "HummingbirdTesting", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

// The floor plan, from the ground up; docs/ARCHITECTURE.md says what lives where.
let package = Package(
    name: "penstock",
    products: [
        .executable(name: "penstock", targets: ["penstock"]),
        // What the package in Benchmarks measures.
        .library(
            name: "PenstockParts",
            targets: [
                "PipelineTypes", "KVPaging", "ChunkSizing", "Scheduling", "Simulation", "Kernels",
                "StageProtocol", "Tokenization",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // Words
        .target(name: "PipelineTypes", swiftSettings: strict),
        .target(name: "JSON", swiftSettings: strict),

        // Decide
        .target(name: "KVPaging", dependencies: ["PipelineTypes", heap], swiftSettings: strict),
        .target(name: "ChunkSizing", swiftSettings: strict),
        .target(
            name: "Scheduling", dependencies: ["PipelineTypes", "KVPaging", "ChunkSizing", deque],
            swiftSettings: strict),

        .target(
            name: "Timelines", dependencies: ["PipelineTypes", "JSON"], swiftSettings: strict),
        .target(
            name: "Simulation",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "Scheduling", "Timelines", deque, heap,
            ], swiftSettings: strict),

        .target(
            name: "Planning", dependencies: ["PipelineTypes", "JSON", "ChunkSizing"],
            swiftSettings: strict),

        // Compute
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .target(
            name: "CKernels",
            // Kernels are as fast in debug builds; a product and a sum are fused where the source
            // says so and nowhere else.
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
        .target(
            name: "Kernels", dependencies: ["PipelineTypes", "CKernels", "COneDNN"],
            swiftSettings: strict),
        .target(
            name: "Checkpoints", dependencies: ["PipelineTypes", "JSON"], swiftSettings: strict),
        .target(
            name: "DecoderModels", dependencies: ["PipelineTypes", "Kernels", "Checkpoints"],
            swiftSettings: strict),

        // Move
        .target(name: "CPlatform"),
        .target(
            name: "StageProtocol", dependencies: ["PipelineTypes", "ChunkSizing", "CPlatform"],
            swiftSettings: strict),
        .systemLibrary(
            name: "COpenMPI", pkgConfig: "ompi-c",
            providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
        .target(
            name: "MPITransport", dependencies: ["PipelineTypes", "StageProtocol", "COpenMPI"],
            swiftSettings: strict),

        // Run
        .target(
            name: "StageWorker", dependencies: ["PipelineTypes", "StageProtocol", "CPlatform"],
            swiftSettings: strict),
        .target(
            name: "PacedStages",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "StageProtocol", "StageWorker", "Simulation",
            ], swiftSettings: strict),
        .target(
            name: "Coordinator",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "Scheduling", "Timelines", "StageProtocol",
                "CPlatform", logging,
            ],
            swiftSettings: strict),

        // Serve
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .target(
            name: "Tokenization", dependencies: ["PipelineTypes", "JSON", "CPCRE2"],
            swiftSettings: strict),
        .target(name: "ChatTemplates", swiftSettings: strict),
        .target(
            name: "HTTPServer",
            dependencies: [
                "PipelineTypes", "JSON", "Tokenization", "ChatTemplates", hummingbird,
                hummingbirdCore, logging, nioCore, nioHTTP1, nioPosix,
            ], swiftSettings: strict),

        // The executable
        .target(name: "SettingsFiles", dependencies: ["Yams"], swiftSettings: strict),
        .target(
            name: "Profiles", dependencies: ["JSON", "Planning", "SettingsFiles"],
            swiftSettings: strict),
        .target(
            name: "ScenarioFiles",
            dependencies: ["PipelineTypes", "ChunkSizing", "Simulation", "SettingsFiles"],
            swiftSettings: strict),
        .target(
            name: "CommandLineOptions",
            dependencies: ["PipelineTypes", "SettingsFiles", argumentParser],
            swiftSettings: strict),
        .executableTarget(
            name: "penstock",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "Scheduling", "Timelines", "Simulation", "Kernels",
                "Checkpoints", "DecoderModels", "StageProtocol", "MPITransport", "StageWorker",
                "PacedStages", "Coordinator", "Tokenization", "ChatTemplates", "HTTPServer",
                "SettingsFiles", "ScenarioFiles", "CommandLineOptions", "Planning", "Profiles",
                logging,
            ], resources: [.embedInCode("Bench/Accuracy/prose.txt")], swiftSettings: strict),

        // Tests
        .target(
            name: "SeededRandom", path: "Tests/Support/SeededRandom", swiftSettings: strict),
        .target(
            name: "CheckpointFiles", path: "Tests/Support/CheckpointFiles", swiftSettings: strict),
        .testTarget(
            name: "PipelineTypesTests", dependencies: ["PipelineTypes"], swiftSettings: strict),
        .testTarget(
            name: "JSONTests", dependencies: ["JSON", "SeededRandom"], swiftSettings: strict),
        .testTarget(
            name: "KVPagingTests", dependencies: ["PipelineTypes", "KVPaging"],
            swiftSettings: strict),
        .testTarget(
            name: "ChunkSizingTests", dependencies: ["ChunkSizing", "SeededRandom"],
            exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "SchedulingTests",
            dependencies: [
                "PipelineTypes", "KVPaging", "ChunkSizing", "Scheduling", "SeededRandom",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TimelinesTests", dependencies: ["PipelineTypes", "Timelines", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "KVPaging", "Scheduling", "Timelines", "Simulation",
                "SeededRandom",
            ], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "KernelsTests", dependencies: ["PipelineTypes", "Kernels", "Checkpoints"],
            swiftSettings: strict),
        .testTarget(
            name: "DecoderModelsTests",
            dependencies: [
                "PipelineTypes", "Kernels", "Checkpoints", "DecoderModels", "CheckpointFiles",
            ], swiftSettings: strict),
        .testTarget(
            name: "CheckpointsTests",
            dependencies: ["JSON", "Checkpoints", "CheckpointFiles", "SeededRandom"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "TokenizationTests",
            dependencies: ["PipelineTypes", "Tokenization", "Checkpoints", "SeededRandom"],
            exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "ChatTemplatesTests", dependencies: ["JSON", "ChatTemplates", "SeededRandom"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .target(
            name: "PipelineTestKit",
            dependencies: [
                "PipelineTypes", "StageProtocol", "Coordinator", "SeededRandom", logging,
            ], path: "Tests/Support/PipelineTestKit", swiftSettings: strict),
        .executableTarget(
            name: "PipelineTestStage",
            dependencies: [
                "PipelineTypes", "StageProtocol", "StageWorker", "MPITransport", "Coordinator",
                "PipelineTestKit",
            ], path: "Tests/Support/PipelineTestStage", swiftSettings: strict),
        .testTarget(
            name: "StageProtocolTests",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "StageProtocol", "PipelineTestKit", "SeededRandom",
            ], swiftSettings: strict),
        .testTarget(
            name: "MPITransportTests",
            dependencies: [
                "PipelineTypes", "StageProtocol", "MPITransport", "PipelineTestKit",
                "PipelineTestStage",
            ], swiftSettings: strict),
        .testTarget(
            name: "StageWorkerTests",
            dependencies: [
                "PipelineTypes", "StageProtocol", "StageWorker", "PipelineTestKit", "CPlatform",
            ], swiftSettings: strict),
        .testTarget(
            name: "PacedStagesTests",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "StageProtocol", "StageWorker", "PacedStages",
            ], swiftSettings: strict),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: [
                "PipelineTypes", "Scheduling", "StageProtocol", "Timelines", "Coordinator",
                "PipelineTestKit", "PipelineTestStage", "CPlatform", "SeededRandom",
            ], swiftSettings: strict),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "PipelineTypes", "JSON", "Tokenization", "ChatTemplates", "HTTPServer",
                "SeededRandom",
                hummingbird, hummingbirdTesting, logging, nioCore, nioPosix,
            ], swiftSettings: strict),
        .testTarget(
            name: "PlanningTests",
            dependencies: ["PipelineTypes", "JSON", "ChunkSizing", "Planning", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "ProfilesTests",
            dependencies: [
                "PipelineTypes", "Planning", "Profiles", "SettingsFiles", "SeededRandom",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SettingsFilesTests", dependencies: ["SettingsFiles", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "ScenarioFilesTests",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "Simulation", "SettingsFiles", "ScenarioFiles",
            ], swiftSettings: strict),
        .testTarget(
            name: "CommandLineOptionsTests",
            dependencies: ["PipelineTypes", "CommandLineOptions", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "PipelineTypes", "StageProtocol", "Timelines", "Coordinator", "penstock",
                "SeededRandom", logging,
            ], exclude: ["Clients", "Fixtures"], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)
