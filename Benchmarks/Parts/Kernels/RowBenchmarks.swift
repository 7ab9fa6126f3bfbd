/// What is done row by row between products, to a chunk of SmolLM2.
func rowBenchmarks() {
    let rows = 512
    measure("rows: rms norm, \(rows) x 576") {
        NormStand(width: 576, rows: rows) { $1 % 2 == 0 ? 3 : -3 }
    } timing: {
        $0.normalize()
    } expect: {
        abs($1 + 1) < 0.01
    }
    measure("rows: silu(gate) · up, \(rows) x 1536") {
        ActivationStand(width: 1536, rows: rows, gate: 1, up: -2)
    } timing: {
        $0.multiply()
    } expect: {
        // 1 / (1 + exp(−1)) times −2
        abs($1 + 1.4621) < 0.01
    }
    measure("rows: rotate and store, \(rows) x 15 heads of 64") {
        RotationStand(heads: 9, kvHeads: 3, headSize: 64, positions: rows)
    } timing: {
        $0.rotate()
    } expect: {
        $1.before == $1.after
    }
}
