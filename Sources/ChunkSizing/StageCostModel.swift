/// What is known of one stage's speed: a fit to samples of all lengths and prefixes, and by how
/// much the stage is slower or faster now than when they were taken.
package struct StageCostModel: Hashable, Sendable {
    /// nil until enough is known.
    package private(set) var fit: PrefillCostFit?
    /// The stage takes so many times what the samples say.
    package private(set) var slowdown = 1.0
    /// The newest samples of each kind, divided by the slowdown of their time.
    private var bins: [Bin] = []
    /// The newest last.
    private var recent: [PrefillSample] = []
    private var samplesSinceFit = 0

    private struct Bin: Hashable, Sendable {
        var tokensMagnitude: Int
        var pairsMagnitude: Int
        var samples: Newest<PrefillSample>
    }

    private static let samplesPerBin = 6
    private static let recentCount = 9
    /// Samples that a first fit takes.
    private static let sampleCountMin = 12
    /// The same for samples that were gathered, which are chosen to differ.
    private static let gatheredCountMin = 8
    /// The stage has changed its speed if the median of the last ratios is beyond this.
    private static let driftMin = 1.15
    private static let binCountMax = 256

    package init() {}

    /// Expects a cost. What it says of short and long chunks after short and long prefixes counts
    /// as samples until there are others of their kind: a prompt's chunks alone, all of which take
    /// the same time, do not tell what other chunks would take.
    package init(expecting cost: PrefillCost) {
        for tokens in [64, 1024, 16_384] {
            for start in [0, 8192, 131_072] {
                let seconds = cost.seconds(tokens: tokens, after: start)
                keep(PrefillSample(tokens: tokens, after: start, seconds: seconds))
            }
        }
        refit()
    }

    /// Samples that are kept.
    package var sampleCount: Int {
        bins.reduce(0) { $0 + $1.samples.elements.count }
    }

    /// What is known now; nil until enough is.
    package var estimate: StageCostEstimate? {
        fit.map {
            StageCostEstimate(
                cost: $0.cost.scaled(by: slowdown), relativeError: $0.relativeError,
                sampleCount: sampleCount)
        }
    }

    /// The cost as it is now.
    package var cost: PrefillCost? {
        fit?.cost.scaled(by: slowdown)
    }

    /// Takes note of what a microbatch took, and learns from it. Samples without tokens or time
    /// say nothing.
    package mutating func add(_ sample: PrefillSample) {
        guard gather(sample) else { return }
        let due = fit == nil ? Self.sampleCountMin : max(16, sampleCount / 8)
        if samplesSinceFit >= due { refit() }
        follow(sample)
    }

    /// Takes note of what a microbatch took, to learn from it later. Whether that says anything.
    @discardableResult
    package mutating func gather(_ sample: PrefillSample) -> Bool {
        guard sample.seconds > 0, sample.tokens > 0, sample.seconds.isFinite else { return false }
        keep(sample)
        samplesSinceFit += 1
        return true
    }

    /// Learns from what was gathered, if that is enough.
    package mutating func learn() {
        if samplesSinceFit >= Self.gatheredCountMin { refit() }
    }

    /// From now on the stage takes so many times what it took, because it does more or less.
    package mutating func scale(by factor: Double) {
        slowdown *= factor
        recent = []
    }

    /// Fits what is known now.
    package mutating func refit() {
        samplesSinceFit = 0
        fit = PrefillCostFit(bins.flatMap(\.samples.elements)) ?? fit
    }

    /// Finds out whether the stage has changed its speed: the median of the last ratios has, one
    /// stray sample does not move it, and no other fit explains old and new samples alike, as one
    /// does where the old ones had shorter prefixes.
    private mutating func follow(_ sample: PrefillSample) {
        guard let fit else { return }
        recent.append(sample)
        if recent.count > Self.recentCount { recent.removeFirst() }
        guard recent.count == Self.recentCount else { return }
        let ratio = recentRatio(fit.cost)
        guard Self.isDrift(ratio) else { return }
        refit()
        if let refitted = self.fit, !Self.isDrift(recentRatio(refitted.cost)),
            refitted.relativeError < max(0.05, 1.5 * fit.relativeError)
        {
            return
        }
        self.fit = fit
        slowdown *= ratio
        recent = []
    }

    private static func isDrift(_ ratio: Double) -> Bool {
        ratio > driftMin || ratio < 1 / driftMin
    }

    /// The median of measured over predicted.
    private func recentRatio(_ cost: PrefillCost) -> Double {
        PrefillCostFit.median(recent.map { $0.seconds / (slowdown * cost.seconds($0)) })
    }

    private mutating func keep(_ sample: PrefillSample) {
        var sample = sample
        sample.seconds /= slowdown
        let tokens = Self.magnitude(sample.tokens)
        let pairs = Self.magnitude(sample.pairs)
        if let index = bins.firstIndex(where: {
            $0.tokensMagnitude == tokens && $0.pairsMagnitude == pairs
        }) {
            bins[index].samples.add(sample)
        } else if bins.count < Self.binCountMax {
            var bin = Bin(
                tokensMagnitude: tokens, pairsMagnitude: pairs,
                samples: Newest(countMax: Self.samplesPerBin))
            bin.samples.add(sample)
            bins.append(bin)
        }
    }

    /// Twice the binary logarithm, rounded down.
    private static func magnitude(_ value: Double) -> Int {
        let exponent = Int(value.exponent)
        return 2 * exponent + (value.significand >= 1.4142135623730951 ? 1 : 0)
    }
}

/// What a stage takes, and how sure that is.
package struct StageCostEstimate: Hashable, Sendable {
    package var cost: PrefillCost
    /// The median of |predicted − measured| / measured.
    package var relativeError: Double
    /// Microbatches that it rests on.
    package var sampleCount: Int
}
