import MPITransport
import PacedStages
import PipelineTypes
import StageProtocol
import StageWorker

/// `penstock stage`: one stage of a pipeline, started by a coordinator through `mpirun`.
struct StageRun {
    let environment: [String: String]

    func run() -> Int32 {
        guard let identity = StageIdentity(environment: environment) else {
            Console.complain("a stage is started by penstock serve, not by hand")
            return 2
        }
        return StageProcess.run(
            identity,
            transport: { () throws(TransportError) in try MPITransport() },
            backend: { configuration, progress throws(StageFault) in
                try Backend(configuration, progress: progress)
            })
    }
}

extension StageRun {
    /// What the coordinator asked for: a model's layers, or their times.
    private enum Backend: StageBackend {
        case decoder(DecoderBackend)
        case paced(PacedBackend)

        init(
            _ configuration: StageConfiguration, progress: (LoadProgress) -> Void
        ) throws(StageFault) {
            if let pacing = configuration.pacing {
                self = .paced(PacedBackend(pacing, configuration))
            } else {
                self = .decoder(try DecoderBackend(configuration, progress: progress))
            }
        }

        var hiddenSize: Int {
            switch self {
            case .decoder(let backend): backend.hiddenSize
            case .paced(let backend): backend.hiddenSize
            }
        }

        var memory: StageMemory {
            switch self {
            case .decoder(let backend): backend.memory
            case .paced(let backend): backend.memory
            }
        }

        var computeTimes: ComputeTimes {
            switch self {
            case .decoder(let backend): backend.computeTimes
            case .paced(let backend): backend.computeTimes
            }
        }

        mutating func forward(
            _ microbatch: Microbatch, input: Span<Float>, output: inout MutableSpan<Float>,
            progress: () -> Void
        ) throws(StageFault) -> [ChunkResult] {
            switch self {
            case .decoder(var backend):
                return try backend.forward(
                    microbatch, input: input, output: &output, progress: progress)
            case .paced(var backend):
                defer { self = .paced(backend) }
                return try backend.forward(
                    microbatch, input: input, output: &output, progress: progress)
            }
        }
    }
}
