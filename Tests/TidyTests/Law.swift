import Testing

/// Something that every source file keeps.
struct Law: Sendable, CustomTestStringConvertible {
    /// A sentence that a failure can end with.
    let sentence: String
    let violations: @Sendable (SourceFile) -> [Violation]

    var testDescription: String {
        sentence
    }
}

extension Law {
    static let all: [Law] = [
        imports, purity, order, unsafePointers, uncheckedSendable, environment, fileLength,
        functionLength, lineLength, markers, disabledTests,
    ]

    /// A law that forbids patterns in files of some kind.
    private static func forbidding(
        _ sentence: String, _ patterns: @escaping @Sendable () -> [Regex<Substring>],
        in applies: @escaping @Sendable (SourceFile) -> Bool
    ) -> Law {
        Law(sentence: sentence) { file in
            guard applies(file) else { return [] }
            return patterns().flatMap { pattern in
                file.violations(of: pattern) { "'\($0)': \(sentence)" }
            }
        }
    }

    private static func isPure(_ file: SourceFile) -> Bool {
        FloorPlan.penstock.room(file.target)?.isPure == true
    }

    static let imports = Law(
        sentence: "a target imports only what the floor plan allows it"
    ) { file in
        guard file.language == .swift, let target = file.target else { return [] }
        guard let room = FloorPlan.penstock.room(target) else {
            return [file.violation(atIndex: 0, "target \(target) is missing from the floor plan")]
        }
        let platform = room.isPure ? [] : FloorPlan.platform
        let allowed = room.uses + room.modules + platform
        return file.codeLines.enumerated().compactMap { index, line in
            guard let module = importedModule(line),
                !allowed.contains(String(module))
            else { return nil }
            return file.violation(atIndex: index, "\(target) may not import \(module)")
        }
    }

    private static func importedModule(_ line: String) -> Substring? {
        guard line.contains("import ") else { return nil }
        let kind = #/(?:struct|class|enum|protocol|func|var|let|typealias)\s+/#
        guard let head = line.prefixMatch(of: #/\s*(?:@?\w+\s+)*?import\s+/#) else { return nil }
        var name = line[head.range.upperBound...]
        if let match = name.prefixMatch(of: kind) { name = name[match.range.upperBound...] }
        return name.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    }

    static let purity = forbidding(
        "a pure target has no clock, randomness, concurrency, locks or environment",
        {
            [
                #/\b(?:async|await|actor|Task|TaskGroup|AsyncStream|Mutex|Atomic|NSLock)\b/#,
                #/\b(?:DispatchQueue|DispatchSemaphore|Thread|pthread_\w+)\b/#,
                #/\b(?:Date|ContinuousClock|SuspendingClock|clock_gettime|gettimeofday)\b/#,
                #/\b(?:SystemRandomNumberGenerator|arc4random\w*|UUID)\b/#,
                #/\.random\((?![^)]*\busing:)/#,
                #/\.(?:shuffled|shuffle|randomElement)\(\)/#,
                #/\.hashValue\b|\bHasher\(\)/#,
            ]
        }, in: isPure)

    static let order = Law(
        sentence: "a pure target iterates no Set and no Dictionary"
    ) { file in
        isPure(file) ? UnorderedIteration.violations(in: file) : []
    }

    static let unsafePointers = forbidding(
        "unsafe pointers have their own places",
        {
            [
                #/\b(?:Unsafe\w+|OpaquePointer|Unmanaged)\b/#,
                #/\b(?:unsafe[A-Z]\w*|withUnsafe\w*|withMemoryRebound|assumingMemoryBound)\b/#,
            ]
        },
        in: { file in
            guard file.language == .swift, let room = FloorPlan.penstock.room(file.target) else {
                return false
            }
            switch room.unsafe {
            case .nowhere: return true
            case .everywhere: return false
            case .files(let beginnings):
                let name = file.path.split(separator: "/").last ?? ""
                return !beginnings.contains { name.hasPrefix($0) }
            }
        })

    static let uncheckedSendable = Law(
        sentence: "an @unchecked Sendable carries its proof in a comment"
    ) { file in
        file.codeLines.indices.filter { index in
            guard file.codeLines[index].contains("@unchecked Sendable") else { return false }
            let above = index > 0 ? file.commentedLines[index - 1] : ""
            return !file.commentedLines[index].contains("//") && !above.contains("//")
        }.map { file.violation(atIndex: $0, "@unchecked Sendable without its proof above it") }
    }

    static let environment = forbidding(
        "the environment is read in the executable only",
        { [#/\b(?:ProcessInfo|getenv|secure_getenv|setenv|putenv|environ)\b/#] },
        in: { file in
            file.target != nil && FloorPlan.penstock.room(file.target)?.isExecutable != true
        })

    static let fileLength = Law(sentence: "a file is at most 600 lines") { file in
        file.lines.count <= 600
            ? [] : [file.violation(atIndex: 600, "the file has \(file.lines.count) lines of 600")]
    }

    static let functionLength = Law(sentence: "a function is at most 70 lines") { file in
        FunctionSpan.all(in: file).filter { $0.lineCount > 70 }.map {
            file.violation(atIndex: $0.firstIndex, "\($0.name) has \($0.lineCount) lines of 70")
        }
    }

    static let lineLength = Law(sentence: "a line is at most 100 columns") { file in
        file.lines.enumerated().filter { $0.element.count > 100 }.map {
            file.violation(atIndex: $0.offset, "the line has \($0.element.count) columns of 100")
        }
    }

    static let markers = Law(sentence: "nothing is left to be done") { file in
        file.violations(of: #/\b(?:TODO|FIXME|HACK|XXX)\b/#, in: \.commentedLines) {
            "'\($0)' leaves something to be done"
        }
    }

    static let disabledTests = Law(sentence: "no test is switched off or excused") { file in
        let pattern = #/\.disabled\(|\.enabled\(if|\bwithKnownIssue\b|\bXCTSkip\w*|#if\s+false\b/#
        guard file.path.hasPrefix("Tests/") else { return [] }
        return file.violations(of: pattern) { "'\($0)' switches a test off" }
    }
}
