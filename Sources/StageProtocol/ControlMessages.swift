package import PipelineTypes

/// The first thing that a stage says on the control link.
package struct StageHello: Hashable, Sendable {
    /// Both ends must speak the same version.
    package static let protocolVersion: UInt32 = 3

    /// Proves that the coordinator started this stage.
    package var secret: String
    package var protocolVersion: UInt32
    package var stage: Int
    package var processID: Int32
    package var host: String

    package init(
        secret: String, protocolVersion: UInt32 = Self.protocolVersion, stage: Int,
        processID: Int32, host: String
    ) {
        self.secret = secret
        self.protocolVersion = protocolVersion
        self.stage = stage
        self.processID = processID
        self.host = host
    }
}

/// How much of its weights a stage has loaded.
package struct LoadProgress: Hashable, Sendable {
    package var loadedBytes: UInt64
    package var totalBytes: UInt64

    package init(loadedBytes: UInt64, totalBytes: UInt64) {
        self.loadedBytes = loadedBytes
        self.totalBytes = totalBytes
    }

    /// In 0 ... 1.
    package var fraction: Double {
        totalBytes == 0 ? 0 : min(1, Double(loadedBytes) / Double(totalBytes))
    }
}

/// What a stage keeps in memory, in bytes.
package struct StageMemory: Hashable, Sendable {
    package var weights: UInt64
    /// All pages, used or not.
    package var cache: UInt64
    /// Everything else that is always there: the process, and scratch memory.
    package var working: UInt64
    /// What computing adds to it, for each token of the largest microbatch.
    package var workingPerToken: UInt64

    package init(weights: UInt64, cache: UInt64, working: UInt64, workingPerToken: UInt64) {
        self.weights = weights
        self.cache = cache
        self.working = working
        self.workingPerToken = workingPerToken
    }
}

/// What the coordinator tells a stage.
package enum CoordinatorMessage: Hashable, Sendable {
    case configure(StageConfiguration)
    /// To the first stage alone: a microbatch to compute, after those sent before.
    case run(Microbatch)
    /// To every other stage: so many microbatches have been dispatched since the pipeline became
    /// ready, so that a stage knows when to look for one and when it may sleep.
    case announce(dispatched: UInt64)
    case shutDown
}

/// What a stage tells the coordinator.
package enum StageMessage: Hashable, Sendable {
    case hello(StageHello)
    case progress(LoadProgress)
    /// The layers are loaded.
    case ready(StageMemory)
    /// From the last stage alone.
    case completed(MicrobatchResult)
    /// The stage cannot go on and ends; the text is one line for the operator.
    case failed(String)
}

/// A message that fills one frame of the control link.
package protocol FramedMessage: Sendable {
    var kind: UInt8 { get }
    func encodePayload(into writer: inout ByteWriter)
    init(kind: UInt8, payload reader: inout ByteReader) throws(CodecError)
}

extension FramedMessage {
    package init(_ frame: Frame) throws(CodecError) {
        var reader = ByteReader(frame.payload)
        try self.init(kind: frame.kind, payload: &reader)
        try reader.finish()
    }

    /// The bytes that go over the link.
    package func framed() -> [UInt8] {
        var writer = ByteWriter()
        encodePayload(into: &writer)
        return Frame(kind: kind, payload: writer.bytes).encoded()
    }
}

extension CoordinatorMessage: FramedMessage {
    package var kind: UInt8 {
        switch self {
        case .configure: 1
        case .run: 2
        case .announce: 3
        case .shutDown: 4
        }
    }

    package func encodePayload(into writer: inout ByteWriter) {
        switch self {
        case .configure(let configuration): writer.append(configuration)
        case .run(let microbatch): writer.append(microbatch)
        case .announce(let dispatched): writer.append(dispatched)
        case .shutDown: break
        }
    }

    package init(kind: UInt8, payload reader: inout ByteReader) throws(CodecError) {
        switch kind {
        case 1: self = .configure(try reader.value())
        case 2: self = .run(try reader.value())
        case 3: self = .announce(dispatched: try reader.integer())
        case 4: self = .shutDown
        default: throw .unknownKind(kind)
        }
    }
}

extension StageMessage: FramedMessage {
    package var kind: UInt8 {
        switch self {
        case .hello: 65
        case .progress: 66
        case .ready: 67
        case .completed: 68
        case .failed: 69
        }
    }

    package func encodePayload(into writer: inout ByteWriter) {
        switch self {
        case .hello(let hello):
            writer.append(hello.secret)
            writer.append(hello.protocolVersion)
            writer.append(count: hello.stage)
            writer.append(hello.processID)
            writer.append(hello.host)
        case .progress(let progress):
            writer.append(progress.loadedBytes)
            writer.append(progress.totalBytes)
        case .ready(let memory):
            writer.append(memory.weights)
            writer.append(memory.cache)
            writer.append(memory.working)
            writer.append(memory.workingPerToken)
        case .completed(let result): writer.append(result)
        case .failed(let reason): writer.append(reason)
        }
    }

    package init(kind: UInt8, payload reader: inout ByteReader) throws(CodecError) {
        switch kind {
        case 65:
            self = .hello(
                StageHello(
                    secret: try reader.text(), protocolVersion: try reader.integer(),
                    stage: try reader.count("stage", max: Int(UInt16.max)),
                    processID: try reader.integer(), host: try reader.text()))
        case 66:
            self = .progress(
                LoadProgress(loadedBytes: try reader.integer(), totalBytes: try reader.integer()))
        case 67:
            self = .ready(
                StageMemory(
                    weights: try reader.integer(), cache: try reader.integer(),
                    working: try reader.integer(), workingPerToken: try reader.integer()))
        case 68: self = .completed(try reader.value())
        case 69: self = .failed(try reader.text())
        default: throw .unknownKind(kind)
        }
    }
}
