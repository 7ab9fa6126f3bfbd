import Scheduling

extension Scenario {
    /// Simulates the scenario with the scheduler of the server. Throws on what cannot be simulated,
    /// and on what takes too long.
    ///
    /// - Parameter keepsTimeline: takes memory for every microbatch on every stage.
    package func simulate(keepsTimeline: Bool = true) throws(ScenarioError) -> SimulationReport {
        // The scheduler takes sound limits for granted.
        try check()
        var run = try SimulationRun(
            self, scheduler: Scheduler(limits: limits, costs: knownCosts, links: knownLinks),
            keepsTimeline: keepsTimeline)
        let report = run.run()
        if let reason = report.givenUp {
            throw ScenarioError("the run is given up", "it \(reason)")
        }
        return report
    }
}
