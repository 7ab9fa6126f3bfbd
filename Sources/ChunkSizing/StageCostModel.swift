/// What is known of one stage's speed: a fit to samples of all lengths and prefixes, and by how
/// much the stage is slower or faster now than when they were taken.
package struct StageCostModel: Hashable, Sendable {
    /// nil until enough is known.
    package private(set) var fit: PrefillCostFit?
    /// The stage takes so many times what the samples say.
    package private(set) var slowdown = 1.0
    /// The newest samples of each kind, divided by the slowdown of their time.
    private var bins: [Bin] = []
    /// Measured over predicted, the newest last.
    private var recentRatios: [Double] = []
    private var samplesSinceFit = 0

    private struct Bin: Hashable, Sendable {
        var tokensMagnitude: Int
        var pairsMagnitude: Int
        var samples: [PrefillSample] = []
        private var next = 0

        init(tokensMagnitude: Int, pairsMagnitude: Int) {
            self.tokensMagnitude = tokensMagnitude
            self.pairsMagnitude = pairsMagnitude
        }

        mutating func add(_ sample: PrefillSample, countMax: Int) {
            if samples.count < countMax {
                samples.append(sample)
            } else {
                samples[next] = sample
            }
            next = (next + 1) % countMax
        }
    }

    private static let samplesPerBin = 6
    private static let ratiosKept = 9
    private static let binCountMax = 256

    package init() {}

    /// Samples that are kept.
    package var sampleCount: Int {
        bins.reduce(0) { $0 + $1.samples.count }
    }

    /// The cost as it is now.
    package var cost: PrefillCost? {
        fit?.cost.scaled(by: slowdown)
    }

    /// Takes note of what a microbatch took. Samples without tokens or time say nothing.
    package mutating func add(_ sample: PrefillSample) {
        guard sample.seconds > 0, sample.tokens > 0, sample.seconds.isFinite else { return }
        follow(sample)
        keep(sample)
        samplesSinceFit += 1
        if fit == nil || samplesSinceFit >= 16 { refit() }
    }

    /// Fits what is known now.
    package mutating func refit() {
        samplesSinceFit = 0
        fit = PrefillCostFit(bins.flatMap(\.samples)) ?? fit
    }

    /// Finds out whether the stage has changed its speed: the median of the last ratios has, and
    /// one stray sample does not move it.
    private mutating func follow(_ sample: PrefillSample) {
        guard let cost else { return }
        recentRatios.append(sample.seconds / cost.seconds(sample))
        guard recentRatios.count >= Self.ratiosKept else { return }
        if recentRatios.count > Self.ratiosKept { recentRatios.removeFirst() }
        let ratio = PrefillCostFit.median(recentRatios)
        guard ratio > 1.15 || ratio < 1 / 1.15 else { return }
        slowdown *= ratio
        recentRatios = []
    }

    private mutating func keep(_ sample: PrefillSample) {
        var sample = sample
        sample.seconds /= slowdown
        let tokens = Self.magnitude(sample.tokens)
        let pairs = Self.magnitude(sample.pairs)
        if let index = bins.firstIndex(where: {
            $0.tokensMagnitude == tokens && $0.pairsMagnitude == pairs
        }) {
            bins[index].add(sample, countMax: Self.samplesPerBin)
        } else if bins.count < Self.binCountMax {
            var bin = Bin(tokensMagnitude: tokens, pairsMagnitude: pairs)
            bin.add(sample, countMax: Self.samplesPerBin)
            bins.append(bin)
        }
    }

    /// Twice the binary logarithm, rounded down.
    private static func magnitude(_ value: Double) -> Int {
        let exponent = Int(value.exponent)
        return 2 * exponent + (value.significand >= 1.4142135623730951 ? 1 : 0)
    }
}
