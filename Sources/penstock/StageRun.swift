import MPITransport
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
                try DecoderBackend(configuration, progress: progress)
            })
    }
}
