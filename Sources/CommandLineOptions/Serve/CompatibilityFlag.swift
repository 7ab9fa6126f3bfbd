/// A flag of SGLang's that `penstock serve` knows without acting on it. `table` has them all: a
/// feature that gets built takes its row away and becomes an option of `ServeCommand`.
struct CompatibilityFlag: Sendable {
    /// With dashes; the first is the one that messages use.
    let names: [String]
    let values: Values
    let standing: Standing

    /// What follows the flag.
    enum Values: Sendable {
        case nothing
        case text
        case oneOf([String])
        case integer(ClosedRange<Int>)
        case number
        case address
        /// One or more integers, as separate arguments.
        case integers
    }

    /// What happens when the flag is given.
    enum Standing: Sendable {
        /// Nothing; the note says why.
        case ignored(String)
        /// It is refused, unless its value asks for what the server does anyhow.
        case unbuilt(except: [String])
        /// Nothing, since it details a feature that this other flag turns on.
        case detail(of: String)
    }

    init(_ names: String..., values: Values = .nothing, standing: Standing) {
        self.names = names
        self.values = values
        self.standing = standing
    }
}

extension CompatibilityFlag.Standing {
    static let meaningless = Self.ignored("has no meaning on a CPU and is ignored")
    static let unbuilt = Self.unbuilt(except: [])
}

extension CompatibilityFlag {
    static let table: [CompatibilityFlag] = [
        // No meaning on a CPU.
        .init("--attention-backend", values: .text, standing: .meaningless),
        .init("--nsa-decode-backend", values: .text, standing: .meaningless),
        .init("--nsa-prefill-backend", values: .text, standing: .meaningless),
        .init("--base-gpu-id", values: .integer(0...Int.max), standing: .meaningless),
        .init("--cuda-graph-bs", values: .integers, standing: .meaningless),
        .init("--cuda-graph-max-bs", values: .integer(0...Int.max), standing: .meaningless),
        .init("--disable-cuda-graph", standing: .meaningless),
        .init("--enable-torch-compile", standing: .meaningless),
        .init("--torch-compile-max-bs", values: .integer(0...Int.max), standing: .meaningless),

        // Settled otherwise here.
        .init("--enable-mixed-chunk", standing: .ignored("is always on")),
        .init(
            "--disable-overlap-schedule", standing: .ignored("has no counterpart and is ignored")),
        .init(
            "--trust-remote-code", standing: .ignored("is ignored: a model's code never runs")),
        .init("--model-loader-extra-config", values: .text, standing: .ignored("is ignored")),
        .init(
            "--tokenizer-worker-num", values: .integer(1...Int.max),
            standing: .ignored("is ignored: tokenization has no processes of its own")),
        .init("--collect-tokens-histogram", standing: .ignored("is ignored")),

        // Parallelism beyond the pipeline.
        .init(
            "--tp-size", "--tensor-parallel-size", "--tp", values: .integer(1...Int.max),
            standing: .unbuilt(except: ["1"])),
        .init(
            "--dp-size", "--data-parallel-size", values: .integer(1...Int.max),
            standing: .unbuilt(except: ["1"])),
        .init(
            "--attn-cp-size", "--attention-context-parallel-size", values: .integer(1...Int.max),
            standing: .unbuilt(except: ["1"])),
        .init(
            "--moe-dense-tp-size", values: .text, standing: .unbuilt(except: ["1", "none"])),
        .init("--enable-nsa-prefill-context-parallel", "--enable-prefill-cp", standing: .unbuilt),
        .init(
            "--nsa-prefill-cp-mode", "--cp-strategy", values: .text,
            standing: .detail(of: "--enable-prefill-cp")),

        // Many hosts.
        .init("--nnodes", values: .integer(1...Int.max), standing: .unbuilt(except: ["1"])),
        .init("--node-rank", values: .integer(0...Int.max), standing: .unbuilt(except: ["0"])),
        .init(
            "--dist-init-addr", "--nccl-init-addr", values: .address,
            standing: .detail(of: "--nnodes")),

        // Scheduling and cache.
        .init(
            "--schedule-policy",
            values: .oneOf([
                "fcfs", "lpm", "shortest-prefill-first", "priority", "random", "dfs-weight", "lof",
                "routing-key",
            ]), standing: .unbuilt(except: ["fcfs"])),
        .init("--page-size", values: .integer(1...Int.max), standing: .unbuilt(except: ["64"])),
        .init("--enable-hierarchical-cache", "--enable-hicache", standing: .unbuilt),
        .init("--hicache-size", values: .text, standing: .unbuilt(except: ["0"])),
        .init("--hicache-storage-backend", values: .text, standing: .unbuilt),
        .init(
            "--disaggregation-mode", values: .oneOf(["null", "prefill", "decode"]),
            standing: .unbuilt(except: ["null"])),
        .init(
            "--disaggregation-bootstrap-port", values: .integer(0...65535),
            standing: .detail(of: "--disaggregation-mode")),
        .init(
            "--num-reserved-decode-tokens", values: .integer(0...Int.max),
            standing: .detail(of: "--disaggregation-mode")),

        // Serving.
        .init("--admin-api-key", values: .text, standing: .unbuilt),
        .init("--tool-call-parser", values: .text, standing: .unbuilt),
        .init("--reasoning-parser", values: .text, standing: .unbuilt),
        .init("--enable-metrics", standing: .unbuilt),
        .init("--enable-cache-report", standing: .unbuilt),
        .init("--enable-request-time-stats-logging", standing: .unbuilt),
        .init(
            "--decode-log-interval", values: .integer(1...Int.max),
            standing: .unbuilt(except: ["40"])),
    ]
}

extension CompatibilityFlag {
    /// The part of `--help` that lists these flags.
    static var helpText: String {
        func names(where included: (Standing) -> Bool) -> String {
            table.filter { included($0.standing) }.map { $0.names[0] }.joined(separator: ", ")
        }
        let ignored = names { if case .ignored = $0 { true } else { false } }
        let later = names { if case .ignored = $0 { false } else { true } }
        return """
            The flags are those of SGLang's launch_server, where Penstock has what they ask for.

            Accepted and ignored: \(ignored).

            Known, and so far accepted only with the value that changes nothing: \(later).
            """
    }
}
