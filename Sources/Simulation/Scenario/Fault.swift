/// Something that goes wrong. Times are seconds from the beginning.
package enum Fault: Hashable, Sendable {
    /// The stage dies and the whole pipeline with it; another one is ready after `downSeconds`.
    /// Nothing happens if the pipeline is down already.
    case stageDies(stage: Int, at: Double, downSeconds: Double)
    /// The stage takes `factor` times as long; for good if `to` is nil.
    case stageSlows(stage: Int, factor: Double, from: Double, to: Double?)
    /// The link after stage `link` moves nothing.
    case linkStalls(link: Int, from: Double, to: Double)
}
