/// What the coordinator's launcher hands to each stage through the environment.
package struct StageIdentity: Hashable, Sendable {
    package static let addressVariable = "PENSTOCK_CONTROL_ADDRESS"
    package static let secretVariable = "PENSTOCK_CONTROL_SECRET"
    /// Set by `mpirun`.
    package static let stageVariable = "OMPI_COMM_WORLD_RANK"

    /// Where to report.
    package var address: ControlAddress
    package var secret: String
    /// This stage's place in the pipeline.
    package var stage: Int

    package init(address: ControlAddress, secret: String, stage: Int) {
        self.address = address
        self.secret = secret
        self.stage = stage
    }

    /// Reads an environment; nil if a stage was not started by a coordinator.
    package init?(environment: [String: String]) {
        guard let address = environment[Self.addressVariable].flatMap(ControlAddress.init),
            let secret = environment[Self.secretVariable],
            let stage = environment[Self.stageVariable].flatMap(Int.init), stage >= 0
        else { return nil }
        self.init(address: address, secret: secret, stage: stage)
    }
}
