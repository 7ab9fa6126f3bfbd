import Coordinator
import Foundation
import HTTPServer
import Logging
import PipelineTypes
import Synchronization
import Timelines

/// Records what clients ask for with `/start_profile`, one profile at a time, into files that never
/// replace others.
final class Profiler: Sendable {
    private struct Profile {
        let number: UInt64
        let recording: TimelineRecording
        let file: TraceFile
    }

    private enum State {
        case idle
        /// A file is being opened.
        case starting
        case recording(Profile)
        case writing
    }

    private let coordinator: Coordinator
    private let defaultDirectory: String
    private let logger: Logger
    private let state = Mutex(State.idle)
    private let nextNumber = Atomic<UInt64>(0)

    init(_ coordinator: Coordinator, defaultDirectory: String, logger: Logger) {
        self.coordinator = coordinator
        self.defaultDirectory = defaultDirectory
        self.logger = logger
    }

    func start(_ request: ProfileRequest) throws(ProfileError) {
        try reserve()
        let profile: Profile
        do {
            profile = try open(request)
        } catch {
            state.withLock { $0 = .idle }
            throw error
        }
        state.withLock { state in
            state = .recording(profile)
            // Within the lock: the recording may be complete before it is left.
            coordinator.start(profile.recording)
        }
        logger.info("profiling", metadata: ["trace": "\(profile.file.path)"])
    }

    private func reserve() throws(ProfileError) {
        let isFree = state.withLock { state in
            guard case .idle = state else { return false }
            state = .starting
            return true
        }
        guard isFree else { throw .inProgress }
    }

    private func open(_ request: ProfileRequest) throws(ProfileError) -> Profile {
        let directory = request.directory ?? defaultDirectory
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory),
            isDirectory.boolValue
        else { throw ProfileError(.request, "output_dir \(directory) is no existing folder.") }
        let id = request.id ?? String(format: "%.6f", Date().timeIntervalSince1970)
        let name = "\(request.prefix ?? "penstock")-\(id).trace.json"
        let file: TraceFile
        do throws(FileError) {
            file = try TraceFile((directory as NSString).appendingPathComponent(name), .create)
        } catch {
            throw ProfileError(.request, "The profile cannot be started: \(error).")
        }
        let number = nextNumber.add(1, ordering: .relaxed).newValue
        let recording = TimelineRecording(
            first: MicrobatchID(UInt64(request.firstMicrobatch ?? 0)), wanted: request.microbatches
        ) { [weak self] in
            // All that was asked for is there. The coordinator's thread goes on.
            Task { try? await self?.stop(only: number) }
        }
        return Profile(number: number, recording: recording, file: file)
    }

    /// Writes the trace; returns its path.
    func stop() async throws(ProfileError) -> String {
        try await stop(only: nil)
    }

    @discardableResult
    private func stop(only number: UInt64?) async throws(ProfileError) -> String {
        let profile: Profile? = state.withLock { state in
            guard case .recording(let profile) = state, profile.number == number ?? profile.number
            else { return nil }
            state = .writing
            return profile
        }
        guard let profile else { throw .notInProgress }
        defer { state.withLock { $0 = .idle } }
        let timeline = coordinator.stop(profile.recording)
        do throws(FileError) {
            try await profile.file.write(timeline)
        } catch {
            logger.error("\(error)")
            throw ProfileError(.server, "The profile is lost: \(error).")
        }
        logger.info(
            "profiled",
            metadata: [
                "trace": "\(profile.file.path)", "microbatches": "\(timeline.microbatches.count)",
            ])
        return profile.file.path
    }
}
