import ChunkSizing
import PipelineTypes

/// How long microbatches are where prompts wait in a row: all of them equally long, whosever
/// prompt it is. A short one gains nothing behind a long one, and a long one leaves the stages idle
/// that have got short ones.
struct MicrobatchRhythm: Hashable, Sendable {
    /// Seconds of each on the slowest stage, without its fixed cost.
    let seconds: Double
    /// Seconds by which one microbatch less is sooner done, for all who wait together.
    private let saving: Double
    private let followers: Double
    private let inFlight: Double

    /// All W seconds of work take W·(1 + c/t) + (R + ½)·t in microbatches of t seconds; the half is
    /// what a prompt waits for the rest of its microbatch. W is the work of all, not the mean of
    /// what is before each prompt: those who come meanwhile wait for everything.
    ///
    /// - Parameters:
    ///   - overhead: Fixed seconds c of a microbatch.
    ///   - followers: What all stages but the slowest take, R, as a multiple of that one.
    ///   - inFlight: Seconds of the longest microbatch in flight. The pipeline is filled with such
    ///     ones: shorter ones behind it would come out no sooner.
    ///   - secondsMax: Bounds them.
    init(
        _ queued: QueuedWork, overhead: Double, followers: Double, inFlight: Double,
        secondsMax: Double
    ) {
        let best = (overhead * queued.total / (followers + 0.5)).squareRoot()
        seconds = min(max(best, inFlight), secondsMax)
        // As many come meanwhile as wait now.
        saving = overhead * Double(2 * (queued.count - 1))
        self.followers = followers
        self.inFlight = inFlight
    }

    /// Whether `more` seconds of others go with prompts that end in a microbatch of `seconds`:
    /// those prompts wait for them, on every stage if the microbatch becomes the longest, and all
    /// others are sooner done by a part of its fixed cost.
    func pays(_ more: Double, after seconds: Double, ends: Int) -> Bool {
        let longer = max(0, seconds + more - max(seconds, inFlight))
        return Double(ends) * (more + followers * longer) * (seconds + more) <= saving * more
    }

    /// Where the next chunk of a prompt ends: the rest of it is cut into chunks of equal time.
    func chunkEnd(_ positions: Range<Int>, on stage: PrefillCost, tokensMax: Int) -> Int {
        let (start, end) = (positions.lowerBound, positions.upperBound)
        let work = stage.work(positions)
        // Somewhat longer is better than one more.
        let count = max(1, (work / max(seconds, .leastNormalMagnitude) - 0.1).rounded(.up))
        guard count > 1 || positions.count > tokensMax else { return end }
        let fitting = stage.tokens(
            within: work / count + stage.overhead(after: start), after: start)
        let pages = (min(fitting, Double(tokensMax)) / Double(Page.size)).rounded()
        return min(end, start + max(1, Int(pages)) * Page.size)
    }
}
