/// Which target may import what, and what else it may do: the table of the architecture.
struct FloorPlan {
    struct Room {
        let target: String
        /// Targets of this package.
        var uses: [String] = []
        /// Modules of other packages.
        var modules: [String] = []
        /// No Foundation, clock, randomness, concurrency, and nothing whose order may differ.
        var isPure = false
        var unsafe = Unsafe.nowhere
        /// Looks at the environment and the process it runs in.
        var isExecutable = false
    }

    /// Where unsafe pointers may occur.
    enum Unsafe {
        case nowhere
        /// In files whose names begin so.
        case files([String])
        case everywhere
    }

    let rooms: [Room]

    func room(_ target: String?) -> Room? {
        rooms.first { $0.target == target }
    }

    /// Uses of a room that stands no lower than the user; rooms are listed from the ground up.
    var upwardUses: [String] {
        rooms.enumerated().flatMap { index, room in
            room.uses.filter { use in !rooms[..<index].contains { $0.target == use } }.map {
                "\(room.target) uses \($0)"
            }
        }
    }

    /// Modules of the platform, which every target that is not pure may import.
    static let platform = [
        "Foundation", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization",
    ]

    private static let collections = [
        "Collections", "BasicContainers", "BitCollections", "DequeModule", "HashTreeCollections",
        "HeapModule", "OrderedCollections",
    ]

    static let penstock = FloorPlan(rooms: [
        // words
        Room(target: "PipelineTypes", isPure: true),
        Room(target: "JSON", isPure: true),
        Room(target: "CPlatform", unsafe: .everywhere),
        // decide
        Room(target: "KVPaging", uses: ["PipelineTypes"], modules: collections, isPure: true),
        Room(target: "ChunkSizing", uses: ["PipelineTypes"], isPure: true),
        Room(
            target: "Scheduling", uses: ["PipelineTypes", "KVPaging", "ChunkSizing"],
            modules: collections, isPure: true),
        Room(target: "Planning", uses: ["PipelineTypes", "JSON", "ChunkSizing"], isPure: true),
        Room(target: "Timelines", uses: ["PipelineTypes", "JSON"], isPure: true),
        // compute
        Room(target: "COneDNN", unsafe: .everywhere),
        Room(target: "CKernels", unsafe: .everywhere),
        Room(
            target: "Kernels", uses: ["PipelineTypes", "COneDNN", "CKernels"], unsafe: .everywhere),
        Room(target: "Checkpoints", uses: ["PipelineTypes", "JSON"], unsafe: .everywhere),
        Room(
            target: "DecoderModels", uses: ["Kernels", "Checkpoints", "PipelineTypes"],
            unsafe: .files(["KV"])),
        // move
        Room(
            target: "StageProtocol", uses: ["PipelineTypes", "ChunkSizing", "CPlatform"],
            unsafe: .files(["MessageBuffer"])),
        Room(target: "COpenMPI", unsafe: .everywhere),
        Room(
            target: "MPITransport", uses: ["StageProtocol", "COpenMPI", "PipelineTypes"],
            unsafe: .everywhere),
        // run
        Room(
            target: "StageWorker",
            uses: ["DecoderModels", "StageProtocol", "CPlatform", "PipelineTypes"]),
        Room(
            target: "Coordinator",
            uses: [
                "ChunkSizing", "Scheduling", "Timelines", "StageProtocol", "CPlatform",
                "PipelineTypes",
            ],
            modules: ["Logging", "Metrics"]),
        Room(
            target: "Simulation",
            uses: ["Scheduling", "ChunkSizing", "Timelines", "PipelineTypes"],
            modules: collections, isPure: true),
        Room(
            target: "PacedStages",
            uses: ["Simulation", "StageWorker", "StageProtocol", "ChunkSizing", "PipelineTypes"]),
        // serve
        Room(target: "CPCRE2", unsafe: .everywhere),
        Room(
            target: "Tokenization", uses: ["PipelineTypes", "JSON", "CPCRE2"],
            unsafe: .files(["Pattern"])),
        Room(target: "ChatTemplates"),
        Room(
            target: "HTTPServer", uses: ["Tokenization", "ChatTemplates", "PipelineTypes", "JSON"],
            modules: [
                "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTP1", "NIOPosix",
                "Logging",
            ]),
        // exe
        Room(target: "SettingsFiles", modules: ["Yams"]),
        Room(target: "Profiles", uses: ["JSON", "Planning", "SettingsFiles"]),
        Room(
            target: "ScenarioFiles",
            uses: ["Simulation", "SettingsFiles", "ChunkSizing", "PipelineTypes"]),
        Room(
            target: "CommandLineOptions", uses: ["PipelineTypes", "SettingsFiles"],
            modules: ["ArgumentParser"]),
        executable,
        // beside the house, in a package of its own
        Room(
            target: "Parts",
            uses: [
                "PipelineTypes", "KVPaging", "ChunkSizing", "Scheduling", "Kernels",
                "StageProtocol", "Simulation", "Tokenization",
            ],
            modules: ["Benchmark"], unsafe: .files(["KernelStand"])),
    ])

    private static let executable = Room(
        target: "penstock",
        uses: [
            "PipelineTypes", "KVPaging", "ChunkSizing", "Scheduling", "Timelines", "Kernels",
            "Checkpoints", "DecoderModels", "StageProtocol", "MPITransport", "StageWorker",
            "PacedStages", "Coordinator", "Simulation", "Tokenization", "ChatTemplates",
            "HTTPServer", "SettingsFiles", "ScenarioFiles", "CommandLineOptions", "Planning",
            "Profiles",
        ],
        modules: ["ArgumentParser", "Logging", "Metrics"], isExecutable: true)
}
