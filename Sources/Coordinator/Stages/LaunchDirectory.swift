import CPlatform
import Foundation

/// A directory that only this user can enter, for the control socket, Open MPI's session files
/// and its shared memory; whatever the stages leave behind disappears with it.
struct LaunchDirectory: ~Copyable {
    private static let namePrefix = "penstock-"
    private static let lockName = "lock"

    let path: String
    /// Held for as long as the directory is in use.
    private let lock: Int32

    /// Makes one in the first of `parents` where that is possible, and removes what coordinators
    /// that were killed have left there.
    init(in parents: [String]) throws(CoordinatorError) {
        for parent in parents {
            Self.removeAbandoned(in: parent)
            let path = "\(parent)/\(Self.namePrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
            guard mkdir(path, 0o700) == 0 else { continue }
            let lock = penstock_lock_file("\(path)/\(Self.lockName)")
            guard lock >= 0 else { continue }
            self.path = path
            self.lock = lock
            return
        }
        throw CoordinatorError(
            "cannot make a directory in any of \(parents.joined(separator: ", "))")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        close(lock)
    }

    private static func removeAbandoned(in parent: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(namePrefix) {
            let path = "\(parent)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == getuid(), access("\(path)/\(lockName)", F_OK) == 0
            else { continue }
            let lock = penstock_lock_file("\(path)/\(lockName)")
            guard lock >= 0 else { continue }
            try? FileManager.default.removeItem(atPath: path)
            close(lock)
        }
    }
}
