/// SmolLM2's linear layers, applied to a decode step, a batch of them, a block of a prompt and a
/// whole chunk.
func productBenchmarks() {
    let layers: [(name: String, depth: Int, columns: Int)] = [
        ("queries, keys, values", 576, 960), ("attention output", 576, 576),
        ("gate and up", 576, 3072), ("down", 1536, 576),
    ]
    for (name, depth, columns) in layers {
        for rows in [1, 8, 64, 512] {
            product(name, depth: depth, columns: columns, rows: rows)
        }
        product(name, depth: depth, columns: columns, rows: 512, isRounded: true)
    }
    for rows in [1, 8] { product("output head", depth: 576, columns: 49152, rows: rows) }
}

private func product(
    _ name: String, depth: Int, columns: Int, rows: Int, isRounded: Bool = false
) {
    let type = isRounded ? ", w8a8" : ""
    measure("product: \(name), \(depth) x \(columns), \(rows) rows\(type)") {
        LinearStand(depth: depth, columns: columns, rows: rows, isRounded: isRounded)
    } timing: {
        $0.multiply()
    } expect: {
        abs($1 / $0.expected - 1) < 0.01
    }
}
