/// Who decides where prompts are cut into chunks.
package enum ChunkingPolicy: Hashable, Sendable {
    /// Nobody: a prompt is one chunk, unless it alone has more tokens than a microbatch may have.
    case whole
    /// Microbatches have so many prompt tokens, a multiple of the page size.
    case fixed(tokens: Int)
    /// SGLang's rule: the first chunk has so many tokens, a multiple of the page size; later ones
    /// shrink as their prefix grows, by a factor from 0 (not at all) to 1.
    case dynamic(tokens: Int, smoothingFactor: Double)
    /// The cuts with the shortest makespan, by what the stages have taken so far.
    case automatic
}
