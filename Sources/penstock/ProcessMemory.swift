import Foundation
import Kernels

/// What the system says of a process's memory.
enum ProcessMemory {
    /// The most bytes that were ever resident at a time; nil if there is no such process here.
    static func peakByteCount(of process: Int32) -> Int? {
        SystemFigures("/proc/\(process)/status").bytes("VmHWM")
    }

    /// Gives back what this process has freed and lets its peak begin anew.
    static func forgetPeak() {
        returnFreeMemory()
        // A kernel that refuses leaves a peak that is too high.
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    }

    /// Bytes that the system can still give out.
    static var availableByteCount: Int? {
        SystemFigures("/proc/meminfo").bytes("MemAvailable")
    }
}

/// One of the kernel's files of lines such as `VmHWM:   81920 kB`.
private struct SystemFigures {
    private let lines: [Substring]

    init(_ path: String) {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        lines = text.split(separator: "\n")
    }

    func bytes(_ name: String) -> Int? {
        let line = lines.first { $0.hasPrefix(name + ":") }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        return kilobytes.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
