import CPlatform
import Glibc
import PipelineTypes
import StageProtocol

/// One peer on the control link: a stranger, until it has shown the secret.
final class StageConnection {
    /// A stranger has nothing longer to say.
    static let strangerPayloadByteCountMax = 4096
    private static let helloSecondsMax = 10.0

    private var socket: ControlSocket
    /// What the peer has not taken yet.
    private var outbound: ArraySlice<UInt8> = []
    /// A stranger must say hello by then.
    let helloDeadline: Instant
    private(set) var hello: StageHello?
    /// Stands for the stage's process; −1 if it is not on this host.
    private(set) var processDescriptor: Int32 = -1
    private(set) var memory: StageMemory?
    /// The peer has gone, or is of no use.
    private(set) var isClosed = false

    init(_ socket: consuming ControlSocket, now: Instant) {
        self.socket = socket
        helloDeadline = now.advanced(bySeconds: Self.helloSecondsMax)
    }

    deinit {
        if processDescriptor >= 0 { Glibc.close(processDescriptor) }
    }

    var descriptor: Int32 {
        socket.descriptor
    }

    var stage: Int? {
        hello?.stage
    }

    var hasOutbound: Bool {
        !outbound.isEmpty
    }

    /// The peer is the stage that it says it is.
    func identify(_ hello: StageHello) {
        self.hello = hello
        if hello.host == HostName.current { processDescriptor = penstock_pidfd(hello.processID) }
        socket.limitPayloads(to: Frame.payloadByteCountMax)
    }

    func noteReady(_ memory: StageMemory) {
        self.memory = memory
    }

    /// Hears and says nothing from now on.
    func close() {
        isClosed = true
        outbound = []
    }

    /// The next message; nil if there is none yet.
    func receive() throws(LinkError) -> StageMessage? {
        isClosed ? nil : try socket.receive()
    }

    /// Queues a message and sends what the peer takes at once.
    func send(_ message: CoordinatorMessage) {
        guard !isClosed else { return }
        outbound.append(contentsOf: message.framed())
        flush()
    }

    /// Sends what the peer takes. That the peer has gone shows when it is read from.
    func flush() {
        while !outbound.isEmpty {
            guard let count = try? socket.sendWithoutWaiting(outbound) else {
                outbound = []
                return
            }
            if count == 0 { return }
            outbound = outbound.dropFirst(count)
        }
        outbound = []
    }

    func killProcess() {
        if processDescriptor >= 0 { penstock_signal_pidfd(processDescriptor, SIGKILL) }
    }
}
