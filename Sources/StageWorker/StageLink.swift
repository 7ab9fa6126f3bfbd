import CPlatform
import Glibc
import StageProtocol

/// A stage's end of the control link.
final class StageLink {
    /// The status of a process whose coordinator has gone.
    private static let orphanStatus: Int32 = 3

    private var socket: ControlSocket

    /// For a peer that is already connected.
    init(_ socket: consuming ControlSocket) {
        self.socket = socket
    }

    /// Connects and says who this is. From then on the process ends at once, whatever it is
    /// doing, when the coordinator goes away, so that no stage outlives it.
    init(_ identity: StageIdentity) throws(LinkError) {
        socket = try ControlSocket(connectingTo: identity.address)
        guard penstock_exit_on_hangup(socket.descriptor, Self.orphanStatus) == 0 else {
            throw .last("watch the control link")
        }
        try send(
            .hello(
                StageHello(
                    secret: identity.secret, stage: identity.stage, processID: getpid(),
                    host: HostName.current)))
    }

    /// Becomes readable when the coordinator has news.
    var descriptor: Int32 {
        socket.descriptor
    }

    func send(_ message: StageMessage) throws(LinkError) {
        try socket.send(message)
    }

    /// The next message, or nil; never waits.
    func receive() throws(LinkError) -> CoordinatorMessage? {
        try socket.receive()
    }

    /// The next message, however long it takes.
    func waitForMessage() throws(LinkError) -> CoordinatorMessage {
        while true {
            if let message = try receive() { return message }
            _ = penstock_wait_readable(descriptor, -1)
        }
    }
}
