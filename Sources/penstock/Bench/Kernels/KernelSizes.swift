import Kernels

/// How large what is measured is.
struct KernelSizes {
    /// Products that show the machine at its best.
    struct Product: CustomStringConvertible {
        var rows: Int
        var depth: Int
        var columns: Int

        var operations: Double {
            2 * Double(rows) * Double(depth) * Double(columns)
        }

        var description: String {
            "\(rows) × \(depth) × \(columns)"
        }
    }

    let products: [Product]
    /// Bytes that no cache holds: of weights, of keys and values, and of what all threads together
    /// read to see how quick memory is. Of the same number of bytes a cache keeps the same share.
    let uncachedByteCount: Int
    /// Rows of the products that linear layers are.
    let rowCounts: [Int]
    /// Positions before the tokens whose attention is measured.
    let prefixes: [Int]

    static let tiny = KernelSizes(
        products: [
            Product(rows: 256, depth: 256, columns: 256),
            Product(rows: 128, depth: 512, columns: 512),
        ],
        uncachedByteCount: 1 << 20, rowCounts: [1, 8, 64, 100], prefixes: [128, 1088])

    /// What is meant to come from memory is so many times as large as the last cache, within what
    /// any machine has.
    static func full(cacheByteCount: Int) -> KernelSizes {
        let cache = min(max(cacheByteCount, 32 << 20), 512 << 20)
        return KernelSizes(
            products: [
                Product(rows: 512, depth: 1024, columns: 1024),
                Product(rows: 2048, depth: 2048, columns: 2048),
                Product(rows: 1024, depth: 4096, columns: 4096),
                Product(rows: 512, depth: 4096, columns: 4096),
            ],
            uncachedByteCount: 8 * cache, rowCounts: [1, 8, 64, 512, 2048],
            prefixes: [8192, 32768])
    }
}
