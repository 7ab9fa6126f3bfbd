/// Weighted linear least squares in a few unknowns.
struct NormalEquations {
    private let unknowns: Int
    /// AᵀWA and AᵀWy, row by row.
    private var matrix: [[Double]]
    private var right: [Double]

    init(unknowns: Int) {
        self.unknowns = unknowns
        matrix = [[Double]](
            repeating: [Double](repeating: 0, count: unknowns), count: unknowns)
        right = [Double](repeating: 0, count: unknowns)
    }

    mutating func add(_ row: [Double], equals value: Double, weight: Double) {
        for i in 0..<unknowns {
            for j in 0..<unknowns { matrix[i][j] += weight * row[i] * row[j] }
            right[i] += weight * row[i] * value
        }
    }

    /// The unknowns, by Gaussian elimination with pivots; nil if they are not determined.
    func solution() -> [Double]? {
        solution(of: Array(0..<unknowns))
    }

    /// The same with all unknowns but `free` held at zero.
    func solution(of free: [Int]) -> [Double]? {
        var rows = free.map { i in free.map { matrix[i][$0] } + [right[i]] }
        let count = free.count
        for column in 0..<count {
            let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) }
            guard let pivot,
                abs(rows[pivot][column]) > 1e-14 * abs(matrix[free[column]][free[column]]),
                rows[pivot][column] != 0
            else { return nil }
            rows.swapAt(column, pivot)
            for row in (column + 1)..<max(count, column + 1) {
                let factor = rows[row][column] / rows[column][column]
                for k in column...count { rows[row][k] -= factor * rows[column][k] }
            }
        }
        var solved = [Double](repeating: 0, count: count)
        for row in (0..<count).reversed() {
            let known = (row + 1..<max(count, row + 1)).reduce(0) {
                $0 + rows[row][$1] * solved[$1]
            }
            solved[row] = (rows[row][count] - known) / rows[row][row]
        }
        var all = [Double](repeating: 0, count: unknowns)
        for (index, value) in zip(free, solved) { all[index] = value }
        return all
    }
}
