import Testing
import Timelines

@Suite("The time in which requests decode together")
struct DecodeWindowTests {
    @Test("one request counts from its first token to its last")
    func oneRequest() throws {
        let window = try #require(DecodeWindow(tokenSeconds: [[5, 5.5, 6, 6.5, 7]]))
        #expect(window.tokensPerSecond == 2)
        #expect(window.interTokenSecondsMedian == 0.5)
    }

    @Test("what comes before the last request's first token, and after the first end, is left out")
    func onlyTogether() throws {
        // Alone, the first is four times as fast.
        let early = (0..<40).map { Double($0) / 4 }
        let together = (10..<20).map(Double.init)
        let window = try #require(
            DecodeWindow(tokenSeconds: [early + together, together + [19.25, 19.5, 19.75]]))
        #expect(window.tokensPerSecond == 2)
        #expect(window.interTokenSecondsMedian == 1)
    }

    @Test("a batch whose tokens are told one after the other counts in full")
    func tellingTakesTime() throws {
        let steps = (0...64).map { Double($0) / 64 }
        let batch = (0..<8).map { index in steps.map { $0 + Double(index) / 4096 } }
        let window = try #require(DecodeWindow(tokenSeconds: batch))
        #expect(window.tokensPerSecond == 8 * 64)
        #expect(window.interTokenSecondsMedian == 1.0 / 64)
    }

    @Test("one long wait changes the rate, and not the median")
    func oneLongWait() throws {
        let window = try #require(DecodeWindow(tokenSeconds: [[0, 1, 2, 6, 7, 8]]))
        #expect(window.tokensPerSecond == 5.0 / 8)
        #expect(window.interTokenSecondsMedian == 1)
    }

    @Test(
        "without a time in which all decode there is nothing to tell",
        arguments: [
            [], [[]], [[1]], [[1, 2, 3], []], [[1, 2, 3], [4, 5, 6]], [[1, 2, 3], [3, 4, 5]],
            [[1, 2, 3], [2.25, 2.5, 2.75]], [[2, 2, 2]],
        ])
    func nothingToTell(tokenSeconds: [[Double]]) {
        #expect(DecodeWindow(tokenSeconds: tokenSeconds) == nil)
    }
}
