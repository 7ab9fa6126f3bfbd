import Foundation

/// Whole files, with errors of one line that name the file and say what the system said.
enum PlainFile {
    /// - Parameter bytesMax: A longer file is refused, as some have no end.
    static func read(_ path: String, bytesMax: Int) throws(FileError) -> [UInt8] {
        let handle = try open(path, O_RDONLY, "read")
        let data: Data
        do {
            data = try handle.read(upToCount: bytesMax + 1) ?? Data()
        } catch {
            throw FileError(action: "read", path: path, error)
        }
        guard data.count <= bytesMax else {
            throw FileError(
                action: "read", path: path, reason: "it has more than \(bytesMax >> 20) MiB")
        }
        return Array(data)
    }

    /// Replaces what was there.
    static func write(_ text: String, to path: String) throws(FileError) {
        let handle = try open(path, O_WRONLY | O_CREAT | O_TRUNC, "write")
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            throw FileError(action: "write", path: path, error)
        }
    }

    /// Opens a file as `flags` of the system's `open` say.
    static func open(
        _ path: String, _ flags: Int32, _ action: String
    ) throws(FileError) -> FileHandle {
        let descriptor = Foundation.open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw FileError(
                action: action, path: path, reason: String(cString: strerror(errno)))
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}

/// Why a file cannot be read or written.
struct FileError: Error, CustomStringConvertible {
    /// "read" or "write".
    let action: String
    let path: String
    let reason: String

    init(action: String, path: String, reason: String) {
        self.action = action
        self.path = path
        self.reason = reason
    }

    init(action: String, path: String, _ error: any Error) {
        self.init(
            action: action, path: path,
            reason: error.systemCode.map { String(cString: strerror($0)) }
                ?? error.localizedDescription)
    }

    var description: String {
        "cannot \(action) \(path): \(reason)"
    }
}

extension Error {
    /// The system's number of an error that Foundation wrapped; nil if it has none.
    var systemCode: Int32? {
        let error = self as NSError
        let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        return cause.domain == NSPOSIXErrorDomain ? Int32(cause.code) : nil
    }
}
