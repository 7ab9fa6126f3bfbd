import Foundation
import StageProtocol

/// The command that starts all stages.
struct LaunchCommand: Hashable {
    var program: String
    /// With the program's own name first.
    var arguments: [String]
    var environment: [String: String]

    /// One process for each stage, without pinning.
    init(
        _ options: LaunchOptions, stageCount: Int, identity: (address: String, secret: String),
        directory: String
    ) throws(CoordinatorError) {
        program = try Self.find("mpirun", in: options.environment["PATH"])
        let settings =
            [("mpi_yield_when_idle", "1")]
            + (options.hosts.isEmpty
                ? Self.settingsOfOneHost(directory) : [("orte_keep_fqdn_hostnames", "1")])
        arguments =
            [program, "-np", String(stageCount), "--oversubscribe", "--bind-to", "none"]
            + ["--tag-output"]
            + settings.filter { !options.launcherArguments.contains($0.0) }
            .flatMap { ["--mca", $0.0, $0.1] }
            + (try Self.placement(options.hosts, stageCount: stageCount))
            + options.launcherArguments + [options.executable] + options.arguments
        environment = options.environment.filter { !Self.isOfAnotherJob($0.key) }
        environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        // The stages have thread pools of their own.
        environment[Self.openMPThreadsVariable] = "1"
        environment[StageIdentity.addressVariable] = identity.address
        environment[StageIdentity.secretVariable] = identity.secret
        // A setting would hold for all hosts, and no other has the directory.
        if !options.hosts.isEmpty { environment["TMPDIR"] = directory }
    }

    private static let openMPThreadsVariable = "OMP_NUM_THREADS"

    /// Without a remote shell or a network; messages go through shared memory.
    private static func settingsOfOneHost(_ directory: String) -> [(String, String)] {
        [
            ("plm", "isolated"),
            ("pml", "ob1"),
            ("btl", "self,vader"),
            ("oob_tcp_if_include", "lo"),
            ("btl_vader_backing_directory", directory),
            ("orte_tmpdir_base", directory),
        ]
    }

    /// Which host has how many stages, and what the launcher would else not take there from the
    /// environment, by name, so that no value shows in a list of processes.
    private static func placement(
        _ hosts: [String], stageCount: Int
    ) throws(CoordinatorError) -> [String] {
        guard !hosts.isEmpty else { return [] }
        guard hosts.count <= stageCount else {
            throw CoordinatorError("\(hosts.count) hosts are too many for \(stageCount) stages")
        }
        let slots = hosts.enumerated().map { index, host in
            let isLarger = index < stageCount % hosts.count
            return "\(host):\(stageCount / hosts.count + (isLarger ? 1 : 0))"
        }
        let names = [
            openMPThreadsVariable, StageIdentity.addressVariable, StageIdentity.secretVariable,
        ]
        return ["--host", slots.joined(separator: ",")] + names.flatMap { ["-x", $0] }
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

extension LaunchOptions {
    /// Where stages report, if `directory` is theirs.
    func controlAddress(in directory: String) -> ControlAddress {
        if let controlAddress { return controlAddress }
        guard let first = hosts.first else { return .unix(path: "\(directory)/control") }
        return .tcp(host: first, port: 0)
    }
}
