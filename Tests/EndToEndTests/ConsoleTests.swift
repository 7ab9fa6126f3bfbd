import Foundation
import Testing

/// Standard streams that nobody reads, or that are not there.
@Suite("the console")
struct ConsoleTests {
    private static func shell(_ command: String) async throws -> (status: Int32, errors: String) {
        let quoted = "'\(Penstock.executable)'"
        let result = try await ChildProcess.run(
            "/usr/bin/timeout",
            ["60", "/bin/bash", "-c", command.replacingOccurrences(of: "PENSTOCK", with: quoted)])
        return (result.status, result.errors)
    }

    @Test("output that cannot be written is one line and an exit status")
    func fullDisk() async throws {
        let result = try await Self.shell("PENSTOCK inspect '\(TestModels.tinyLlama)' > /dev/full")
        #expect(result.status == 1)
        #expect(result.errors == "penstock: the output could not be written\n")
    }

    @Test("a reader that has seen enough is no error, however much there is to print")
    func lostReader() async throws {
        let result = try await Self.shell(
            """
            set -o pipefail
            PENSTOCK chunks --policy fixed --chunked-prefill-size 64 --prompt-length 4000000 \
                --fixed-ms 1 --linear-ms 0.1 --attention-ms 0 --json | head -n 1
            """)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    @Test("a stream that is closed is nobody else's file")
    func closed() async throws {
        for stream in ["<&-", ">&-", "2>&-"] {
            let result = try await Self.shell(
                "PENSTOCK inspect '\(TestModels.tinyLlama)' \(stream)")
            #expect(result.status == 0, "\(stream): \(result.errors)")
        }
    }

    @Test("a server goes on when whoever read its log has gone")
    func lostLog() async throws {
        let result = try await Self.shell(
            """
            cd "$(mktemp -d)"
            PENSTOCK serve --model-path '\(TestModels.tinyLlama)' --skip-tokenizer-init \
                --port 0 --log-requests > output 2> >(exec head -n 1 > /dev/null) &
            until grep -qs ' at ' output; do sleep 0.1; done
            url=$(sed 's/.* at //' output)
            for i in 1 2 3; do
                curl -s -o /dev/null -w '%{http_code} ' "$url/generate" \
                    -d '{"input_ids": [1, 2, 3], "sampling_params": {"max_new_tokens": 2}}' >&2
            done
            kill $!
            wait $!
            rm -r "$PWD"
            """)
        #expect(result.errors == "200 200 200 ")
        #expect(result.status == 0)
    }
}
