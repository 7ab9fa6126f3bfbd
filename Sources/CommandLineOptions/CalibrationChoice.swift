import ArgumentParser

extension Checked {
    /// `LENGTH:SECONDS@DEVICES`, with or without `/CHUNK`, or `none`.
    static let calibration: Reader<CalibrationChoice> = { text in
        if text == "none" { return .none }
        let pattern = #/([0-9]+):([0-9.eE+-]+)@(?:tp)?([0-9]+)(?:/([0-9]+))?/#
        guard let match = text.wholeMatch(of: pattern),
            let length = Int(match.output.1), (1...(1 << 26)).contains(length),
            let seconds = Double(match.output.2), seconds >= 1e-6, seconds <= 1e9,
            let devices = Int(match.output.3), (1...4096).contains(devices)
        else {
            throw ValidationError("it must be none, or like 131072:48.5@8 or 131072:48.5@8/4096")
        }
        var chunkSize: Int?
        if let written = match.output.4 {
            guard let tokens = Int(written), (64...(1 << 26)).contains(tokens) else {
                throw ValidationError("its chunk size must be from 64 to \(1 << 26)")
            }
            chunkSize = tokens
        }
        return .measured(
            promptLength: length, seconds: seconds, devices: devices, chunkSize: chunkSize)
    }
}

/// Which measurement a plan agrees with.
package enum CalibrationChoice: Hashable, Sendable {
    /// The profile's, if it has one for the model.
    case profile
    case none
    /// One stage of so many devices; nil is the usual chunk size.
    case measured(promptLength: Int, seconds: Double, devices: Int, chunkSize: Int?)
}
