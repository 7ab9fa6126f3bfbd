import PipelineTypes
import Scheduling

/// A hash of all that happened in a run, in its order.
struct TraceHash {
    private(set) var value: UInt64 = 0

    mutating func combine(_ number: UInt64) {
        value = RandomStream.mix(value ^ number)
    }

    mutating func combine(_ number: Int) {
        combine(UInt64(truncatingIfNeeded: number))
    }

    mutating func combine(_ event: SimulationEvent, at now: Instant) {
        combine(UInt64(bitPattern: now.nanoseconds))
        switch event {
        case .submission(let source): combine(0, source)
        case .cancellation(let id): combine(1, Int(id.rawValue))
        case .death: combine(2)
        case .lost: combine(3)
        case .ready: combine(4)
        case .pipeline(.arrived(let id, let stage), _): combine(5, Int(id.rawValue), stage)
        case .pipeline(.computed(let stage), _): combine(6, stage)
        case .pipeline(.moved(let link), _): combine(7, link)
        case .pipeline(.completed(let id), _): combine(8, Int(id.rawValue))
        }
    }

    mutating func combine(_ action: Scheduler.Action) {
        switch action {
        case .dispatch(let microbatch):
            combine(10, Int(microbatch.id.rawValue))
            for chunk in microbatch.chunks { combine(chunk) }
        case .deliver(let id, let event):
            combine(11, Int(id.rawValue))
            combine(event)
        case .protocolViolation:
            combine(12)
        }
    }

    private mutating func combine(_ chunk: Chunk) {
        combine(Int(chunk.request.rawValue), chunk.start, chunk.tokens.count)
        for token in chunk.tokens { combine(UInt64(token)) }
        for page in chunk.pages { combine(UInt64(page.rawValue)) }
        combine(chunk.outputs.sampling == nil ? 0 : 1)
    }

    private mutating func combine(_ event: RequestEvent) {
        switch event {
        case .started(let cachedTokens): combine(20, cachedTokens)
        case .promptLogprobs(let scores): combine(21, scores.count)
        case .token(let token): combine(22, Int(token.token))
        case .ended(.finished(.stopToken(let token))): combine(23, Int(token))
        case .ended(.finished(.length)): combine(24)
        case .ended(.cancelled): combine(25)
        case .ended(.rejected): combine(26)
        case .ended(.failed): combine(27)
        }
    }

    private mutating func combine(_ numbers: Int...) {
        for number in numbers { combine(number) }
    }
}
