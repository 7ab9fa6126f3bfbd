@testable import KVPaging
@testable import PipelineTypes

/// What the prefix cache takes for a prompt of 128K tokens, all of whose pages it has, has not, or
/// has no room for.
func pagingBenchmarks() {
    let tokens = 1 << 17
    let pageCount = Page.count(for: tokens)
    measure("prefix cache: match 128K tokens") {
        let cache = CachedPrompts(pageCount: pageCount)
        cache.compute(Workloads.prompt(0, tokens: tokens))
        return (cache: cache, prompt: Workloads.prompt(0, tokens: tokens))
    } timing: {
        $0.cache.compute($0.prompt)
    } expect: {
        $1 == pageCount
    }
    measure("prefix cache: insert 128K tokens") {
        Workloads.prompt(0, tokens: tokens)
    } timing: {
        let cache = CachedPrompts(pageCount: pageCount)
        cache.compute($0)
        return cache.cachedCount
    } expect: {
        $1 == pageCount
    }
    measure("prefix cache: insert 128K tokens in place of others") {
        let cache = CachedPrompts(pageCount: pageCount)
        cache.compute(Workloads.prompt(0, tokens: tokens))
        return (cache: cache, prompts: [1, 0].map { Workloads.prompt($0, tokens: tokens) })
    } timing: {
        $0.prompts.map($0.cache.compute)
    } expect: {
        // Neither finds anything of its own any more.
        $1 == [0, 0] && $0.cache.cachedCount == pageCount
    }
}

/// Pages of KV cache, for one prompt after the other.
private final class CachedPrompts {
    private var pages: KVPages

    init(pageCount: Int) {
        pages = KVPages(pageCount: pageCount, isSharing: true)
    }

    var cachedCount: Int {
        pages.cache.pageCount
    }

    /// Takes a prompt's pages from the cache, as many as it has, adds the rest, and leaves all to
    /// the next prompt. Returns how many the cache had.
    @discardableResult
    func compute(_ prompt: [TokenID]) -> Int {
        var table = PageTable()
        let cached = pages.adopt(&table, of: prompt, before: prompt.count)
        pages.extend(&table, to: Page.count(for: prompt.count))
        pages.publish(&table, of: prompt, before: prompt.count)
        pages.release(&table)
        return cached
    }
}
