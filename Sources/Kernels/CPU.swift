internal import CKernels

/// Tells the core that this is a spin loop.
func spinOnce() {
    pk_pause()
}

/// The cores that this process may run on.
package func availableCores() -> [Int] {
    [Int](unsafeUninitializedCapacity: 1024) { cores, count in
        guard let base = cores.baseAddress else { return }
        count = base.withMemoryRebound(to: size_t.self, capacity: cores.count) {
            pk_available_cores($0, cores.count)
        }
    }
}
