/// What is wrong with a scenario, and where:
/// "link 2: the bandwidth must be above 0 bytes/s, got 0".
package struct ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ place: String, _ what: String) {
        description = "\(place): \(what)"
    }
}
