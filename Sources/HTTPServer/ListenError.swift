import Glibc
import NIOCore

/// The server cannot listen where it was told to.
package struct ListenError: Error, CustomStringConvertible {
    package var host: String
    package var port: Int
    package var reason: String

    init(options: HTTPServerOptions, error: any Error) {
        host = options.host
        port = options.port
        let text = (error as? IOError).flatMap { strerror($0.errnoCode) }
        reason = text.map { String(cString: $0) } ?? "\(error)"
    }

    package var description: String {
        "cannot listen on \(host):\(port): \(reason)"
    }
}
