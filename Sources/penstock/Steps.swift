/// Things to be done one after the other, whatever becomes of each: what failed is told in the end.
struct Steps {
    private var failures: [any Error] = []

    mutating func take(_ step: () async throws -> Void) async {
        do { try await step() } catch { failures.append(error) }
    }

    /// Throws the first failure; the others become lines on standard error.
    func end() throws {
        for failure in failures.dropFirst() { Console.complain("\(failure)") }
        if let first = failures.first { throw first }
    }
}
