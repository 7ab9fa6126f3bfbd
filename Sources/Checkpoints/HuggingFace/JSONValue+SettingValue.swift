package import JSON

extension JSONValue: SettingValue {
    package var unsignedInteger: Int? {
        if case .integer(let value) = self, value >= 0 { value } else { nil }
    }

    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer(let value): value < 0 ? "a negative integer" : "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        case .encoded: "JSON text"
        }
    }
}
