import Foundation
import MPITransport
import PipelineTypes
import StageProtocol

/// Passes messages of all sizes along the stages and compares what arrives.
enum TransportCheck {
    private static let sizes = [
        1, 64, 65, 4096, 4097, 61_440, 61_441, 2 * 61_440, 100_000, 1 << 20, 16 << 20, 1, 64,
    ]

    /// Returns the exit status; 0 if every message arrived in order and unharmed.
    static func run() throws -> Int32 {
        let transport = try MPITransport()
        var passed = 0
        var status: Int32 = 0
        while passed < sizes.count {
            if transport.stage == 0 {
                var message = transport.makeBuffer(byteCount: sizes[passed])
                fill(&message, number: passed)
                try send(message, over: transport)
                passed += 1
            } else if let arrived = try transport.receive() {
                if !isAsFilled(arrived.buffer, number: passed) { status = 1 }
                if transport.stage + 1 < transport.stageCount {
                    try send(arrived.intoBuffer(), over: transport)
                } else {
                    transport.recycle(arrived.intoBuffer())
                }
                passed += 1
            }
        }
        while transport.unfinishedSendCount > 0 { try transport.progress() }
        try transport.finish()
        return status
    }

    /// The first stage sends a message and then does nothing at all until the second one, which
    /// has got it, writes into the pipe at `path`. Returns the exit status.
    static func runWithIdleSender(pipeAt path: String) throws -> Int32 {
        let transport = try MPITransport()
        var status: Int32 = 0
        // A connection is made with the first message.
        for number in 0..<2 {
            let byteCount = number == 0 ? 64 : 4 * 61_440
            if transport.stage == 0 {
                try transport.send(transport.makeBuffer(byteCount: byteCount))
                if number == 0 {
                    while transport.unfinishedSendCount > 0 { try transport.progress() }
                } else {
                    try waitForWriter(pipeAt: path)
                }
            } else {
                var isHere = false
                while !isHere {
                    guard let arrived = try transport.receive() else { continue }
                    if arrived.buffer.byteCount != byteCount { status = 1 }
                    transport.recycle(arrived.intoBuffer())
                    isHere = true
                }
                if number == 1 { close(try openPipe(path, O_WRONLY)) }
            }
        }
        while transport.unfinishedSendCount > 0 { try transport.progress() }
        try transport.finish()
        return status
    }

    private static func waitForWriter(pipeAt path: String) throws {
        let pipe = try openPipe(path, O_RDONLY)
        var byte: UInt8 = 0
        _ = read(pipe, &byte, 1)
        close(pipe)
    }

    /// Waits for the other side.
    private static func openPipe(_ path: String, _ mode: Int32) throws -> Int32 {
        let pipe = open(path, mode)
        guard pipe >= 0 else { throw TransportError("cannot open \(path)") }
        return pipe
    }

    private static func send(
        _ message: consuming MessageBuffer, over transport: MPITransport
    ) throws {
        guard transport.stage + 1 < transport.stageCount else { return }
        while !transport.canSend { try transport.progress() }
        try transport.send(message)
    }

    private static func fill(_ message: inout MessageBuffer, number: Int) {
        let count = message.byteCount
        message.withMutableElements(UInt8.self, at: 0, count: count) { bytes in
            for index in positions(count) { bytes[index] = content(index, number) }
        }
    }

    private static func isAsFilled(_ message: borrowing MessageBuffer, number: Int) -> Bool {
        guard message.byteCount == MessageBuffer.roundedUp(sizes[number]) else { return false }
        return message.withElements(UInt8.self, at: 0, count: message.byteCount) { bytes in
            positions(bytes.count).allSatisfy { bytes[$0] == content($0, number) }
        }
    }

    /// The bytes that are compared: some of every page, and the last.
    private static func positions(_ count: Int) -> [Int] {
        Array(stride(from: 0, to: count, by: 509)) + [count - 1]
    }

    private static func content(_ index: Int, _ number: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8 &+ number)
    }
}
