import HTTPServer

/// An engine in a test of something else than profiles.
protocol UnprofiledEngine: InferenceEngine {}

extension UnprofiledEngine {
    func startProfile(_ request: ProfileRequest) async throws(ProfileError) {
        throw ProfileError(.server, "This engine has no profile.")
    }

    func stopProfile() async throws(ProfileError) -> String {
        throw .notInProgress
    }
}
