import HTTPTypes
import Hummingbird

extension ServerState {
    /// The routes that record when the stages work. They answer like those of SGLang; what its
    /// profiler may be told of PyTorch means nothing here and is passed over.
    var profileRoutes: [Route] {
        let start: Route.Handler = { request, _ in
            let body = try await body(of: request, mayBeEmpty: true)
            do {
                try await engine.startProfile(ProfileRequest(body))
            } catch let error as ProfileError {
                throw APIError(error)
            }
            return Response(text: "Start profiling.\n")
        }
        let stop: Route.Handler = { _, _ in
            do {
                let path = try await engine.stopProfile()
                return Response(text: "Stop profiling. The trace is in \(path).\n")
            } catch let error as ProfileError {
                throw APIError(error)
            }
        }
        return [
            .post("/start_profile", access: .administrators, start),
            .post("/stop_profile", access: .administrators, stop),
        ]
    }
}

/// What to record, and where to put it.
package struct ProfileRequest: Hashable, Sendable {
    /// An existing folder; nil takes the server's own.
    package var directory: String?
    /// So many microbatches and no more; nil goes on until `/stop_profile`.
    package var microbatches: Int?
    /// The first microbatch, counted from the server's start; nil begins with the next.
    package var firstMicrobatch: Int?
    /// Begins the file's name.
    package var prefix: String?
    /// Tells the file from others; nil takes the time.
    package var id: String?

    package init() {}

    init(_ body: JSONField) throws(APIError) {
        directory = try Self.path(body["output_dir"])
        microbatches = try body["num_steps"].integer(in: 1...Self.countMax)
        firstMicrobatch = try body["start_step"].integer(in: 0...Self.countMax)
        prefix = try Self.name(body["profile_prefix"])
        id = try Self.name(body["profile_id"])
    }

    private static let countMax = 1 << 53
    private static let nameBytesMax = 64

    private static func path(_ field: JSONField) throws(APIError) -> String? {
        guard let path = try field.string() else { return nil }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw field.error("\(field.path) must be the path of a folder.")
        }
        return path
    }

    /// A part of a file's name that cannot lead to another folder.
    private static func name(_ field: JSONField) throws(APIError) -> String? {
        guard let name = try field.string() else { return nil }
        let isPlain = name.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && scalar.properties.isAlphabetic
                || ("0"..."9").contains(scalar) || "._-".unicodeScalars.contains(scalar)
        }
        guard isPlain, !name.isEmpty, !name.hasPrefix("."), name.utf8.count <= nameBytesMax else {
            throw field.error(
                "\(field.path) must be at most \(nameBytesMax) letters, digits, '.', '_' and '-',"
                    + " and not begin with '.'.")
        }
        return name
    }
}

/// Why a profile cannot be started or ended, in one sentence for the client.
package struct ProfileError: Error, Hashable, Sendable {
    package enum Fault: Hashable, Sendable {
        /// The request asks for what cannot be.
        case request
        /// The server could not do it.
        case server
    }

    package var fault: Fault
    package var message: String

    package init(_ fault: Fault, _ message: String) {
        self.fault = fault
        self.message = message
    }

    package static let inProgress = ProfileError(
        .request, "Profiling is already in progress. Call /stop_profile first.")
    package static let notInProgress = ProfileError(
        .request, "Profiling is not in progress. Call /start_profile first.")
}

extension APIError {
    fileprivate init(_ error: ProfileError) {
        self.init(status: error.fault == .request ? 400 : 500, message: error.message)
    }
}
