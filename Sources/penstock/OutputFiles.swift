import CommandLineOptions
import Foundation

/// The files that a command reads and will write, looked at before it does anything: nobody wants
/// to learn after a long run that its trace cannot be written, or is where the scenario was.
struct OutputFiles {
    /// What is read, and what it is called, as in "the scenario".
    private let inputs: [(name: String, path: String)]
    /// Options and what they name.
    private let outputs: [(option: String, path: String)]

    /// - Parameters:
    ///   - inputs: What is read under its name. Of a folder, every file in it counts.
    ///   - outputs: What is written under its option.
    init(
        inputs: KeyValuePairs<String, String?>, outputs: KeyValuePairs<String, String?>
    ) {
        self.inputs = inputs.compactMap { name, path in path.map { (name, $0) } }
        self.outputs = outputs.compactMap { option, path in path.map { (option, $0) } }
    }

    /// Throws if two of them are the same file, or one cannot be written. Creates nothing.
    func check() throws(UsageError) {
        guard !outputs.isEmpty else { return }
        let inputs = inputs.flatMap { name, path in
            Self.files(at: path).map { (name: name, identity: FilePlace($0).identity) }
        }
        for (index, output) in outputs.enumerated() {
            let place = FilePlace(output.path)
            if let reason = place.obstacle {
                let error = FileError(action: "write", path: output.path, reason: reason)
                throw UsageError("\(output.option): \(error)")
            }
            guard place.keepsWhatIsWritten else { continue }
            if let input = inputs.first(where: { $0.identity == place.identity }) {
                throw UsageError("\(output.option) \(output.path) would overwrite \(input.name)")
            }
            for other in outputs[..<index]
            where FilePlace(other.path).identity == place.identity {
                throw UsageError(
                    "\(other.option) \(other.path) and \(output.option) \(output.path) "
                        + "are the same file")
            }
        }
    }

    /// The path itself; of a folder, what lies in it too.
    private static func files(at path: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return [path] + names.map { (path as NSString).appendingPathComponent($0) }
    }
}

/// Where a path leads, through links and whatever else it takes on its way; the file need not be
/// there.
private struct FilePlace {
    enum Identity: Equatable {
        case file(device: dev_t, inode: ino_t)
        /// A file that is to come, in a folder that is there.
        case entry(name: String, device: dev_t, inode: ino_t)
        /// Nothing, and there can be nothing.
        case nowhere
    }

    let identity: Identity
    /// Why the file cannot be written, in the system's words; nil if it seems that it can.
    let obstacle: String?
    /// False for devices and pipes, which any number of files may be written to.
    let keepsWhatIsWritten: Bool

    private static let linksMax = 40

    init(_ path: String) {
        var path = path
        var status = stat()
        var error: Int32 = 0
        for _ in 0..<Self.linksMax {
            error = stat(path, &status) == 0 ? 0 : errno
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            guard error == ENOENT, let target else { break }
            path = target.hasPrefix("/") ? target : Self.folder(of: path) + "/" + target
        }
        let kind = status.st_mode & S_IFMT
        keepsWhatIsWritten = error != 0 || kind == S_IFREG
        if error == 0 {
            identity = .file(device: status.st_dev, inode: status.st_ino)
            obstacle =
                kind == S_IFDIR ? Self.words(EISDIR) : Self.refusal(of: path, mode: W_OK)
        } else if error == ENOENT, stat(Self.folder(of: path), &status) == 0 {
            identity = .entry(
                name: (path as NSString).lastPathComponent, device: status.st_dev,
                inode: status.st_ino)
            obstacle = Self.refusal(of: Self.folder(of: path), mode: W_OK | X_OK)
        } else {
            identity = .nowhere
            obstacle = Self.words(error)
        }
    }

    private static func folder(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    private static func refusal(of path: String, mode: Int32) -> String? {
        access(path, mode) == 0 ? nil : words(errno)
    }

    private static func words(_ error: Int32) -> String {
        String(cString: strerror(error))
    }
}
