import CPlatform
import Glibc
import StageProtocol

/// Where stages report; listens for as long as it exists.
struct ControlListener: ~Copyable {
    let descriptor: Int32
    let address: ControlAddress

    /// Listens on a path that nothing uses, or on a host's address, where port 0 takes a free
    /// one.
    init(_ wanted: ControlAddress) throws(CoordinatorError) {
        switch wanted {
        case .unix(let path):
            descriptor = penstock_listen_unix(path)
            address = wanted
        case .tcp(let host, let port):
            descriptor = penstock_listen_tcp(host, String(port))
            let bound = descriptor < 0 ? 0 : penstock_bound_port(descriptor)
            address = .tcp(host: host, port: UInt16(clamping: bound))
        }
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw CoordinatorError("cannot listen on \(wanted): \(reason)")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Somebody who wants to talk; nil if nobody is waiting.
    func accept() -> ControlSocket? {
        let peer = penstock_accept(descriptor)
        guard peer >= 0 else { return nil }
        return ControlSocket(
            descriptor: peer, payloadByteCountMax: StageConnection.strangerPayloadByteCountMax)
    }
}
