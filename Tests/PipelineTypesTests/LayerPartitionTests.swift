import PipelineTypes
import Testing

@Suite("Layer partition")
struct LayerPartitionTests {
    @Test(
        "layers are shared out evenly, the last stages get the remainder",
        arguments: [
            (61, 4, [15, 15, 15, 16]),
            (30, 7, [4, 4, 4, 4, 4, 5, 5]),
            (30, 1, [30]),
            (3, 3, [1, 1, 1]),
        ])
    func evenShares(layers: Int, stages: Int, expected: [Int]) throws {
        let partition = try LayerPartition(layers: layers, stages: stages)
        #expect(partition.layerCounts == expected)
    }

    @Test("the stages' ranges cover every layer once, in order")
    func rangesCoverAllLayers() throws {
        let partition = try LayerPartition(layerCounts: [2, 5, 1], layers: 8, stages: 3)
        #expect((0..<3).map { partition.layers(ofStage: $0) } == [0..<2, 2..<7, 7..<8])
    }

    @Test("a partition that does not fit the model is refused with the reason")
    func misfitsAreRefused() {
        #expect(throws: LayerPartitionError.moreStagesThanLayers(stages: 31, layers: 30)) {
            try LayerPartition(layers: 30, stages: 31)
        }
        #expect(throws: LayerPartitionError.noStages) { try LayerPartition(layers: 30, stages: 0) }
        #expect(throws: LayerPartitionError.wrongLength(entries: 2, stages: 3)) {
            try LayerPartition(layerCounts: [15, 15], layers: 30, stages: 3)
        }
        #expect(throws: LayerPartitionError.wrongSum(sum: 29, layers: 30)) {
            try LayerPartition(layerCounts: [15, 14], layers: 30, stages: 2)
        }
        #expect(throws: LayerPartitionError.emptyStage(entry: 0)) {
            try LayerPartition(layerCounts: [30, 0], layers: 30, stages: 2)
        }
        #expect(throws: LayerPartitionError.wrongSum(sum: Int.max, layers: 30)) {
            try LayerPartition(layerCounts: [Int.max, 2], layers: 30, stages: 2)
        }
    }
}
