package import PipelineTypes

/// The pages of one request, in the order of their positions.
///
///     pages   | 0 | 1 | 2 | 3 | 4 | 5 |
///             |<--- path ---->|<----->|
///               in the cache,   the table's own
///               locked by it
///
/// The path leads from the prefix cache's root to `node`. Only `KVPages` changes tables.
package struct PageTable: Sendable {
    package internal(set) var pages: [PageID] = []
    /// The last node of the path.
    var node = PrefixCache.NodeID.root
    /// Leading pages that are in the cache, each locked by this table.
    package internal(set) var pathLength = 0

    package init() {}
}
