import ArgumentParser

extension CompatibilityFlag {
    /// Judges one use of the flag: throws if its values make no sense or ask for what is not
    /// built, and returns a line for the user where the flag has no effect.
    func answer(to values: [String], spelling: String) throws(UsageError) -> String? {
        for value in values {
            do {
                try self.values.check(value)
            } catch {
                throw UsageError("The value '\(value)' is invalid for '\(spelling)': \(error)")
            }
        }
        switch standing {
        case .ignored(let reason):
            return "\(spelling) \(reason)"
        case .detail(let feature):
            return "\(spelling) has no effect without \(feature)"
        case .unbuilt(let exceptions):
            if let value = values.first, exceptions.contains(value) { return nil }
            let asked = ([spelling] + values).joined(separator: " ")
            let hint = exceptions.isEmpty ? "" : " (supported: \(exceptions[0]))"
            throw UsageError("\(asked) is not supported yet\(hint)")
        }
    }
}

extension CompatibilityFlag.Values {
    func check(_ value: String) throws {
        switch self {
        case .nothing:
            break
        case .text:
            _ = try Checked.nonEmpty(value)
        case .oneOf(let choices):
            guard choices.contains(value) else {
                throw ValidationError("it must be one of \(choices.joined(separator: ", "))")
            }
        case .integer(let limits):
            guard let number = Int(value), limits.contains(number) else {
                throw ValidationError("it must be an integer of at least \(limits.lowerBound)")
            }
        case .number:
            _ = try Checked.unitInterval(value)
        case .address:
            try Self.checkAddress(value)
        case .integers:
            guard Int(value) != nil else { throw ValidationError("it must be integers") }
        }
    }

    /// host:port, where an IPv6 host stands in brackets or not.
    private static func checkAddress(_ value: String) throws {
        guard let colon = value.lastIndex(of: ":"), colon > value.startIndex,
            let port = Int(value[value.index(after: colon)...]), (1...65535).contains(port)
        else {
            throw ValidationError("it must be host:port")
        }
    }
}
