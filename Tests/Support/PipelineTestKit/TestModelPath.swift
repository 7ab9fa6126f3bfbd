/// Takes the place of a model's path: says what a test's stages are to do.
package struct TestModelPath: Hashable, Sendable, LosslessStringConvertible {
    package var hiddenSize = 64
    /// Added to every microbatch on every stage.
    package var computeMicroseconds = 0
    /// The stage that refuses to load.
    package var refusingStage: Int?
    /// The stage that never finishes loading.
    package var hangingLoadStage: Int?
    /// The stage that never finishes a microbatch with a chunk of so many tokens.
    package var hangingTokenCount: Int?
    /// A microbatch with a chunk of so many tokens makes the first stage exit.
    package var fatalTokenCount: Int?

    package init() {}

    package init?(_ description: String) {
        let numbers = description.split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0)
        }
        guard numbers.count == 6, let hiddenSize = numbers[0], let microseconds = numbers[1] else {
            return nil
        }
        self.hiddenSize = hiddenSize
        computeMicroseconds = microseconds
        refusingStage = numbers[2]
        hangingLoadStage = numbers[3]
        hangingTokenCount = numbers[4]
        fatalTokenCount = numbers[5]
    }

    package var description: String {
        let numbers: [Int?] = [
            hiddenSize, computeMicroseconds, refusingStage, hangingLoadStage, hangingTokenCount,
            fatalTokenCount,
        ]
        return numbers.map { $0.map(String.init) ?? "" }.joined(separator: ",")
    }
}
