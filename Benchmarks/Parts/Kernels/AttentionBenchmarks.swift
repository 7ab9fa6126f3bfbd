/// Attention of one KV head: a block of a prompt with 96 query rows, and a decode step.
func attentionBenchmarks() {
    for (headSize, group) in [(64, 3), (128, 4)] {
        for position in [0, 2048, 8192] {
            let tokens = 96 / group
            attention("prefill", headSize: headSize, group: group, tokens: tokens, after: position)
        }
        for position in [63, 2047, 8191] {
            attention("decode", headSize: headSize, group: group, tokens: 1, after: position)
        }
        attention(
            "prefill of int8", headSize: headSize, group: group, tokens: 96 / group, after: 8192,
            isRounded: true)
        attention(
            "decode of int8", headSize: headSize, group: group, tokens: 1, after: 8191,
            isRounded: true)
        attention(
            "decode by segments", headSize: headSize, group: group, tokens: 1, after: 8191
        ) {
            $0.attendAndMerge()
        }
    }
}

private func attention(
    _ name: String, headSize: Int, group: Int, tokens: Int, after start: Int,
    isRounded: Bool = false, _ attend: @escaping (AttentionStand) -> Float = { $0.attend() }
) {
    let rows = tokens * group
    measure("attention: \(name), head size \(headSize), \(rows) rows after \(start)") {
        AttentionStand(
            headSize: headSize, group: group, tokens: tokens, after: start, isRounded: isRounded)
    } timing: {
        attend($0)
    } expect: {
        abs($1 - 7) < 0.05
    }
}
