import PipelineTypes
import Testing
import Timelines

@Suite("shares of work")
struct WorkSharesTests {
    private func span(
        _ id: UInt64, received: Int64, began: Int64, ended: Int64, _ work: ComputeTimes
    ) -> MicrobatchSpan {
        MicrobatchSpan(
            id: MicrobatchID(id), dispatched: Instant(nanoseconds: 0),
            completed: Instant(nanoseconds: ended), chunks: [],
            stages: [
                StageTiming(
                    received: Instant(nanoseconds: received),
                    computeBegan: Instant(nanoseconds: began),
                    computeEnded: Instant(nanoseconds: ended), sendWaitNanoseconds: 0, work: work)
            ])
    }

    @Test("every nanosecond of every thread is counted once")
    func shares() {
        // Two threads for 1000 ns. The second microbatch was there at 300, the stage free at 500.
        let timeline = Timeline(
            source: .measured, stageCount: 1,
            microbatches: [
                span(
                    1, received: 90, began: 100, ended: 500,
                    ComputeTimes(linear: 300, attention: 200, waiting: 100)),
                span(
                    2, received: 300, began: 520, ended: 920,
                    ComputeTimes(linear: 100, attention: 500, waiting: 40)),
            ])
        let shares = WorkShares(timeline, seconds: 1e-6, threadsPerStage: 2)
        #expect(abs(shares.linear - 0.2) < 1e-12)
        #expect(abs(shares.attention - 0.35) < 1e-12)
        #expect(abs(shares.elementwise - (200 + 160) / 2000.0) < 1e-12)
        #expect(abs(shares.communication - (20 + 40) / 2000.0) < 1e-12)
        #expect(abs(shares.waiting - (140 + 2 * 200 - 60) / 2000.0) < 1e-12)
    }

    @Test("a run without time or stages has no shares")
    func nothing() {
        let none = WorkShares(
            Timeline(source: .measured, stageCount: 0), seconds: 0, threadsPerStage: 1)
        #expect(none.linear == 0 && none.waiting == 0)
    }
}
