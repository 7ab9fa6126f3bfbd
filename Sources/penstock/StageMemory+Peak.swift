import DecoderModels
import StageProtocol

extension StageMemory {
    /// The most that is in memory of a stage that has used so many of its pages, and has had so
    /// many tokens in its largest microbatch.
    func peakByteCount(pages: Int, of pageCount: Int, microbatchTokens: Int) -> Int {
        let all = Int(cache)
        let used = all / pageCount * min(pages, pageCount)
        let populated = min(all, KVStorage.populatedByteCount)
        return Int(weights) + max(used, populated) + Int(working)
            + Int(workingPerToken) * microbatchTokens
    }

    /// One line for the operator.
    func summary(microbatchTokensMax tokens: Int) -> String {
        func size(_ byteCount: UInt64) -> String {
            byteCount < 1 << 20 ? "\(byteCount >> 10) KiB" : "\(byteCount >> 20) MiB"
        }
        return """
            weights \(size(weights)), KV pages up to \(size(cache)), working set \
            \(size(working)) and up to \(size(workingPerToken * UInt64(tokens))) for a \
            microbatch of \(tokens) tokens
            """
    }
}
