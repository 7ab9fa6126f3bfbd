/// The part of a file that is being examined, to make errors about it.
struct ErrorContext {
    let file: String
    let subject: String?

    func error(_ problem: CheckpointError.Problem) -> CheckpointError {
        CheckpointError(file: file, subject: subject, problem)
    }

    func malformed(expected: String, found: String) -> CheckpointError {
        error(.malformed(expected: expected, found: found))
    }
}
