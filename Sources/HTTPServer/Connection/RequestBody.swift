import Hummingbird
import JSON
import NIOCore
import NIOPosix

extension Request {
    /// The whole body as JSON; throws 413 if it is longer than `bytesMax`, and 415 if it is
    /// compressed. No body at all counts as an empty object if it `mayBeEmpty`.
    func jsonBody(bytesMax: Int, mayBeEmpty: Bool = false) async throws -> JSONField {
        let encoding = headers[.contentEncoding]?.lowercased() ?? "identity"
        guard encoding == "identity" else {
            throw APIError(
                status: 415,
                message: "Content-Encoding \(encoding) is not supported; send plain JSON.")
        }
        let tooLong = APIError(
            status: 413, message: "The request body is longer than \(bytesMax) bytes.")
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > bytesMax {
            throw tooLong
        }
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: bytesMax)
        } catch is NIOTooManyBytesError {
            throw tooLong
        }
        if mayBeEmpty, buffer.readableBytes == 0 { return JSONField(value: [:]) }
        let field = try await offloaded(bytes: buffer.readableBytes) { () throws(APIError) in
            do throws(JSONSyntaxError) {
                let bytes = Array(buffer.readableBytesView)
                return JSONField(value: try JSONValue(parsing: bytes, .request))
            } catch {
                throw APIError(error)
            }
        }
        guard case .object = field.value else { throw field.unexpected("an object") }
        return field
    }
}

/// Runs work whose cost grows with `bytes` of input, on a thread where it keeps nobody waiting if
/// they are many.
func offloaded<Value: Sendable>(
    bytes: Int, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    guard bytes > 32 << 10 else { return try work() }
    return try await NIOThreadPool.singleton.runIfActive(work)
}

extension JSONParsingOptions {
    /// Clients are many and get the benefit of the doubt. A prompt of a million token ids has as
    /// many values.
    static let request = JSONParsingOptions(
        depthMax: 128, valuesMax: 1 << 24, repeatedKeys: .replaced, loneSurrogates: .replaced,
        hugeNumbers: .infinite, allowsByteOrderMark: true)
}
