import JSON
import Planning

enum Samples {
    /// 4 layers of 8 hidden numbers, 4 heads of 2, a dense feed-forward part of 16.
    static let smallModel = ModelShape(
        name: "small", hiddenSize: 8,
        attention: .groupedQuery(
            GroupedQueryAttention(headCount: 4, kvHeadCount: 2, headSize: 2)),
        feedForwards: [FeedForwardShape](repeating: .dense(size: 16), count: 4),
        vocabularySize: 100, contextLength: 4096, tiesEmbeddings: true, linearType: .bfloat16)

    /// Latent attention, the first of 6 layers dense, the others with 16 experts.
    static let latentModel = ModelShape(
        name: "latent", hiddenSize: 512,
        attention: .latent(
            LatentAttention(
                headCount: 16, queryRank: 128, latentSize: 64, plainHeadSize: 32,
                rotaryHeadSize: 16, valueHeadSize: 32)),
        feedForwards: [.dense(size: 2048)]
            + [FeedForwardShape](
                repeating: .experts(
                    ExpertShape(count: 16, countPerToken: 4, sharedCount: 1, size: 256)),
                count: 5),
        vocabularySize: 32000, contextLength: 1 << 20, tiesEmbeddings: false, linearType: .fp8)

    /// One operation and one byte take a second; links, memory and microbatches take no time.
    static let plainHardware = HardwareProfile(
        name: "plain", devicesPerNode: 8, sharing: .tensorParallel, memoryBytes: 1e9,
        memoryBandwidth: 1e30, speeds: PeakSpeeds(float32: 1, bfloat16: 1, fp8: 1),
        efficiency: Efficiency(linear: 1, attention: 1, memory: 1, links: 1),
        linkWithinNode: Link(latency: 0, bandwidth: 1e30),
        linkBetweenNodes: Link(latency: 0, bandwidth: 1e30), microbatchSeconds: 0,
        memoryShare: 1)

    /// Slow enough for small models to take seconds; everything has a cost.
    static let hardware = HardwareProfile(
        name: "node", devicesPerNode: 4, sharing: .tensorParallel, memoryBytes: 1e9,
        memoryBandwidth: 50e9, speeds: PeakSpeeds(float32: 0.5e12, bfloat16: 1e12, fp8: 2e12),
        efficiency: Efficiency(linear: 0.7, attention: 0.8, memory: 0.8, links: 0.8),
        linkWithinNode: Link(latency: 1e-5, bandwidth: 20e9),
        linkBetweenNodes: Link(latency: 3e-5, bandwidth: 5e9), microbatchSeconds: 0.002,
        memoryShare: 0.9)

    static func configuration(_ text: String) throws -> JSONObject {
        guard case .object(let object) = try JSONValue(parsing: Array(text.utf8)) else {
            return [:]
        }
        return object
    }
}
