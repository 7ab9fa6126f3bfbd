import CommandLineOptions
import Foundation
import Planning
import Profiles

/// A model on a machine, both by name or file, as command lines give them.
struct ModelOnMachine {
    var model: String
    var hardware: String
    var calibration: CalibrationChoice

    /// Everything that can be wrong with files or flags is a usage error.
    ///
    /// - Parameter change: Makes what is wanted out of a request for all devices of one node.
    func planner(_ change: (inout PlanRequest) -> Void) throws(UsageError) -> Planner {
        do {
            let files = ProfileFiles(folders: Self.folders)
            let model = try files.model(model)
            let hardware = try files.hardware(hardware)
            var request = PlanRequest(
                model: model, hardware: hardware, deviceCount: hardware.devicesPerNode,
                calibration: calibration(model, hardware))
            change(&request)
            return try Planner(request)
        } catch {
            throw UsageError("\(error)")
        }
    }

    private func calibration(_ model: ModelShape, _ hardware: HardwareProfile) -> Calibration? {
        switch calibration {
        case .none: nil
        case .profile: hardware.calibrations.first { $0.model == model.name }
        case .measured(let promptLength, let seconds, let devices, let chunkSize):
            Calibration(
                model: model.name, devices: devices, promptLength: promptLength,
                seconds: seconds, chunkSize: chunkSize ?? Calibration.chunkSizeDefault)
        }
    }

    /// Where profiles may lie: where the command runs, and in or beside the folders that the
    /// executable is in.
    private static var folders: [String] {
        let name = "profiles"
        var folders = [name]
        var parent = URL(filePath: PipelineRun.executablePath).deletingLastPathComponent()
        for _ in 0..<depthMax {
            let folder = parent.appending(path: name).path(percentEncoded: false)
            if FileManager.default.fileExists(atPath: folder + "/hardware") {
                folders.append(folder)
                break
            }
            parent.deleteLastPathComponent()
        }
        return folders
    }

    /// Folders above the executable that are looked at.
    private static let depthMax = 8
}
