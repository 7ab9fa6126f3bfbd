import PipelineTypes

/// In JSON all times are seconds, from the first dispatch to the last completion; those of bubbles
/// count from the first dispatch.
extension BubbleReport: Encodable {
    private enum Key: String, CodingKey {
        case source, microbatches, droppedMicrobatches, requests, tokens, seconds
        case bubbleShare, allIdleSecondsMax, stages, longestBubbles
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(source.rawValue, forKey: .source)
        try fields.encode(microbatchCount, forKey: .microbatches)
        try fields.encode(droppedCount, forKey: .droppedMicrobatches)
        try fields.encode(requestCount, forKey: .requests)
        try fields.encode(tokenCount, forKey: .tokens)
        try fields.encode(seconds, forKey: .seconds)
        try fields.encode(bubbleShare, forKey: .bubbleShare)
        try fields.encode(allIdleSecondsMax, forKey: .allIdleSecondsMax)
        try fields.encode(stages.map(StageFields.init), forKey: .stages)
        try fields.encode(
            longestBubbles.map { BubbleFields($0, from: began) }, forKey: .longestBubbles)
    }

    private struct StageFields: Encodable {
        var busySeconds: Double
        var busyShare: Double
        var fillSeconds: Double
        var drainSeconds: Double
        var imbalanceSeconds: Double
        var linkWaitSeconds: Double
        var noWorkSeconds: Double

        init(_ use: StageUse) {
            busySeconds = Double(use.busyNanoseconds) / 1e9
            busyShare = use.busyShare
            fillSeconds = use.seconds(of: .fill)
            drainSeconds = use.seconds(of: .drain)
            imbalanceSeconds = use.seconds(of: .imbalance)
            linkWaitSeconds = use.seconds(of: .linkWait)
            noWorkSeconds = use.seconds(of: .noWork)
        }
    }

    private struct BubbleFields: Encodable {
        var stage: Int
        var cause: String
        var beganSeconds: Double
        var seconds: Double
        /// The microbatch that ended it.
        var nextMicrobatch: UInt64?

        init(_ bubble: Bubble, from origin: Instant) {
            stage = bubble.stage
            cause = bubble.cause.rawValue
            beganSeconds = Double(bubble.began.nanoseconds - origin.nanoseconds) / 1e9
            seconds = Double(bubble.nanoseconds) / 1e9
            nextMicrobatch = bubble.next?.rawValue
        }
    }
}

extension StageUse {
    /// Seconds in which the stage was idle for this reason.
    package func seconds(of cause: BubbleCause) -> Double {
        Double(self[cause]) / 1e9
    }
}
