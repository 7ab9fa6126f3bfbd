import PipelineTypes
import Simulation

@testable import KVPaging
@testable import Scheduling

/// The real scheduler with a planted bug.
struct SabotagedScheduler: SchedulerInterface {
    enum Bug: CaseIterable, Hashable {
        case freesPageTwice, handsOutPageTwice, keepsPage, swapsPages, losesCompletion
        case losesMicrobatch, losesChunk, computesOtherToken, skipsPosition, deliversTokenTwice
        case losesToken, endsTwice, neverEnds, forgetsRequest, endsWithoutReason
    }

    private var scheduler: Scheduler
    private let bug: Bug
    /// What the bug lies in wait for.
    private var chances = 0
    private var pageHandedOutTwice: PageID?
    private var alias: PageID?

    init(_ scheduler: Scheduler, _ bug: Bug) {
        self.scheduler = scheduler
        self.bug = bug
    }

    /// Whether the bug had a chance.
    var hasStruck: Bool {
        chances >= 3 || alias != nil || bug == .keepsPage && totals.finishedRequests > 0
    }

    var totals: SchedulerTotals { scheduler.totals }
    var isIdle: Bool { scheduler.isIdle }

    var status: SchedulerStatus {
        var status = scheduler.status
        if bug == .keepsPage && scheduler.totals.finishedRequests > 0 { status.freePages -= 1 }
        return status
    }

    mutating func handle(
        _ event: Scheduler.Event, at now: Instant, into actions: inout [Scheduler.Action]
    ) {
        if isCase(.losesCompletion, where: event.isCompletion) { return }
        if isCase(.forgetsRequest, where: event.isSubmission) { return }
        scheduler.handle(event, at: now, into: &actions)
        if isCase(.freesPageTwice, where: event.isCompletion) { freeOneInUse() }
        actions = actions.flatMap { sabotage($0) }
    }

    /// Whether this is the bug, and its third chance.
    private mutating func isCase(_ bug: Bug, where isChance: Bool) -> Bool {
        guard self.bug == bug, isChance else { return false }
        chances += 1
        return chances == 3
    }

    /// A page that is to be freed when its request ends is free now.
    private mutating func freeOneInUse() {
        var table = PageTable()
        guard let last = scheduler.inFlight.last?.microbatch.chunks.last?.pages.last else { return }
        table.pages = [last]
        scheduler.kv.release(&table)
    }

    private mutating func sabotage(_ action: Scheduler.Action) -> [Scheduler.Action] {
        switch action {
        case .dispatch(var microbatch):
            if isCase(.losesMicrobatch, where: true) { return [] }
            if isCase(.losesChunk, where: microbatch.chunks.count > 1) {
                microbatch.chunks.removeLast()
            }
            for index in microbatch.chunks.indices { sabotage(&microbatch.chunks[index]) }
            return [.dispatch(microbatch)]
        case .deliver(_, .token):
            if isCase(.deliversTokenTwice, where: true) { return [action, action] }
            return isCase(.losesToken, where: true) ? [] : [action]
        case .deliver(let id, .ended):
            if isCase(.endsTwice, where: true) { return [action, action] }
            if isCase(.endsWithoutReason, where: true) { return [.deliver(id, .ended(.cancelled))] }
            return isCase(.neverEnds, where: true) ? [] : [action]
        case .deliver, .protocolViolation:
            return [action]
        }
    }

    private mutating func sabotage(_ chunk: inout Chunk) {
        if isCase(.swapsPages, where: chunk.pages.count > 2) { chunk.pages.swapAt(0, 1) }
        if isCase(.computesOtherToken, where: true) { chunk.tokens[0] ^= 1 }
        if isCase(.skipsPosition, where: chunk.start > 0) { chunk.start += 1 }
        guard bug == .handsOutPageTwice, let last = chunk.pages.last else { return }
        if pageHandedOutTwice == nil {
            pageHandedOutTwice = last
        } else if alias == nil, !chunk.pages.contains(where: { $0 == pageHandedOutTwice }) {
            alias = last
        }
        if let alias, let pageHandedOutTwice {
            chunk.pages = chunk.pages.map { $0 == alias ? pageHandedOutTwice : $0 }
        }
    }
}

extension Scheduler.Event {
    fileprivate var isCompletion: Bool {
        if case .completed = self { true } else { false }
    }

    fileprivate var isSubmission: Bool {
        if case .submit = self { true } else { false }
    }
}
