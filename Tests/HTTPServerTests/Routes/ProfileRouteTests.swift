import HTTPServer
import JSON
import Testing

@Suite("Profiles") struct ProfileRouteTests {
    @Test("a profile is started and stopped in the words that clients know")
    func startAndStop() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server async throws in
            let early = try await server.post("/stop_profile", text: "")
            #expect(early.status == 400)
            #expect(
                try early.json["message"]
                    == "Profiling is not in progress. Call /start_profile first.")

            let start = try await server.post("/start_profile", text: "")
            #expect(start.status == 200 && start.text == "Start profiling.\n")
            #expect(engine.profile == ProfileRequest())
            let again = try await server.post("/start_profile", [:])
            #expect(again.status == 400)
            #expect(
                try again.json["message"]
                    == "Profiling is already in progress. Call /stop_profile first.")

            let stop = try await server.post("/stop_profile", text: "")
            #expect(stop.status == 200)
            #expect(stop.text == "Stop profiling. The trace is in /tmp/profile.json.\n")
            #expect(engine.profile == nil)
        }
    }

    @Test("what SGLang's clients ask for is honoured or passed over")
    func fields() async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server async throws in
            let answer = try await server.post(
                "/start_profile",
                [
                    "output_dir": "/some/where", "start_step": 3, "num_steps": 5,
                    "activities": ["CPU", "GPU"], "profile_by_stage": false, "with_stack": nil,
                    "record_shapes": true, "merge_profiles": false, "profile_prefix": "run.1",
                    "profile_id": "1795322105.648445",
                ])
            #expect(answer.status == 200)
            var expected = ProfileRequest()
            expected.directory = "/some/where"
            expected.firstMicrobatch = 3
            expected.microbatches = 5
            expected.prefix = "run.1"
            expected.id = "1795322105.648445"
            #expect(engine.profile == expected)
            #expect(try await server.get("/stop_profile").status == 405)
            #expect(try await server.post("/stop_profile", text: "").status == 200)
        }
    }

    @Test(
        "a bad field is refused by its name, and nothing begins",
        arguments: [
            ("num_steps", 0), ("num_steps", "5"), ("num_steps", 1.5), ("num_steps", 1e300),
            ("start_step", -1), ("output_dir", 3), ("output_dir", ""),
            ("output_dir", "/tmp\u{0}/x"), ("profile_id", "../x"), ("profile_id", "a/b"),
            ("profile_id", ""), ("profile_id", ".hidden"), ("profile_id", "a\nb"),
            ("profile_prefix", "é"), ("profile_prefix", "a b"),
            ("profile_prefix", .string(String(repeating: "a", count: 65))),
        ] as [(String, JSONValue)])
    func badFields(name: String, value: JSONValue) async throws {
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine) { server async throws in
            let body = JSONObject([JSONObject.Member(key: name, value: value)])
            let answer = try await server.post("/start_profile", .object(body))
            #expect(answer.status == 400)
            #expect(try answer.json["param"] == .string(name))
            #expect(engine.profile == nil)
        }
    }

    @Test("a trace that cannot be written is the server's fault")
    func serverFault() async throws {
        try await withServer(ScriptedEngine(saying: "x")) { server async throws in
            #expect(
                try await server.post("/start_profile", ["output_dir": "/full"]).status == 200)
            let answer = try await server.post("/stop_profile", text: "")
            #expect(answer.status == 500)
            #expect(
                try answer.json["message"]
                    == "The trace could not be written: the disk is full.")
        }
    }

    @Test("profiles are for those who hold the administrators' key")
    func keys() async throws {
        var options = HTTPServerOptions()
        options.apiKey = "secret"
        options.adminAPIKey = "root"
        let engine = ScriptedEngine(saying: "x")
        try await withServer(engine, options: options) { server async throws in
            for path in ["/start_profile", "/stop_profile"] {
                for key in [nil, "secret"] as [String?] {
                    #expect(try await server.post(path, text: "", key: key).status == 401)
                }
            }
            #expect(engine.profile == nil)
            #expect(try await server.post("/start_profile", text: "", key: "root").status == 200)
        }
    }
}
