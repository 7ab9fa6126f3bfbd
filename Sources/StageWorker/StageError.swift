import StageProtocol

/// Why a stage ends before it is told to.
enum StageError: Error, CustomStringConvertible {
    case link(LinkError)
    case transport(TransportError)
    case backend(StageFault)
    /// The stage before sent what cannot be computed.
    case message(CodecError)
    /// A peer said something that it may not say now.
    case unexpected(String)

    var description: String {
        switch self {
        case .link(let error): "\(error)"
        case .transport(let error): "\(error)"
        case .backend(let fault): "\(fault)"
        case .message(let error): "\(error)"
        case .unexpected(let what): what
        }
    }
}
