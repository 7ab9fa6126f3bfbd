import SeededRandom
import Testing

@testable import CommandLineOptions

@Suite("random command lines")
struct RandomCommandLineTests {
    private static let values = [
        "", "0", "1", "-1", "64", "2.5", "nan", "1e999", "99999999999999999999",
        "-9223372036854775808",
        "9223372036854775807", "auto", "off", "1,2,3", ",", "a:b", "host:80", "=", "--", "-", "-x",
        "\0", "\n", "é́", "{\"a\":1}", "m.gguf", "serve", "help", "--help", "null", "fcfs", "scalar",
    ]

    @Test("any command line is carried out or refused in one line", arguments: 0..<20)
    func anyCommandLineIsCarriedOutOrRefused(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let flags = FlagVocabulary.serve.flags.flatMap(\.names)
        for _ in 0..<50 {
            let command = ["serve", "serve", "inspect", "bench", "stage", ""].randomElement(
                using: &generator)
            let arguments = (0..<Int.random(in: 0..<6, using: &generator)).map { _ in
                let flag = flags.randomElement(using: &generator) ?? ""
                let value = Self.values.randomElement(using: &generator) ?? ""
                return [flag, value, "\(flag)=\(value)"].randomElement(using: &generator) ?? ""
            }
            let line = [command ?? ""] + arguments
            if let message = refusal(line, files: ["m.gguf": "port: 1"]) {
                #expect(!message.isEmpty, "seed \(seed): \(line)")
                #expect(
                    message.unicodeScalars.allSatisfy { $0.value >= 32 }, "seed \(seed): \(line)")
            }
        }
    }

    @Test("no flag has two meanings")
    func noFlagHasTwoMeanings() {
        let names = FlagVocabulary.serve.flags.flatMap(\.names)
        #expect(names.count > 80)
        #expect(names.count == Set(names).count)
        #expect(names.allSatisfy { $0 == "-h" || $0.hasPrefix("--") })
    }
}
