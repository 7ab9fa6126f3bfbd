import Foundation

/// A point in time as calendars and clocks show it.
package struct CalendarTime: Hashable, Sendable {
    package var year: Int
    /// 1 is January.
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    package var microsecond: Int
    /// 0 is Sunday.
    package var weekday: Int
    /// 1 is the first of January.
    package var dayOfYear: Int

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        microsecond: Int = 0, weekday: Int, dayOfYear: Int
    ) {
        precondition(1...12 ~= month && 0...6 ~= weekday)
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
        self.weekday = weekday
        self.dayOfYear = dayOfYear
    }

    /// The local time.
    package static func now() -> CalendarTime {
        let calendar = Calendar(identifier: .gregorian)
        let now = Date()
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second, .nanosecond, .weekday], from: now)
        return CalendarTime(
            year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1,
            hour: parts.hour ?? 0, minute: parts.minute ?? 0, second: parts.second ?? 0,
            microsecond: (parts.nanosecond ?? 0) / 1000, weekday: (parts.weekday ?? 1) - 1,
            dayOfYear: calendar.ordinality(of: .day, in: .year, for: now) ?? 1)
    }

    private static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let dayNames = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// C's `strftime` in the C locale, without a time zone. Unknown directives stay as they are.
    func formatted(_ format: String) -> String {
        var result = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%", var directive = scalars.next() else {
                result.unicodeScalars.append(scalar)
                continue
            }
            // "%-d" leaves the padding away.
            let isPadded = directive != "-"
            if !isPadded {
                guard let unpadded = scalars.next() else { return result + "%-" }
                directive = unpadded
            }
            result += text(of: directive, isPadded: isPadded)
        }
        return result
    }

    private func text(of directive: Unicode.Scalar, isPadded: Bool) -> String {
        func padded(_ value: Int, _ width: Int = 2, with pad: String = "0") -> String {
            let digits = String(value)
            let missing = isPadded ? max(0, width - digits.count) : 0
            return String(repeating: pad, count: missing) + digits
        }
        let hour12 = hour % 12 == 0 ? 12 : hour % 12
        return switch directive {
        case "Y": String(year)
        case "y": padded(year % 100)
        case "C": padded(year / 100)
        case "m": padded(month)
        case "d": padded(day)
        case "e": padded(day, with: " ")
        case "j": padded(dayOfYear, 3)
        case "H": padded(hour)
        case "I": padded(hour12)
        case "M": padded(minute)
        case "S": padded(second)
        case "f": padded(microsecond, 6)
        case "p": hour < 12 ? "AM" : "PM"
        case "B": Self.monthNames[(month - 1) % 12]
        case "b", "h": String(Self.monthNames[(month - 1) % 12].prefix(3))
        case "A": Self.dayNames[weekday % 7]
        case "a": String(Self.dayNames[weekday % 7].prefix(3))
        case "w": String(weekday)
        case "u": String(weekday == 0 ? 7 : weekday)
        case "U": padded((dayOfYear + 6 - weekday) / 7)
        case "W": padded((dayOfYear + 6 - (weekday + 6) % 7) / 7)
        case "D", "x": formatted("%m/%d/%y")
        case "F": formatted("%Y-%m-%d")
        case "T", "X": formatted("%H:%M:%S")
        case "R": formatted("%H:%M")
        case "r": formatted("%I:%M:%S %p")
        case "c": formatted("%a %b %e %H:%M:%S %Y")
        case "n": "\n"
        case "t": "\t"
        case "%": "%"
        case "z", "Z": ""
        default: (isPadded ? "%" : "%-") + String(directive)
        }
    }
}
