/// Classes of characters as Python has them.
extension Unicode.Scalar {
    /// `str.isspace`, which is also `\s` of regular expressions.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029,
            0x202F, 0x205F, 0x3000:
            true
        default: false
        }
    }

    /// Ends a line for `str.splitlines`.
    var isPythonLineBreak: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    var isASCIIDigit: Bool {
        "0"..."9" ~= self
    }

    var isNameStart: Bool {
        self == "_" || (isASCII ? "a"..."z" ~= self || "A"..."Z" ~= self : properties.isXIDStart)
    }

    var isNameContinuation: Bool {
        isNameStart || (isASCII ? isASCIIDigit : properties.isXIDContinue)
    }

    /// `str.isprintable`: everything else is escaped by `repr`.
    var isPythonPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            false
        case .spaceSeparator: self == " "
        default: true
        }
    }
}
