import CPlatform
import Glibc

/// Keeps a paced stage from being late. It stands for a host of its own, so where the user may do
/// that, it runs before all else on this one while it works; not while it waits for its next
/// microbatch, and not where stages are so many that the coordinator would never have its turn.
struct PacedPriority {
    private let isApplicable: Bool
    private var isRaised = false

    private static let stagesPerCoreMax = 2

    init(isPaced: Bool, stageCount: Int) {
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        isApplicable = isPaced && stageCount <= Self.stagesPerCoreMax * max(1, cores)
    }

    mutating func set(_ isRaised: Bool) {
        guard isApplicable, isRaised != self.isRaised else { return }
        self.isRaised = isRaised
        _ = penstock_prefer_thread(isRaised ? 1 : 0)
    }
}
