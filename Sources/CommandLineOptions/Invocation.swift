import ArgumentParser
import SettingsFiles

/// What a command line asks for.
package enum Invocation: Hashable, Sendable {
    case serve(ServeOptions)
    /// One stage of a pipeline; its coordinator tells it the rest.
    case stage
    case inspect(InspectOptions)
    case benchPrefill(BenchPrefillOptions)
    case benchDecode(BenchDecodeOptions)
    case benchAccuracy(BenchAccuracyOptions)
    case benchKernels(BenchKernelsOptions)
    case chunks(ChunksOptions)
    case plan(PlanOptions)
    case simulate(SimulateOptions)
    case trace(TraceOptions)
    /// Help, a version or a completion script: print it on standard output, and exit with 0.
    case print(String)
}

/// Reads command lines. The process's arguments and environment are handed in, so that nothing
/// below the executable looks them up.
package struct InvocationReader {
    private let environment: [String: String]
    private let readFile: (String) throws -> String

    package init(
        environment: [String: String],
        readFile: @escaping (String) throws -> String = SettingsTable.text(ofFile:)
    ) {
        self.environment = environment
        self.readFile = readFile
    }

    /// - Parameter arguments: without the executable's name.
    /// - Returns: what to do, and lines for standard error about flags that have no effect.
    package func read(
        _ arguments: [String]
    ) throws(UsageError) -> (invocation: Invocation, notes: [String]) {
        var arguments = arguments
        var notes: [String] = []
        if arguments.first == ServeCommand.configuration.commandName {
            let serve = try ServeArguments(Array(arguments.dropFirst()), readFile: readFile)
            arguments = [arguments[0]] + serve.remaining
            notes = serve.notes
        } else {
            arguments = Self.joiningNegativeNumbers(arguments)
        }
        if let unknown = Self.unknownCommand(arguments) { throw unknown }
        return (try parse(arguments), notes)
    }

    /// Writes `--flag -5` as `--flag=-5`: the argument parser takes what begins with a dash for
    /// another flag, and would say that the value is missing.
    private static func joiningNegativeNumbers(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        var joined: [String] = []
        for argument in arguments[..<end] {
            if let flag = joined.last, flag.hasPrefix("--"), !flag.contains("="),
                beginsNegative(argument)
            {
                joined[joined.count - 1] = "\(flag)=\(argument)"
            } else {
                joined.append(argument)
            }
        }
        return joined + arguments[end...]
    }

    /// Whether it is a negative number, or begins with one as lists do.
    private static func beginsNegative(_ argument: String) -> Bool {
        guard argument.hasPrefix("-") else { return false }
        let digits: ClosedRange<Character> = "0"..."9"
        return argument.dropFirst().first.map(digits.contains) == true || Double(argument) != nil
    }

    private static func unknownCommand(_ arguments: [String]) -> UsageError? {
        let known = PenstockCommand.commandNames
        guard let name = arguments.first, !name.hasPrefix("-"), !known.contains(name),
            let nearest = NearestName.nearest(to: name, among: known)
        else { return nil }
        return UsageError("unknown command '\(name)'; the nearest is '\(nearest)'")
    }

    private func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
        let command: any ParsableCommand
        do {
            command = try PenstockCommand.parseAsRoot(arguments)
        } catch {
            return try Self.printed(error)
        }
        return try invocation(command)
    }

    private func invocation(_ command: any ParsableCommand) throws(UsageError) -> Invocation {
        let environment = OptionEnvironment(variables: environment)
        switch command {
        case let command as ServeCommand:
            return .serve(try command.options(environment: environment))
        case is StageCommand:
            return .stage
        case let command as InspectCommand:
            return .inspect(try command.options(environment: environment))
        case let command as BenchPrefillCommand:
            return .benchPrefill(try command.options(environment: environment))
        case let command as BenchDecodeCommand:
            return .benchDecode(try command.options(environment: environment))
        case let command as BenchAccuracyCommand:
            return .benchAccuracy(try command.options(environment: environment))
        case let command as BenchKernelsCommand:
            return .benchKernels(try command.options(environment: environment))
        case let command as ChunksCommand:
            return .chunks(try command.options())
        case let command as PlanCommand:
            return .plan(try command.options())
        case let command as SimulateCommand:
            return .simulate(try command.options())
        case let command as TraceCommand:
            return .trace(command.options)
        default:
            return try printed(command)
        }
    }

    /// Help requests and commands that only have subcommands print their text by "running".
    private func printed(_ command: any ParsableCommand) throws(UsageError) -> Invocation {
        var command = command
        do {
            try command.run()
            return .print("")
        } catch {
            return try Self.printed(error)
        }
    }

    private static func printed(_ error: any Error) throws(UsageError) -> Invocation {
        guard PenstockCommand.exitCode(for: error).isSuccess else {
            throw UsageError(PenstockCommand.message(for: error))
        }
        return .print(PenstockCommand.fullMessage(for: error))
    }
}
