package import ChunkSizing
package import PipelineTypes

/// What a stage that computes nothing takes for its microbatches: real processes with a model's
/// times, and without the model.
package struct StagePacing: Hashable, Sendable {
    /// Of a stage with one layer: the fixed cost stays the same for more, the others add up.
    package var layerCost: PrefillCost
    /// Numbers in one row of activations.
    package var hiddenSize: Int
    package var jitter: Jitter
    /// Of the jitter.
    package var seed: UInt64
    package var slowdowns: [PacingSlowdown]
    /// What the slow-downs' times count from, by the monotonic clock of the stage's host; nil is
    /// the stage's first microbatch.
    package var origin: Instant?

    /// By how much microbatches take more or less than their cost, by chance.
    package enum Jitter: Hashable, Sendable {
        case none
        /// A factor between 1 − `share` and 1 + `share`; the share is below 1.
        case uniform(share: Double)
        /// A factor whose logarithm is normally distributed with this deviation.
        case logNormal(deviation: Double)
    }

    package init(
        layerCost: PrefillCost, hiddenSize: Int = 16, jitter: Jitter = .none, seed: UInt64 = 0,
        slowdowns: [PacingSlowdown] = [], origin: Instant? = nil
    ) {
        self.layerCost = layerCost
        self.hiddenSize = hiddenSize
        self.jitter = jitter
        self.seed = seed
        self.slowdowns = slowdowns
        self.origin = origin
    }
}

/// A time in which a paced stage takes longer, or shorter, than its cost.
package struct PacingSlowdown: Hashable, Sendable {
    /// Above 0.
    package var factor: Double
    /// Seconds since the origin.
    package var begin: Double
    /// nil is for good.
    package var end: Double?

    package init(factor: Double, begin: Double, end: Double? = nil) {
        self.factor = factor
        self.begin = begin
        self.end = end
    }
}

extension StagePacing: WireCodable {
    package static var encodedByteCountMin: Int { 54 }

    private static let hiddenSizeMax = 1 << 20

    package func encode(into writer: inout ByteWriter) {
        writer.append(layerCost.fixed)
        writer.append(layerCost.linear)
        writer.append(layerCost.attention)
        writer.append(layerCost.prefix)
        writer.append(count: hiddenSize)
        writer.append(jitter)
        writer.append(seed)
        writer.append(slowdowns)
        writer.append(origin) { $0.append($1) }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        let cost = PrefillCost(
            fixed: try reader.number("fixed cost"), linear: try reader.number("linear cost"),
            attention: try reader.number("attention cost"),
            prefix: try reader.number("prefix cost"))
        self.init(
            layerCost: cost, hiddenSize: try reader.count("hidden size", max: Self.hiddenSizeMax),
            jitter: try reader.value(), seed: try reader.integer(),
            slowdowns: try reader.list(),
            origin: try reader.optional { reader throws(CodecError) in try reader.instant() })
    }
}

extension StagePacing.Jitter: WireCodable {
    package static var encodedByteCountMin: Int { 1 }

    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .none:
            writer.append(0 as UInt8)
        case .uniform(let share):
            writer.append(1 as UInt8)
            writer.append(share)
        case .logNormal(let deviation):
            writer.append(2 as UInt8)
            writer.append(deviation)
        }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        switch try reader.integer(UInt8.self) {
        case 0: self = .none
        case 1: self = .uniform(share: try reader.number("jitter", below: 1))
        case 2: self = .logNormal(deviation: try reader.number("jitter", below: 3))
        case let kind: throw .unknownKind(kind)
        }
    }
}

extension PacingSlowdown: WireCodable {
    package static var encodedByteCountMin: Int { 17 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(factor)
        writer.append(begin)
        writer.append(end) { $0.append($1) }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            factor: try reader.number("slowdown", above: 0),
            begin: try reader.number("slowdown's begin"),
            end: try reader.optional { reader throws(CodecError) in
                try reader.number("slowdown's end")
            })
    }
}
