package import PipelineTypes

/// The clients of a workload: what they submit, and when.
package struct Clients: Sendable {
    /// One request, and when its client goes away, if it does.
    package struct Submission: Sendable {
        package let request: GenerationRequest
        let source: Int
        package let cancelAfter: Double?
    }

    let sources: [RequestSource]
    private let seed: UInt64
    /// Of each source, how many were submitted.
    private var counts: [Int]
    private var arrivals: [RandomStream]
    private var submissionCount: UInt64 = 0

    package init(_ workload: [RequestSource], seed: UInt64) {
        sources = workload
        self.seed = seed
        counts = Array(repeating: 0, count: workload.count)
        arrivals = workload.indices.map { RandomStream(seed, .arrivals, UInt64($0)) }
    }

    /// Whether every request has been submitted.
    var areDone: Bool {
        zip(sources, counts).allSatisfy { $0.count == $1 }
    }

    /// How many requests of a source come at the beginning, and after how many seconds.
    package mutating func firstArrivals(of source: Int) -> (count: Int, after: Double) {
        switch sources[source].arrivals {
        case .together(let seconds): (1, seconds)
        case .poisson(let perSecond): (1, arrivals[source].exponential() / perSecond)
        case .closedLoop(let clients, _): (min(clients, sources[source].count), 0)
        }
    }

    /// Seconds from the submission of a request to that of the next, if its time is known then.
    package mutating func nextArrival(of source: Int) -> Double? {
        guard counts[source] < sources[source].count else { return nil }
        switch sources[source].arrivals {
        case .together: return 0
        case .poisson(let perSecond): return arrivals[source].exponential() / perSecond
        case .closedLoop: return nil
        }
    }

    /// Seconds from the end of a request to the next of the same client, if there is one.
    package func arrivalAfterEnd(of source: Int) -> Double? {
        guard case .closedLoop(_, let thinkSeconds) = sources[source].arrivals else { return nil }
        return thinkSeconds
    }

    /// The next request of a source; nil if it has no more.
    package mutating func submit(source index: Int) -> Submission? {
        let source = sources[index]
        guard counts[index] < source.count else { return nil }
        let number = UInt64(counts[index])
        var random = RandomStream(seed, .request, UInt64(index), number)
        var sampling = SamplingParameters()
        let promptTokens = Int.random(in: source.promptTokens, using: &random)
        sampling.maxNewTokens = Int.random(in: source.outputTokens, using: &random)
        sampling.seed = submissionCount
        sampling.stopTokens = (0..<source.stopTokenCount).map { TokenID($0) }
        let prompt = Self.prompt(source, promptTokens, using: &random)
        let cancellation = source.cancellation.flatMap { cancellation in
            random.share() < cancellation.share
                ? Double.random(in: cancellation.after, using: &random) : nil
        }
        let request = GenerationRequest(
            id: RequestID(submissionCount), prompt: prompt, sampling: sampling)
        counts[index] += 1
        submissionCount += 1
        return Submission(request: request, source: index, cancelAfter: cancellation)
    }

    /// The shared beginning, if any, and then what no other prompt has.
    private static func prompt(
        _ source: RequestSource, _ count: Int, using random: inout RandomStream
    ) -> [TokenID] {
        let own = random.next()
        guard let prefix = source.sharedPrefix else { return TokenModel.text(own, 0..<count) }
        let texts = UInt64(prefix.textCount)
        let text = RandomStream.mix(UInt64.random(in: 0..<texts, using: &random))
        let shared = min(count, Int.random(in: prefix.tokens, using: &random))
        return TokenModel.text(text, 0..<shared) + TokenModel.text(own, shared..<count)
    }
}
