import Foundation

/// Arithmetic, with Python's rules for mixed types. Integers have 64 bits: what does not fit is an
/// error.
extension Renderer {
    func apply(
        _ operation: BinaryOperator, _ left: Value, _ right: Value
    ) throws(TemplateError) -> Value {
        if let result = try applyToMarkup(operation, left, right) { return result }
        // "%" formats whatever it is given, an undefined value too.
        if case .modulo = operation, case .string(let format) = left {
            return .string(try formatPercent(format, right))
        }
        for operand in [left, right] {
            if case .undefined(let undefined) = operand { throw fail(undefined.description) }
        }
        if let left = left.asInteger, let right = right.asInteger {
            return try apply(operation, left, right)
        }
        if let left = left.asNumber, let right = right.asNumber {
            return .number(try apply(operation, left, right))
        }
        switch (operation, left, right) {
        case (.add, .string(let left), .string(let right)):
            try checkText(bytes: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.add, .list(let left), .list(let right)):
            return try list(left.items + right.items)
        case (.add, .tuple(let left), .tuple(let right)):
            return try tuple(left.items + right.items)
        case (.multiply, _, _):
            if let count = right.asInteger, let result = try repeated(left, count) {
                return result
            }
            if let count = left.asInteger, let result = try repeated(right, count) {
                return result
            }
        default: break
        }
        throw unsupported(operation, left, right)
    }

    private func unsupported(
        _ operation: BinaryOperator, _ left: Value, _ right: Value
    ) -> TemplateError {
        fail("'\(left.typeName)' and '\(right.typeName)' do not support '\(operation)'")
    }

    private func repeated(_ value: Value, _ count: Int) throws(TemplateError) -> Value? {
        let count = max(0, count)
        func total(_ size: Int) throws(TemplateError) -> Int {
            let (total, overflow) = size.multipliedReportingOverflow(by: count)
            guard !overflow else { throw failLimit("a repeated value is too long") }
            return total
        }
        switch value {
        case .string(let text):
            try checkText(bytes: try total(text.utf8.count))
            return .string(String(repeating: text, count: count))
        case .list(let items):
            try charge(try total(max(1, items.items.count)))
            return try list(Array(repeatElement(items.items, count: count).joined()))
        case .tuple(let items):
            try charge(try total(max(1, items.items.count)))
            return try tuple(Array(repeatElement(items.items, count: count).joined()))
        default: return nil
        }
    }

    private func apply(
        _ operation: BinaryOperator, _ left: Int, _ right: Int
    ) throws(TemplateError) -> Value {
        let (value, overflow): (Int, Bool)
        switch operation {
        case .add: (value, overflow) = left.addingReportingOverflow(right)
        case .subtract: (value, overflow) = left.subtractingReportingOverflow(right)
        case .multiply: (value, overflow) = left.multipliedReportingOverflow(by: right)
        case .divide:
            guard right != 0 else { throw fail("division by zero") }
            return .number(Double(left) / Double(right))
        case .floorDivide, .modulo:
            guard right != 0 else { throw fail("integer division or modulo by zero") }
            let quotient = left.dividedReportingOverflow(by: right)
            let remainder = left.remainderReportingOverflow(dividingBy: right).partialValue
            // Python rounds down, Swift towards zero.
            let isAbove = remainder != 0 && (remainder < 0) != (right < 0)
            if case .modulo = operation { return .integer(isAbove ? remainder + right : remainder) }
            value = quotient.partialValue - (isAbove ? 1 : 0)
            overflow = quotient.overflow
        case .power:
            guard right >= 0 else { return .number(try apply(.power, Double(left), Double(right))) }
            return .integer(try power(left, right))
        }
        guard !overflow else { throw failOverflow }
        return .integer(value)
    }

    private var failOverflow: TemplateError {
        fail("an integer does not fit into 64 bits")
    }

    private func power(_ base: Int, _ exponent: Int) throws(TemplateError) -> Int {
        if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        var result = 1
        // A base of two or more overflows after 63 steps at the latest.
        for _ in 0..<exponent {
            let (product, overflow) = result.multipliedReportingOverflow(by: base)
            guard !overflow else { throw failOverflow }
            result = product
        }
        return result
    }

    private func apply(
        _ operation: BinaryOperator, _ left: Double, _ right: Double
    ) throws(TemplateError) -> Double {
        switch operation {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .divide, .floorDivide, .modulo:
            guard right != 0 else { throw fail("float division or modulo by zero") }
            if case .divide = operation { return left / right }
            return floorDivide(left, right, wantsQuotient: operation == .floorDivide)
        case .power: return try power(left, right)
        }
    }

    /// Python's `divmod` of floats.
    private func floorDivide(_ left: Double, _ right: Double, wantsQuotient: Bool) -> Double {
        var remainder = left.truncatingRemainder(dividingBy: right)
        var quotient = (left - remainder) / right
        if remainder != 0 {
            if (right < 0) != (remainder < 0) {
                remainder += right
                quotient -= 1
            }
        } else {
            remainder = right < 0 ? -0.0 : 0.0
        }
        guard wantsQuotient else { return remainder }
        guard quotient != 0 else { return (left / right).sign == .minus ? -0.0 : 0.0 }
        let floor = quotient.rounded(.down)
        return quotient - floor > 0.5 ? floor + 1 : floor
    }

    private func power(_ base: Double, _ exponent: Double) throws(TemplateError) -> Double {
        guard base != 0 || exponent >= 0 else {
            throw fail("0.0 cannot be raised to a negative power")
        }
        guard base >= 0 || exponent == exponent.rounded() else {
            throw fail("complex numbers are not supported")
        }
        let result = pow(base, exponent)
        guard result.isFinite || !base.isFinite || !exponent.isFinite else {
            throw fail("the result of '**' is too large")
        }
        return result
    }

    func negate(_ value: Value) throws(TemplateError) -> Value {
        if let integer = value.asInteger {
            let (result, overflow) = (0).subtractingReportingOverflow(integer)
            guard !overflow else { throw failOverflow }
            return .integer(result)
        }
        if case .number(let number) = value { return .number(-number) }
        return try refuseSign(value)
    }

    func positive(_ value: Value) throws(TemplateError) -> Value {
        if let integer = value.asInteger { return .integer(integer) }
        if case .number = value { return value }
        return try refuseSign(value)
    }

    private func refuseSign(_ value: Value) throws(TemplateError) -> Value {
        if case .undefined(let undefined) = value { throw fail(undefined.description) }
        throw fail("bad operand type for a sign: '\(value.typeName)'")
    }
}
