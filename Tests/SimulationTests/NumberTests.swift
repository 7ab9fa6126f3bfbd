import Foundation
import PipelineTypes
import Testing

@testable import Simulation

@Suite("Numbers of simulations")
struct NumberTests {
    @Test("the logarithm is that of the C library, nearly")
    func logarithm() {
        for step in -2000...2000 {
            let value = Foundation.exp(Double(step) / 3)
            let expected = Foundation.log(value)
            #expect(
                abs(ElementaryFunctions.logarithm(value) - expected)
                    <= 1e-15 * max(1, abs(expected)))
        }
        for value in [1, 0x1p-53, 2, 0.5, .leastNormalMagnitude, .leastNonzeroMagnitude, 1e308] {
            let expected = Foundation.log(value)
            #expect(
                abs(ElementaryFunctions.logarithm(value) - expected)
                    <= 1e-15 * max(1, abs(expected)))
        }
    }

    @Test("the exponential is that of the C library, nearly")
    func exponential() {
        for step in -7000...7000 {
            let expected = Foundation.exp(Double(step) / 10)
            let value = ElementaryFunctions.exponential(Double(step) / 10)
            #expect(abs(value / expected - 1) < 1e-13)
        }
    }

    @Test("percentiles are values that occurred")
    func distribution() throws {
        let hundred = try #require(Distribution((1...100).reversed().map(Double.init)))
        #expect(hundred.count == 100 && hundred.mean == 50.5 && hundred.max == 100)
        #expect([hundred.median, hundred.p90, hundred.p95, hundred.p99] == [50, 90, 95, 99])
        let three = try #require(Distribution([3, 1, 2]))
        #expect([three.median, three.p90, three.p99, three.max] == [2, 3, 3, 3])
        #expect(Distribution([]) == nil)
    }

    @Test("events happen in the order of their times, then of their scheduling")
    func eventQueue() {
        var queue = EventQueue<Int>()
        for (event, time) in [5, 3, 9, 3, 5, 3].enumerated() {
            queue.schedule(event, at: Instant(nanoseconds: Int64(time)))
        }
        var events: [Int] = []
        while let event = queue.next() { events.append(event) }
        #expect(events == [1, 3, 5, 0, 4, 2])
        #expect(queue.now == Instant(nanoseconds: 9))
    }

    @Test("times that are too long end at the horizon")
    func horizon() {
        #expect(Instant.zero.after(1e300) == .horizon)
        #expect(Instant.horizon.after(1) == .horizon)
        #expect(Instant.zero.after(.infinity) == .horizon)
        #expect(Instant.zero.after(1.4e-9).nanoseconds == 1)
    }
}
