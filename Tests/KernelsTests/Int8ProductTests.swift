import Testing

@testable import Kernels

/// Products of rows and weights rounded to 8 bits are what integers say, to the last bit, whatever
/// computes them.
@Suite("products of 8 bits")
struct Int8ProductTests {
    /// Depth and columns; depths with and without a rest that is not rotated.
    static let shapes = [(64, 96), (96, 16), (576, 320), (1536, 288), (160, 80)]

    static let instructionSets = InstructionSet.allCases.filter { $0 <= .best }

    private static func value(_ index: Int) -> Float {
        let mixed = UInt32(truncatingIfNeeded: index) &* 2_654_435_761
        return Float(mixed >> 8) / Float(1 << 23) - 1
    }

    /// Some numbers are much larger than others.
    private static func source(rows: Int, depth: Int) -> RowBuffer {
        let buffer = RowBuffer(rows: rows, width: depth, type: .float32)
        for row in 0..<rows {
            buffer.rows.withRow(row) { numbers in
                for i in numbers.indices {
                    let size: Float = i % 37 == 5 ? 50 : 1
                    numbers[i] = value(row * depth + i + 77) * size * Float(row + 1)
                }
            }
        }
        return buffer
    }

    private static func matrix(depth: Int, columns: Int, _ kernels: Int8Kernels) -> Int8Matrix {
        Int8Matrix(
            depth: depth, columns: columns, panelWidth: columns, kernels: kernels
        ) { rows, weights in
            for i in 0..<rows.count * depth {
                weights[i] = value(rows.lowerBound * depth + i) * 0.1
            }
        }
    }

    private static func worker() -> Worker {
        Worker(index: 0, meeting: Meeting(workerCount: 1), instructionSet: .best)
    }

    /// A matrix rotated and rounded by the definition: integers and a scale for each row.
    private struct Rounded {
        var integers: [[Int]]
        var scales: [Float]

        init(_ rows: [[Float]], limit: Int) {
            integers = []
            scales = []
            for row in rows {
                let rotated = Self.rotated(row)
                let largest = rotated.map(abs).max() ?? 0
                let factor = Float(limit) / largest
                integers.append(
                    rotated.map { Int(($0 * factor).rounded(.toNearestOrEven)) })
                scales.append(largest / Float(limit))
            }
        }

        /// Butterflies of neighbours first.
        private static func rotated(_ row: [Float]) -> [Float] {
            var row = row
            for block in stride(from: 0, to: row.count / 64 * 64, by: 64) {
                var distance = 1
                while distance < 64 {
                    for i in block..<block + 64 where (i - block) & distance == 0 {
                        let (a, b) = (row[i], row[i + distance])
                        row[i] = a + b
                        row[i + distance] = a - b
                    }
                    distance *= 2
                }
                for i in block..<block + 64 { row[i] /= 8 }
            }
            return row
        }
    }

    @Test("they are those of the integers, on every instruction set", arguments: shapes)
    func definition(depth: Int, columns: Int) throws {
        let source = Self.source(rows: 70, depth: depth)
        let inputs = Rounded(
            (0..<70).map { row in source.rows.withRow(row) { Array($0) } }, limit: 127)
        for instructionSet in Self.instructionSets {
            let kernels = try #require(Int8Kernels(instructionSet: instructionSet))
            let weights = Rounded(
                (0..<columns).map { column in
                    (0..<depth).map { Self.value(column * depth + $0) * 0.1 }
                }, limit: kernels.weightLimit)
            let matrix = Self.matrix(depth: depth, columns: columns, kernels)
            let rounded = Int8Rows(rows: 70, widthMax: 2048)
                .rounding(source.rows, rows: 70, with: kernels)
            let worker = Self.worker()
            let product = worker.product(
                .int8(rounded), by: .int8(matrix), panel: 0, rows: 70)
            for row in 0..<70 {
                let expected = (0..<columns).map { column in
                    let sum = zip(inputs.integers[row], weights.integers[column])
                        .reduce(0) { $0 + $1.0 * $1.1 }
                    return Float(sum) * (weights.scales[column] * inputs.scales[row])
                }
                #expect(
                    product.withRow(row) { Array($0) } == expected,
                    "\(instructionSet), row \(row)")
            }
            withExtendedLifetime(worker) {}
        }
    }

    @Test("a row's product is the same to the bit in any company", arguments: shapes)
    func rowsAreIndependent(depth: Int, columns: Int) throws {
        let kernels = try #require(Int8Kernels(instructionSet: .best))
        let matrix = Self.matrix(depth: depth, columns: columns, kernels)
        let source = Self.source(rows: 128, depth: depth)
        let memory = Int8Rows(rows: 128, widthMax: depth)
        let worker = Self.worker()
        defer { withExtendedLifetime(worker) {} }
        func product(from first: Int, rows: Int) -> [[Float]] {
            let input = LinearInput(
                source.rows.dropFirst(first), rows: rows, for: .int8(matrix), memory: memory)
            let product = worker.product(input, by: .int8(matrix), panel: 0, rows: rows)
            return (0..<rows).map { row in product.withRow(row) { Array($0) } }
        }
        let all = product(from: 0, rows: 128)
        for count in [1, 2, 3, 8, 13, 64, 127] {
            for first in [0, 128 - count] {
                #expect(
                    product(from: first, rows: count) == Array(all[first..<first + count]),
                    "\(count) rows from \(first)")
            }
        }
    }

    @Test(
        "a number that is none stays so, at any place of a row, on every instruction set",
        arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(value: Float) throws {
        // 64 inputs are rotated, the last 32 are not.
        let (depth, columns) = (96, 16)
        for instructionSet in Self.instructionSets {
            let kernels = try #require(Int8Kernels(instructionSet: instructionSet))
            let matrix = Self.matrix(depth: depth, columns: columns, kernels)
            let source = Self.source(rows: depth, depth: depth)
            for row in 0..<depth { source.rows.withRow(row) { $0[row] = value } }
            let memory = Int8Rows(rows: depth, widthMax: depth)
            let worker = Self.worker()
            let product = worker.product(
                LinearInput(source.rows, rows: depth, for: .int8(matrix), memory: memory),
                by: .int8(matrix), panel: 0, rows: depth)
            for row in 0..<depth {
                let finite = product.withRow(row) { $0.filter(\.isFinite) }
                #expect(finite.isEmpty, "\(instructionSet), input \(row)")
            }
            withExtendedLifetime(worker) {}
        }
    }

    @Test("rounding loses little although some numbers are large, also of bf16")
    func accuracy() throws {
        let (depth, columns) = (576, 64)
        let kernels = try #require(Int8Kernels(instructionSet: .best))
        let matrix = Self.matrix(depth: depth, columns: columns, kernels)
        let source = Self.source(rows: 8, depth: depth)
        let narrow = RowBuffer(rows: 8, width: depth, type: .bfloat16)
        for row in 0..<8 {
            source.rows.withRow(row) { numbers in
                for i in numbers.indices {
                    let bits = UInt16(truncatingIfNeeded: numbers[i].bitPattern >> 16)
                    narrow.rows[row].storeBytes(of: bits, toByteOffset: 2 * i, as: UInt16.self)
                    numbers[i] = Float(bitPattern: UInt32(bits) << 16)
                }
            }
        }
        let worker = Self.worker()
        defer { withExtendedLifetime(worker) {} }
        func product(_ source: Rows) -> [Float] {
            let rounded = Int8Rows(rows: 8, widthMax: depth)
                .rounding(source, rows: 8, with: kernels)
            let product = worker.product(.int8(rounded), by: .int8(matrix), panel: 0, rows: 8)
            return (0..<8).flatMap { row in product.withRow(row) { Array($0) } }
        }
        let wide = product(source.rows)
        #expect(product(narrow.rows) == wide)
        var squares = (error: 0.0, size: 0.0)
        for row in 0..<8 {
            for column in 0..<columns {
                let exact = (0..<depth).reduce(0.0) { sum, i in
                    let x = source.rows.withRow(row) { Double($0[i]) }
                    return sum + x * Double(Self.value(column * depth + i) * 0.1)
                }
                let error = Double(wide[row * columns + column]) - exact
                squares.error += error * error
                squares.size += exact * exact
            }
        }
        // It would be 0.016 if rows were not rotated, 0.0037 as they are.
        #expect((squares.error / squares.size).squareRoot() < 0.005)
    }

    @Test("a row of zeros gives zeros")
    func zeros() throws {
        let kernels = try #require(Int8Kernels(instructionSet: .best))
        let matrix = Self.matrix(depth: 64, columns: 16, kernels)
        let zeros = RowBuffer(rows: 1, width: 64, type: .float32)
        let rounded = Int8Rows(rows: 1, widthMax: 64)
            .rounding(zeros.rows, rows: 1, with: kernels)
        let worker = Self.worker()
        let product = worker.product(.int8(rounded), by: .int8(matrix), panel: 0, rows: 1)
        withExtendedLifetime(worker) {
            #expect(product.withRow(0) { $0.allSatisfy { $0 == 0 } })
        }
    }
}
