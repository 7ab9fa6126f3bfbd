import Foundation
import Hummingbird
import JSON
import PipelineTypes

extension ServerState {
    /// What is served, and how.
    var modelRoutes: [Route] {
        [
            .get("/v1/models") { _, _ in
                Response(json: ["object": "list", "data": [modelCard]])
            },
            .get("/v1/models/**") { _, context in
                let name = context.parameters.getCatchAll()
                    .map { $0.removingPercentEncoding ?? String($0) }.joined(separator: "/")
                guard model.answers(to: name) else { throw APIError.modelNotFound(name) }
                return Response(json: modelCard)
            },
            .get("/model_info") { _, _ in Response(json: modelInfo) },
            .get("/get_model_info") { _, _ in Response(json: modelInfo) },
            .get("/server_info") { _, _ in Response(json: await serverInfo()) },
            .get("/get_server_info") { _, _ in Response(json: await serverInfo()) },
        ]
    }

    private var modelCard: JSONValue {
        [
            "id": .string(model.name),
            "object": "model",
            "created": .integer(started),
            "owned_by": "penstock",
            "root": .string(model.path),
            "parent": nil,
            "max_model_len": .integer(model.contextLength),
        ]
    }

    private var modelInfo: JSONValue {
        [
            "model_path": .string(model.path),
            "tokenizer_path": .string(model.path),
            "is_generation": true,
            "preferred_sampling_params": nil,
            "model_type": .string(model.architecture),
            "max_model_len": .integer(model.contextLength),
            "vocab_size": .integer(model.vocabularySize),
        ]
    }

    private func serverInfo() async -> JSONValue {
        let status = await engine.status()
        var info = options.reportedSettings
        info["model_path"] = .string(model.path)
        info["served_model_name"] = .string(model.name)
        info["context_length"] = .integer(model.contextLength)
        info["max_total_num_tokens"] = .integer(status.tokenCapacity)
        info["status"] = .string(status.phase.rawValue)
        info["internal_states"] = [
            [
                "num_running_reqs": .integer(status.runningRequests),
                "num_queue_reqs": .integer(status.queuedRequests),
                "num_used_tokens": .integer(status.usedTokens),
            ]
        ]
        return .object(info)
    }
}
