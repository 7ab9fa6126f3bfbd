import ArgumentParser

/// `penstock serve`: the flags that do something here. `CompatibilityFlag` lists the others.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a model over HTTP.",
        discussion: CompatibilityFlag.helpText)

    @OptionGroup(title: "Model") var model: ModelFlags
    @OptionGroup(title: "Server") var server: ServerFlags
    @OptionGroup(title: "Pipeline") var pipeline: PipelineFlags
    @OptionGroup(title: "Scheduling") var scheduling: SchedulingFlags
    @OptionGroup(title: "Memory and arithmetic") var machine: MachineFlags
    @OptionGroup(title: "Logging") var logging: LoggingFlags

    /// The plain values, completed from the environment where the flags are silent.
    func options(environment: OptionEnvironment) throws(UsageError) -> ServeOptions {
        let path = try modelPath()
        return ServeOptions(
            configPath: server.config,
            model: ModelOptions(
                path: path,
                servedName: model.servedModelName ?? Self.servedName(forModelAt: path),
                contextLength: model.contextLength,
                mayExceedContext: try environment.mayExceedContext(flag: model.mayExceedContext),
                skipTokenizerInit: model.skipTokenizerInit),
            server: ServerOptions(
                host: server.host, port: server.port, apiKey: server.apiKey,
                streamInterval: server.streamInterval,
                allowsAutoTruncate: server.allowsAutoTruncate, skipWarmup: server.skipWarmup,
                watchdogTimeoutSeconds: server.watchdogTimeout),
            pipeline: try pipelineOptions(environment),
            scheduling: SchedulingOptions(
                chunking: try environment.chunking(scheduling),
                prefillTokensMax: scheduling.prefillTokensMax,
                runningRequestsMax: scheduling.runningRequestsMax,
                queuedRequestsMax: scheduling.queuedRequestsMax,
                microbatchRequestsMax: pipeline.microbatchRequestsMax),
            memory: MemoryOptions(
                staticFraction: machine.memoryFraction, totalTokensMax: machine.totalTokensMax,
                prefixCacheEnabled: !machine.disableRadixCache),
            compute: ComputeOptions(
                type: machine.type, threads: machine.processor.threads,
                instructionSet: try environment.instructionSet(
                    flag: machine.processor.instructionSet),
                kvCache: machine.kvCache.choice, quantization: machine.quantization.method),
            logging: LoggingOptions(
                level: logging.level, logsRequests: logging.logsRequests,
                tracePath: logging.tracePath, profileDirectory: environment.profileDirectory))
    }

    private func pipelineOptions(
        _ environment: OptionEnvironment
    ) throws(UsageError) -> PipelineOptions {
        let choice = try environment.layerPartition(
            flag: pipeline.layerPartition, stages: pipeline.stageCount)
        var counts: [Int]?
        if case .counts(let given)? = choice { counts = given }
        let hosts = pipeline.hosts
        guard hosts.count <= pipeline.stageCount else {
            throw UsageError(
                "--pp-hosts names \(hosts.count) hosts, the pipeline has \(pipeline.stageCount)"
                    + (pipeline.stageCount == 1 ? " stage" : " stages"))
        }
        return PipelineOptions(
            stageCount: pipeline.stageCount, layerCounts: counts,
            partitionsByCost: choice == .automatic, asyncBatchDepth: pipeline.asyncBatchDepth,
            activationType: pipeline.activationType, hosts: hosts)
    }

    private func modelPath() throws(UsageError) -> String {
        switch (model.modelPath, model.model) {
        case (let path?, nil), (nil, let path?): return path
        case (nil, nil): throw UsageError("--model-path is missing: name a GGUF file or a folder")
        case (.some, .some): throw UsageError("the model is named twice")
        }
    }

    /// The file's name without `.gguf`, or the folder's name.
    static func servedName(forModelAt path: String) -> String {
        var name =
            path.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init)
            ?? "model"
        if name.lowercased().hasSuffix(".gguf") { name.removeLast(5) }
        name = String(name.map { $0 == ":" ? "-" : $0 })
        return name.isEmpty ? "model" : name
    }
}
