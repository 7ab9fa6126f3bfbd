import Testing

@Suite("the laws of the sources")
struct SourceLawTests {
    @Test("every source file keeps the law", arguments: Law.all)
    func everySourceFileKeepsTheLaw(law: Law) throws {
        let sources = try SourceCache.sources.get()
        #expect(sources.count > 10)
        for violation in sources.flatMap(law.violations) {
            Issue.record("\(violation)")
        }
    }

    @Test("the law fails on a file that breaks it", arguments: BadSample.all)
    func theLawFailsOnAFileThatBreaksIt(sample: BadSample) {
        let file = SourceFile(path: sample.path, text: sample.text)
        let violations = sample.law.violations(file)
        #expect(violations.map(\.line) == [sample.line], "\(violations)")
        #expect(violations.allSatisfy { "\($0)".hasPrefix("\(sample.path):\(sample.line): ") })
    }

    @Test("the law is silent on a file that keeps it", arguments: GoodSample.all)
    func theLawIsSilentOnAFileThatKeepsIt(sample: GoodSample) {
        let file = SourceFile(path: sample.path, text: sample.text)
        #expect(sample.law.violations(file).isEmpty, "\(sample.law.violations(file))")
    }

    @Test("every law has a sample that breaks it")
    func everyLawHasASampleThatBreaksIt() {
        for law in Law.all {
            #expect(BadSample.all.contains { $0.law.sentence == law.sentence }, "\(law.sentence)")
        }
    }
}

/// The sources, read and lexed once for all laws.
private enum SourceCache {
    static let sources = Result { try Repository.this.sources() }
}
