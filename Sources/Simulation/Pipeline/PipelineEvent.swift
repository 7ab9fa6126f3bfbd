import PipelineTypes

/// What happens in the pipeline.
enum PipelineEvent {
    /// A microbatch is at a stage, in full.
    case arrived(MicrobatchID, stage: Int)
    /// A stage has computed its microbatch.
    case computed(stage: Int)
    /// The last byte of a message has left the link.
    case moved(link: Int)
    /// The coordinator hears that the last stage is done with a microbatch.
    case completed(MicrobatchID)
}
