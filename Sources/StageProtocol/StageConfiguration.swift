/// All that a stage has to know before it can load its layers.
package struct StageConfiguration: Hashable, Sendable {
    /// Which of the pipeline's stages this one is, from 0.
    package var stage: Int
    /// Layers of every stage, in pipeline order.
    package var layerCounts: [Int]
    /// A checkpoint file or folder.
    package var modelPath: String
    /// How weights and products are computed; the backend knows the names.
    package var dataType: String
    /// How linear layers are rounded; the backend knows the names, nil leaves them as they are.
    package var quantization: String?
    /// How keys and values are stored; the backend knows the names.
    package var kvCacheType: String
    /// How activations travel between stages.
    package var activationType: ActivationType
    /// The instruction set to compute with; nil takes the best that the processor has.
    package var instructionSet: String?
    /// Threads that compute.
    package var threadCount: Int
    /// The processors that this stage may run on; empty means any.
    package var processors: [Int]
    /// Pages of KV cache.
    package var pageCount: Int
    /// Positions that one request may have.
    package var contextLength: Int
    /// Computes nothing and takes the time that it says; nil computes the model.
    package var pacing: StagePacing?

    package init(
        stage: Int, layerCounts: [Int], modelPath: String, dataType: String,
        quantization: String? = nil, kvCacheType: String, activationType: ActivationType,
        instructionSet: String?,
        threadCount: Int, processors: [Int], pageCount: Int, contextLength: Int,
        pacing: StagePacing? = nil
    ) {
        self.stage = stage
        self.layerCounts = layerCounts
        self.modelPath = modelPath
        self.dataType = dataType
        self.quantization = quantization
        self.kvCacheType = kvCacheType
        self.activationType = activationType
        self.instructionSet = instructionSet
        self.threadCount = threadCount
        self.processors = processors
        self.pageCount = pageCount
        self.contextLength = contextLength
        self.pacing = pacing
    }

    package var stageCount: Int {
        layerCounts.count
    }

    package var isFirst: Bool {
        stage == 0
    }

    package var isLast: Bool {
        stage == stageCount - 1
    }

    /// The layers that this stage holds.
    package var layers: Range<Int> {
        let first = layerCounts[..<stage].reduce(0, +)
        return first..<first + layerCounts[stage]
    }
}

extension StageConfiguration: WireCodable {
    package static var encodedByteCountMin: Int { 60 }

    package func encode(into writer: inout ByteWriter) {
        writer.append(count: stage)
        writer.append(layerCounts.map(UInt32.init))
        writer.append(modelPath)
        writer.append(dataType)
        writer.append(quantization) { $0.append($1) }
        writer.append(kvCacheType)
        writer.append(activationType.rawValue)
        writer.append(instructionSet) { $0.append($1) }
        writer.append(count: threadCount)
        writer.append(processors.map(UInt32.init))
        writer.append(count: pageCount)
        writer.append(count: contextLength)
        writer.append(pacing) { $0.append($1) }
    }

    package init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            stage: try reader.count("stage", max: Int(UInt16.max)),
            layerCounts: try reader.numbers().map(Int.init), modelPath: try reader.text(),
            dataType: try reader.text(),
            quantization: try reader.optional { reader throws(CodecError) in try reader.text() },
            kvCacheType: try reader.text(),
            activationType: try reader.value(),
            instructionSet: try reader.optional { reader throws(CodecError) in try reader.text() },
            threadCount: try reader.count("number of threads", max: Int(UInt16.max)),
            processors: try reader.numbers().map(Int.init),
            pageCount: try reader.count("number of pages", max: Int(UInt32.max)),
            contextLength: try reader.count("context length", max: WireLimits.positions),
            pacing: try reader.optional { reader throws(CodecError) in try reader.value() })
        guard stage < stageCount else { throw .inconsistent("a stage beyond the pipeline's last") }
    }
}
