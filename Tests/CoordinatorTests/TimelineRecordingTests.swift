import PipelineTypes
import Synchronization
import Testing
import Timelines

@testable import Coordinator

@Suite("recordings")
struct TimelineRecordingTests {
    private static func microbatch(
        _ id: UInt64, chunks: Int = 1, stages: Int = 1, at time: Int64 = 0
    ) -> MicrobatchSpan {
        let timing = StageTiming(
            received: Instant(nanoseconds: time), computeBegan: Instant(nanoseconds: time),
            computeEnded: Instant(nanoseconds: time), sendWaitNanoseconds: 0)
        return MicrobatchSpan(
            id: MicrobatchID(id), dispatched: Instant(nanoseconds: time),
            completed: Instant(nanoseconds: time + 1),
            chunks: (0..<chunks).map {
                ChunkSpan(request: RequestID(UInt64($0)), positions: 0..<1)
            },
            stages: [StageTiming](repeating: timing, count: stages))
    }

    @Test("the ring keeps the last microbatches, oldest first, and counts the others")
    func countBound() {
        var ring = TimelineRing(microbatchesMax: 3)
        #expect(ring.microbatches == [] && ring.droppedCount == 0)
        for number in UInt64(1)...100 {
            ring.append(Self.microbatch(number))
            let expected = Array(max(1, Int(number) - 2)...Int(number))
            #expect(ring.microbatches.map(\.id.rawValue) == expected.map(UInt64.init))
            #expect(ring.microbatches.allSatisfy { $0.chunks.count == 1 })
            #expect(ring.droppedCount == Int(number) - expected.count)
        }
        var none = TimelineRing(microbatchesMax: 0)
        none.append(Self.microbatch(1))
        #expect(none.microbatches == [] && none.droppedCount == 1)
    }

    @Test("chunks and stages count too, so that memory is bounded")
    func recordBound() {
        var ring = TimelineRing(recordsMax: 100)
        for number in UInt64(1)...50 {
            ring.append(Self.microbatch(number, chunks: Int(number), stages: 4))
            let records = ring.microbatches.reduce(0) { $0 + 1 + $1.chunks.count + 4 }
            #expect(records <= 100)
        }
        // 49 has 54 records, 50 has 55.
        #expect(ring.microbatches.map(\.id.rawValue) == [50])
        ring.append(Self.microbatch(51, chunks: 40, stages: 4))
        #expect(ring.microbatches.map(\.id.rawValue) == [50, 51])
        ring.append(Self.microbatch(52, chunks: 200, stages: 4))
        #expect(ring.microbatches == [] && ring.droppedCount == 52)
    }

    @Test("what is older than a trace can reach back is dropped")
    func ageBound() {
        var ring = TimelineRing()
        ring.append(Self.microbatch(1, at: 5))
        ring.append(Self.microbatch(2, at: 10_000))
        ring.append(Self.microbatch(3, at: ChromeTrace.spanNanosecondsMax + 100))
        #expect(ring.microbatches.map(\.id.rawValue) == [2, 3])
    }

    @Test("a recording begins with the microbatch asked for, and ends itself when it has enough")
    func wanted() {
        let completions = Mutex(0)
        let recording = TimelineRecording(first: MicrobatchID(3), wanted: 2) {
            completions.withLock { $0 += 1 }
        }
        recording.record(Self.microbatch(3, at: 99))
        recording.begin(at: Instant(nanoseconds: 100))
        recording.record(Self.microbatch(3, at: 99))
        for number in UInt64(1)...9 { recording.record(Self.microbatch(number, at: 100)) }
        #expect(completions.withLock(\.self) == 1)
        #expect(recording.take().microbatches.map(\.id.rawValue) == [3, 4])
        #expect(recording.take().microbatches == [])
    }
}
