import DequeModule
import PipelineTypes

extension Scheduler {
    mutating func submit(
        _ request: GenerationRequest, at now: Instant, into actions: inout [Action]
    ) {
        if let rejection = rejection(of: request) {
            precondition(requests.slot(of: request.id) == nil, "a request is submitted twice")
            totals.rejectedRequests += 1
            actions.append(.deliver(request.id, .ended(.rejected(rejection))))
            return
        }
        let state = RequestState(
            request, age: submissions, tokenCountMax: tokenCountMax(of: request), submitted: now)
        submissions += 1
        let slot = requests.insert(state)
        waiting.append(slot)
        admitRequests()
        if let queuedMax = limits.queuedRequestsMax, waiting.count > queuedMax,
            requests[slot].phase == .waiting
        {
            end(slot, .rejected(.queueFull), into: &actions)
        }
    }

    mutating func cancel(_ id: RequestID, into actions: inout [Action]) {
        guard let slot = requests.slot(of: id), requests[slot].phase != .draining else { return }
        end(slot, .cancelled, into: &actions)
    }

    mutating func shutDown(into actions: inout [Action]) {
        isShuttingDown = true
        for slot in Array(waiting) where !requests[slot].isStarted {
            end(slot, .rejected(.shuttingDown), into: &actions)
        }
    }

    mutating func abandon(_ reason: String, into actions: inout [Action]) {
        for slot in running + waiting {
            end(slot, .failed(reason), into: &actions)
        }
    }

    /// Why a request can never be served, if so.
    private func rejection(of request: GenerationRequest) -> Rejection? {
        let tokens = request.prompt.count
        // A prompt that is to be continued must leave room for one token.
        let promptMax =
            request.sampling.maxNewTokens == 0 ? limits.contextLength : limits.contextLength - 1
        return if isShuttingDown {
            .shuttingDown
        } else if tokens == 0 {
            .emptyPrompt
        } else if tokens > promptMax {
            .promptTooLong(tokens: tokens, contextLength: limits.contextLength)
        } else if tokens > limits.tokenCapacity {
            .exceedsMemory(tokens: tokens, capacity: limits.tokenCapacity)
        } else {
            nil
        }
    }

    /// What the request asks for, as far as the context and the pages of a server that does
    /// nothing else allow. The last token of all is never computed, so it needs no page.
    private func tokenCountMax(of request: GenerationRequest) -> Int {
        let most = min(limits.contextLength, limits.tokenCapacity + 1)
        let room = most - request.prompt.count
        return request.prompt.count + min(request.sampling.maxNewTokens ?? room, max(room, 0))
    }
}
