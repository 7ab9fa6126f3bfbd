/// Python's conversions of case, which work on code points.
extension String {
    func pythonLowercased() -> String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return lowercased() }
        let scalars = Array(unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            result += Self.lowercase(scalar, at: index, of: scalars)
        }
        return result
    }

    func pythonUppercased() -> String {
        var result = ""
        for scalar in unicodeScalars { result += scalar.properties.uppercaseMapping }
        return result
    }

    /// `str.capitalize`
    func pythonCapitalized() -> String {
        let scalars = Array(unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            result +=
                index == 0
                ? scalar.properties.titlecaseMapping
                : Self.lowercase(scalar, at: index, of: scalars)
        }
        return result
    }

    /// `str.title`: words are runs of letters.
    func pythonTitlecased() -> String {
        let scalars = Array(unicodeScalars)
        var result = ""
        var isInWord = false
        for (index, scalar) in scalars.enumerated() {
            result +=
                isInWord
                ? Self.lowercase(scalar, at: index, of: scalars)
                : scalar.properties.titlecaseMapping
            isInWord = scalar.properties.isCased
        }
        return result
    }

    /// The `title` filter of jinja2: words are what spaces, hyphens and opening brackets separate.
    func jinjaTitlecased() -> String {
        var result = ""
        var word = String.UnicodeScalarView()
        func flush() {
            guard let first = word.first else { return }
            result += first.properties.uppercaseMapping
            result += String(word.dropFirst()).pythonLowercased()
            word.removeAll()
        }
        for scalar in unicodeScalars {
            if scalar.isPythonSpace || ["-", "(", "{", "[", "<"].contains(scalar) {
                flush()
                result.unicodeScalars.append(scalar)
            } else {
                word.append(scalar)
            }
        }
        flush()
        return result
    }

    func pythonSwapcased() -> String {
        let scalars = Array(unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            if scalar.properties.isUppercase {
                result += Self.lowercase(scalar, at: index, of: scalars)
            } else if scalar.properties.isLowercase {
                result += scalar.properties.uppercaseMapping
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The lower case of one letter; a capital sigma that ends a word has a form of its own.
    private static func lowercase(
        _ scalar: Unicode.Scalar, at index: Int, of scalars: [Unicode.Scalar]
    ) -> String {
        guard scalar == "\u{3A3}" else { return scalar.properties.lowercaseMapping }
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
        return isFinal ? "\u{3C2}" : "\u{3C3}"
    }

    /// Whether all letters are upper (or lower) case and there is one.
    func isPythonCased(upper: Bool) -> Bool {
        var hasCased = false
        for scalar in unicodeScalars {
            let properties = scalar.properties
            if upper ? properties.isLowercase : properties.isUppercase { return false }
            if properties.generalCategory == .titlecaseLetter { return false }
            if upper ? properties.isUppercase : properties.isLowercase { hasCased = true }
        }
        return hasCased
    }
}
