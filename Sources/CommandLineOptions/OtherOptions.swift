/// What `penstock inspect` is to print.
package struct InspectOptions: Hashable, Sendable {
    package var modelPath: String
    package var stageCount: Int
    /// Layers of each stage, `stageCount` entries of at least 1; nil divides them evenly.
    package var layerCounts: [Int]?
    package var kvCache: KVCacheChoice
    package var json: Bool
}

/// What `penstock trace` is to summarise.
package struct TraceOptions: Hashable, Sendable {
    package var path: String
    /// Where a chart goes; nil draws none.
    package var ganttPath: String?
    package var json: Bool
}
