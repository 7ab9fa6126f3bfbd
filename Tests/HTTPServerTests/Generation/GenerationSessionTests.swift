import HTTPServer
import PipelineTypes
import Testing
import Tokenization

@Suite("From tokens to text") struct GenerationSessionTests {
    /// Everything that a session makes of these tokens and a regular end.
    private func transcript(
        _ tokens: [TokenID], end: RequestEnd = .finished(.length),
        _ change: (inout GenerationPlan) -> Void = { _ in }
    ) throws -> Transcript {
        var plan = GenerationPlan(prompt: [1], sampling: SamplingParameters())
        plan.sampling.stopTokens = [TestModel.end]
        change(&plan)
        var session = GenerationSession(plan: plan, tokenizer: try TestModel.makeTokenizer())
        var transcript = Transcript(promptTokenCount: 1)
        for event in tokens.map({ RequestEvent.token(ScoredToken(token: $0)) }) + [.ended(end)] {
            for update in session.consume(event) { transcript.apply(update) }
            if session.hasEnded { break }
        }
        return transcript
    }

    private func bytes(_ text: String) -> [TokenID] {
        text.utf8.map { TokenID($0) }
    }

    @Test("a stop token ends the text and is not part of it, but counts") func stopToken() throws {
        let result = try transcript(
            bytes("ok") + [TestModel.end], end: .finished(.stopToken(TestModel.end)))
        #expect(result.text == "ok")
        #expect(result.tokens.count == 3)
        #expect(result.outcome == .stoppedAtToken(TestModel.end))
    }

    @Test("a stop string across tokens ends the sequence before the engine does")
    func stopString() throws {
        let result = try transcript(bytes("one\ntwo\n\nthree")) { $0.text.stopStrings = ["\n\n"] }
        #expect(result.text == "one\ntwo")
        #expect(result.outcome == .stoppedAtString("\n\n"))
        #expect(result.tokens.count == 9)
    }

    @Test("a stop string may be kept in the text") func keepsStopString() throws {
        let result = try transcript(bytes("a.b")) {
            $0.text.stopStrings = ["."]
            $0.text.keepsStop = true
        }
        #expect(result.text == "a.")
    }

    @Test("stop strings do not count before the least number of tokens") func minimum() throws {
        let result = try transcript(bytes("a.b.c")) {
            $0.text.stopStrings = ["."]
            $0.sampling.minNewTokens = 3
        }
        #expect(result.text == "a.b")
        #expect(result.outcome == .stoppedAtString("."))
    }

    @Test("text that was held back for a stop string comes out at the end") func flushes() throws {
        let result = try transcript(bytes("abc#")) { $0.text.stopStrings = ["##"] }
        #expect(result.text == "abc#")
        #expect(result.outcome == .lengthReached)
    }

    @Test("a character comes out whole, and half a one at the end as U+FFFD") func utf8() throws {
        #expect(try transcript(bytes("é😀")).text == "é😀")
        #expect(try transcript(Array(bytes("é😀").dropLast())).text == "é\u{FFFD}")
    }

    @Test("special tokens are skipped unless they are asked for") func specialTokens() throws {
        #expect(try transcript([TestModel.turn, 65]).text == "A")
        #expect(
            try transcript([TestModel.turn, 65]) { $0.text.skipsSpecialTokens = false }.text
                == "<|turn|>A")
    }

    @Test("without a tokenizer there is no text") func noTokenizer() {
        let plan = GenerationPlan(prompt: [1], sampling: SamplingParameters())
        var session = GenerationSession(plan: plan, tokenizer: nil)
        let token = ScoredToken(token: 65)
        #expect(session.consume(.token(token)) == [.generated(token, text: "")])
    }
}
