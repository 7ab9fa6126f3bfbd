extension SettingsTable {
    /// One integer, or a list of the least and the greatest.
    package func integers(
        _ key: String, in limits: ClosedRange<Int>
    ) throws(SettingsError) -> ClosedRange<Int> {
        try required(key, integersIfPresent(key, in: limits))
    }

    package func integersIfPresent(
        _ key: String, in limits: ClosedRange<Int>
    ) throws(SettingsError) -> ClosedRange<Int>? {
        guard isList(key) else {
            return try integerIfPresent(key, in: limits).map { $0...$0 }
        }
        let bounds = try range(
            key, from: Double(limits.lowerBound), to: Double(limits.upperBound))
        guard let least = Int(exactly: bounds.lowerBound),
            let greatest = Int(exactly: bounds.upperBound)
        else { throw error(key, "must be two integers") }
        return least...greatest
    }

    /// One number, or a list of the least and the greatest.
    package func numbers(
        _ key: String, from least: Double, to greatest: Double
    ) throws(SettingsError) -> ClosedRange<Double> {
        guard isList(key) else {
            let number = try number(key, from: least, to: greatest)
            return number...number
        }
        return try range(key, from: least, to: greatest)
    }

    private func isList(_ key: String) -> Bool {
        guard let value = value(key), case .list = value.content else { return false }
        return true
    }

    private func range(
        _ key: String, from least: Double, to greatest: Double
    ) throws(SettingsError) -> ClosedRange<Double> {
        guard let bounds = try numbers(key, from: least, to: greatest), bounds.count == 2,
            bounds[0] <= bounds[1]
        else { throw error(key, "must be one number, or a list of the least and the greatest") }
        return bounds[0]...bounds[1]
    }
}
