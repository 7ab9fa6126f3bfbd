import CommandLineOptions
import Testing

/// Reads a command line as a shell would have split it.
func read(
    _ arguments: [String], environment: [String: String] = [:], files: [String: String] = [:]
) throws(UsageError) -> (invocation: Invocation, notes: [String]) {
    let reader = InvocationReader(environment: environment) { path in
        guard let text = files[path] else { throw MissingFile() }
        return text
    }
    return try reader.read(arguments)
}

struct MissingFile: Error {}

/// The options of `penstock serve`, after the model `m.gguf`.
func serve(
    _ arguments: String..., environment: [String: String] = [:], files: [String: String] = [:]
) throws -> ServeOptions {
    let result = try read(
        ["serve", "--model-path", "m.gguf"] + arguments, environment: environment, files: files)
    guard case .serve(let options) = result.invocation else {
        throw UsageError("not a serve invocation")
    }
    return options
}

/// What standard error would say to a command line that is refused; nil if it is accepted.
func refusal(
    _ arguments: [String], environment: [String: String] = [:], files: [String: String] = [:]
) -> String? {
    do {
        _ = try read(arguments, environment: environment, files: files)
        return nil
    } catch {
        return error.message
    }
}
