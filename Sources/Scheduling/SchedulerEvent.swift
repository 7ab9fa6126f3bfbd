package import PipelineTypes

extension Scheduler {
    /// What happens to the scheduler.
    package enum Event: Hashable, Sendable {
        /// Ids must not repeat.
        case submit(GenerationRequest)
        /// The client went away, or the serving layer has seen enough (a stop string). Requests
        /// that have ended meanwhile are none of its concern.
        case cancel(RequestID)
        /// A microbatch has passed through the pipeline.
        case completed(MicrobatchResult)
        /// The stages are gone, and their KV pages with them.
        case pipelineLost
        /// Stages with empty KV pages wait for their first microbatch.
        case pipelineReady
        /// Forget all cached pages that no request uses.
        case flushCache
        /// Forget what the stages took, as the first microbatches of a process take longer, and
        /// compute every prompt as one chunk of its own from now on.
        case beginCostProfile
        /// Choose chunks by what has been learnt.
        case endCostProfile
        /// The layers were shared out anew: each stage takes so many times what it took.
        case scaleCosts(factors: [Double])
        /// Take nothing new, and end what has not started; what runs goes on to its end.
        case shutDown
        /// The pipeline will not come back: every request fails for this reason.
        case abandon(reason: String)
    }

    /// What the scheduler wants to be done, in this order.
    package enum Action: Hashable, Sendable {
        /// Send this to the first stage. All stages compute microbatches in the order in which
        /// they are dispatched.
        case dispatch(Microbatch)
        case deliver(RequestID, RequestEvent)
        /// The pipeline returned what nobody asked for. The scheduler has given it up as lost and
        /// expects `pipelineReady` from its successor.
        case protocolViolation(String)
    }
}
