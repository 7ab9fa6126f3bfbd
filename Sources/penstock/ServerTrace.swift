import Coordinator
import Logging
import Timelines

/// The trace of all that a server does for its clients.
struct ServerTrace {
    private let file: TraceFile
    private let recording = TimelineRecording()
    private let logger: Logger

    /// Throws if there can be no such file.
    init(_ path: String, logger: Logger) throws(FileError) {
        file = try TraceFile(path, .replace)
        self.logger = logger
    }

    func begin(_ coordinator: Coordinator) {
        coordinator.start(recording)
    }

    /// Writes the file, when the coordinator has stopped.
    func write(_ coordinator: Coordinator) async throws(FileError) {
        let timeline = coordinator.stop(recording)
        do throws(FileError) {
            try await file.write(timeline)
        } catch {
            logger.error("\(error)")
            throw error
        }
        logger.info(
            "wrote the trace",
            metadata: [
                "path": "\(file.path)", "microbatches": "\(timeline.microbatches.count)",
                "dropped": "\(timeline.droppedCount)",
            ])
    }
}
