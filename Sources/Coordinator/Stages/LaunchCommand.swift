import Foundation
import StageProtocol

/// The command that starts all stages on this host.
struct LaunchCommand: Hashable {
    var program: String
    /// With the program's own name first.
    var arguments: [String]
    var environment: [String: String]

    /// One process for each stage, without a remote shell, a network or pinning; messages go
    /// through shared memory.
    init(
        _ options: LaunchOptions, stageCount: Int, identity: (address: String, secret: String),
        directory: String
    ) throws(CoordinatorError) {
        program = try Self.find("mpirun", in: options.environment["PATH"])
        let settings = [
            ("plm", "isolated"),
            ("pml", "ob1"),
            ("btl", "self,vader"),
            ("oob_tcp_if_include", "lo"),
            ("btl_vader_backing_directory", directory),
            ("orte_tmpdir_base", directory),
            ("mpi_yield_when_idle", "1"),
        ]
        arguments =
            [program, "-np", String(stageCount), "--oversubscribe", "--bind-to", "none"]
            + ["--tag-output"]
            + settings.filter { !options.launcherArguments.contains($0.0) }
            .flatMap { ["--mca", $0.0, $0.1] }
            + options.launcherArguments + [options.executable] + options.arguments
        environment = options.environment.filter { !Self.isOfAnotherJob($0.key) }
        environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        // The stages have thread pools of their own.
        environment["OMP_NUM_THREADS"] = "1"
        environment[StageIdentity.addressVariable] = identity.address
        environment[StageIdentity.secretVariable] = identity.secret
    }

    /// Variables that would make the stages believe they belong to the job that the coordinator
    /// itself runs in.
    private static func isOfAnotherJob(_ name: String) -> Bool {
        ["OMPI_COMM_WORLD_", "OMPI_UNIVERSE_", "PMIX_", "OMPI_MCA_orte_"].contains {
            name.hasPrefix($0)
        }
    }

    private static func find(_ name: String, in path: String?) throws(CoordinatorError) -> String {
        let folders = (path ?? "").split(separator: ":").map(String.init)
        for folder in folders + ["/usr/local/bin", "/usr/bin"] {
            let file = "\(folder)/\(name)"
            if access(file, X_OK) == 0 { return file }
        }
        throw CoordinatorError("\(name) was not found; install Open MPI (openmpi-bin)")
    }
}
