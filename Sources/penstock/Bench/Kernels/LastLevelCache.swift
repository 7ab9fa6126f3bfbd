import Foundation

/// The largest caches that cores read through, as the kernel describes them.
enum LastLevelCache {
    private struct Cache: Hashable {
        var byteCount: Int
        /// The cores that share it, or their own if that is unknown.
        var cores: String
    }

    /// Where the kernel does not say.
    private static let ordinaryByteCount = 32 << 20

    /// Bytes of the largest caches of some cores, each counted once.
    static func byteCount(
        cores: [Int], folder: String = "/sys/devices/system/cpu"
    ) -> Int {
        let caches = Set(cores.compactMap { largest(ofCore: $0, in: folder) })
        let total = caches.reduce(0) { $0 + $1.byteCount }
        return total > 0 ? total : ordinaryByteCount
    }

    private static func largest(ofCore core: Int, in folder: String) -> Cache? {
        let caches = (0..<8).compactMap { index -> Cache? in
            let cache = "\(folder)/cpu\(core)/cache/index\(index)"
            guard let size = line(of: cache + "/size").flatMap(Self.byteCount(size:)) else {
                return nil
            }
            return Cache(
                byteCount: size, cores: line(of: cache + "/shared_cpu_list") ?? "\(core)")
        }
        return caches.max { $0.byteCount < $1.byteCount }
    }

    /// Reads sizes such as `32768K`.
    private static func byteCount(size: String) -> Int? {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        guard let last = size.last, let unit = units[last] ?? (last.isNumber ? 1 : nil),
            let count = Int(size.prefix { $0.isNumber }), count < 1 << 30
        else { return nil }
        return count * unit
    }

    private static func line(of path: String) -> String? {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(separator: "\n").first.map(String.init)
    }
}
