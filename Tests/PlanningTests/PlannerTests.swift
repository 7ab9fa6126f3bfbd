import PipelineTypes
import Planning
import Testing

@Suite("plans")
struct PlannerTests {
    private static func request(
        _ model: ModelShape = Samples.latentModel, devices: Int = 8
    ) -> PlanRequest {
        PlanRequest(
            model: model, hardware: Samples.hardware, deviceCount: devices, asyncBatchDepth: 1)
    }

    @Test("every layout that uses the devices is tried with every policy, the fastest first")
    func everyLayoutIsTried() throws {
        let planner = try Planner(Self.request())
        // Six layers are too few for eight stages.
        #expect(planner.layouts.map(\.devicesPerStage) == [2, 4, 8])
        #expect(planner.layouts.map(\.layerCounts) == [[1, 1, 2, 2], [3, 3], [6]])
        let plans = planner.plans(promptLength: 20_000)
        #expect(plans.count == 8)
        #expect(plans.map(\.ttft) == plans.map(\.ttft).sorted())
        for (policy, count) in [("auto", 3), ("fixed", 3), ("dynamic", 2)] {
            #expect(plans.count { $0.policy.name == policy } == count)
        }
    }

    @Test("auto is at least as fast as the best fixed size and the best policies of dynamic")
    func autoIsAtLeastAsFast() throws {
        for model in [Samples.latentModel, Samples.smallModel] {
            let planner = try Planner(Self.request(model, devices: 16))
            for length in [3000, 40_000, 300_000] {
                let plans = planner.plans(promptLength: length)
                for layout in planner.layouts {
                    let own = plans.filter { $0.layout == layout }
                    let auto = try #require(own.first { $0.policy == .automatic })
                    let best = own.map(\.ttft).min() ?? 0
                    #expect(auto.ttft <= best, "\(model.name) \(length) \(layout)")
                }
            }
        }
    }

    @Test("where layouts have more stages than layers, others are left, or devices stay idle")
    func layoutsThatDoNotFit() throws {
        var request = Self.request(Samples.smallModel, devices: 8)
        // Four heads: one, two or four devices a stage; four layers.
        #expect(try Planner(request).layouts.map(\.stageCount) == [4, 2])
        request.hardware.devicesPerNode = 1
        request.hardware.sharing = .threads
        #expect(try Planner(request).layouts.map(\.layerCounts) == [[1, 1, 1, 1]])
        request.stageCount = 8
        #expect(throws: PlanError.moreStagesThanLayers(stages: 8, layers: 4)) {
            try Planner(request)
        }
    }

    @Test("prompts that wait in a row are cut for all of them")
    func promptsInARow() throws {
        let planner = try Planner(Self.request())
        for layout in planner.layouts {
            for length in [1000, 8000, 60_000] {
                let automatic = planner.plan(layout, .automatic, promptLength: length)
                for size in [512, 1024, 2048, 4096, 8192] {
                    let fixed = planner.plan(layout, .fixed(tokens: size), promptLength: length)
                    #expect(
                        automatic.throughput >= fixed.throughput * 0.98,
                        "\(layout), \(length) tokens, chunks of \(size)")
                }
            }
        }
    }

    @Test("memory is told of every stage")
    func memoryOfEveryStage() throws {
        let planner = try Planner(Self.request())
        let layout = planner.layouts[0]
        let memory = planner.memory(layout, promptLength: 20_000)
        let derivation = planner.derivation.with(devices: layout.devicesPerStage)
        var first = 0
        let expected = layout.layerCounts.map { count in
            defer { first += count }
            return derivation.memory(layers: first..<first + count).bytes(positions: 20_000)
        }
        #expect(memory.bytesByStage == expected)
        #expect(memory.bytes == expected.max())
    }

    @Test("the baseline's chunks are no longer than any may be")
    func chunksOfTheBaseline() throws {
        var request = Self.request()
        request.chunkTokensMax = 64
        let baseline = try Planner(request).baseline(promptLength: 5000)
        #expect(baseline.chunkSize == 64)
        request.chunkTokensMax = 16384
        #expect(try Planner(request).baseline(promptLength: 5000).seconds < baseline.seconds)
    }

    @Test("what serve refuses today is told")
    func whatIsNotBuilt() throws {
        var request = Self.request(devices: 8)
        request.model.architecture = "deepseek_v3"
        func notBuilt(_ devices: Int) throws -> [String] {
            request.devicesPerStage = devices
            let planner = try Planner(request)
            let plan = planner.plan(planner.layouts[0], .automatic, promptLength: 1000)
            return ServeCommand(plan, of: request).notBuilt
        }
        #expect(
            try notBuilt(2)
                == ["GPUs", "deepseek_v3 models", "tensor parallelism", "several nodes"])
        request.model.architecture = "llama"
        request.hardware.sharing = .threads
        #expect(try notBuilt(2) == ["several nodes"])
        request.deviceCount = 4
        #expect(try notBuilt(2) == [])
    }

    @Test("no cuts are faster than the bound, and auto comes near it")
    func theBound() throws {
        let planner = try Planner(Self.request())
        for layout in planner.layouts {
            for positions in [0..<50, 0..<1000, 0..<40_000, 6400..<40_000] {
                let cutter = planner.cutter(layout, positions: positions)
                let policies: [ChunkingPolicy] = [
                    .automatic, .whole, .fixed(tokens: 512), .fixed(tokens: 4096),
                    .dynamic(tokens: 2048, smoothingFactor: 0.75),
                ]
                for policy in policies {
                    #expect(cutter.lowerBound <= cutter.seconds(policy), "\(layout) \(policy)")
                }
                #expect(cutter.seconds(.automatic) < cutter.lowerBound * 1.35)
            }
        }
    }

    @Test("a policy that was asked for and is the best of its kind has one row")
    func noRowTwice() throws {
        var request = Self.request()
        let layout = try Planner(request).layouts[0]
        let best = try Planner(request).cutter(layout, promptLength: 20_000).bestFixed()
        request.policies = [best]
        let plans = try Planner(request).plans(promptLength: 20_000)
        #expect(plans.count { $0.layout == layout && $0.policy == best } == 1)
    }

    @Test("best policies are no worse than any other")
    func bestSettings() throws {
        let planner = try Planner(Self.request())
        let cutter = planner.cutter(planner.layouts[0], promptLength: 50_000)
        let fixed = cutter.seconds(cutter.bestFixed())
        let dynamic = cutter.seconds(cutter.bestDynamic())
        for size in stride(from: 64, through: 16384, by: 448) {
            #expect(fixed <= cutter.seconds(.fixed(tokens: size)) * 1.01)
            for factor in [0, 0.33, 0.66, 1] {
                let policy = ChunkingPolicy.dynamic(tokens: size, smoothingFactor: factor)
                #expect(dynamic <= cutter.seconds(policy) * 1.01, "\(policy)")
            }
        }
    }

    @Test("chunks keep the bound, but for the first one of dynamic")
    func chunksKeepTheBound() throws {
        var request = Self.request()
        request.chunkTokensMax = 1024
        let planner = try Planner(request)
        let cutter = planner.cutter(planner.layouts[1], promptLength: 9000)
        func longest(_ policy: ChunkingPolicy) -> [Int] {
            let cuts = cutter.cuts(policy)
            #expect(cuts.first == 0 && cuts.last == 9000)
            return zip(cuts, cuts.dropFirst()).map { $1 - $0 }
        }
        #expect(longest(.automatic).allSatisfy { $0 <= 1024 })
        #expect(longest(cutter.bestFixed()).allSatisfy { $0 <= 1024 })
        let dynamic = longest(.dynamic(tokens: 2048, smoothingFactor: 0.5))
        #expect(dynamic[0] == 2048)
        #expect(dynamic.dropFirst().allSatisfy { $0 <= 1024 })
    }

    @Test("what does not fit into the memory comes last")
    func whatDoesNotFitComesLast() throws {
        var request = Self.request(devices: 8)
        // Weights and cache of half the model fit, of the whole model they do not.
        let derivation = CostDerivation(
            model: request.model, group: DeviceGroup(request.hardware, count: 4))
        request.hardware.memoryBytes =
            derivation.memory(layers: 3..<6).bytes(positions: 20_000) * 1.1 / 0.9
        let plans = try Planner(request).plans(promptLength: 20_000)
        let fits = plans.map(\.memory.fits)
        #expect(fits.contains(true) && fits.contains(false))
        #expect(fits == fits.sorted { $0 && !$1 })
        for plan in plans {
            #expect(plan.memory.fits == (plan.memory.positionsMax >= 20_000))
        }
    }

    @Test("throughput, speedup and efficiency belong together")
    func throughputAndEfficiency() throws {
        let planner = try Planner(Self.request())
        let baseline = planner.baseline(promptLength: 20_000)
        #expect(baseline.devices == 1)
        for plan in planner.plans(promptLength: 20_000) {
            #expect(abs(plan.ttftSpeedup - baseline.seconds / plan.ttft) < 1e-9)
            #expect(plan.throughput * plan.ttft >= 20_000 * 0.999)
            #expect(abs(plan.efficiency - plan.throughputSpeedup / 8) < 1e-9)
            #expect(plan.efficiency < 1.05)
        }
    }

    @Test("what cannot be planned is refused")
    func refusals() {
        func refusal(_ change: (inout PlanRequest) -> Void) -> String? {
            var request = Self.request()
            change(&request)
            do throws(PlanError) {
                _ = try Planner(request)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(refusal { $0.stageCount = 4 } == nil)
        #expect(refusal { $0.stageCount = 7 } == "7 stages are more than the model's 6 layers")
        #expect(
            refusal { $0.devicesPerStage = 16 }
                == "the pipeline needs 16 devices, 8 are at hand")
        #expect(
            refusal { request in
                request.stageCount = 3
                request.devicesPerStage = 4
            } == "the pipeline needs 12 devices, 8 are at hand")
        #expect(
            refusal { $0.devicesPerStage = 3 }
                == "3 devices cannot share a stage evenly: the model has 16 attention heads")
        #expect(
            refusal { request in
                request.hardware.devicesPerNode = 6
                request.devicesPerStage = 4
            } == "a stage of 4 devices does not fill nodes of 6 evenly")
        #expect(
            refusal { request in
                request.stageCount = 2
                request.layerCounts = [3, 4]
            } == "the layer partition adds up to 7, the model has 6 layers")
        #expect(
            refusal {
                $0.calibration = Calibration(
                    model: "m", devices: 1, promptLength: 1 << 20, seconds: 1e-3)
            }?.hasPrefix("the measured 0.001 s are out of proportion") == true)
    }

    @Test("the flags to type, in both spellings")
    func flags() throws {
        var request = Self.request()
        request.policies = [.dynamic(tokens: 4096, smoothingFactor: 0.65)]
        request.stageCount = 2
        request.layerCounts = [2, 4]
        let planner = try Planner(request)
        let layout = try #require(planner.layouts.first { $0.devicesPerStage == 4 })
        let plan = planner.plan(layout, request.policies[0], promptLength: 10_000)
        let command = ServeCommand(plan, of: request)
        #expect(
            command.penstock
                == "penstock serve --model-path MODEL --pp-size 2 --tp-size 4"
                + " --pp-layer-partition 2,4 --chunked-prefill-size 4096 --enable-dynamic-chunking"
                + " --dynamic-chunking-smooth-factor 0.65 --pp-async-batch-depth 1"
                + " --max-prefill-tokens 16384 --nnodes 2 --node-rank RANK"
                + " --dist-init-addr HOST:PORT")
        #expect(
            command.sglang
                == "SGLANG_DYNAMIC_CHUNKING_SMOOTH_FACTOR=0.65 SGLANG_PP_LAYER_PARTITION=2,4"
                + " python3 -m sglang.launch_server --model-path MODEL --pp-size 2 --tp-size 4"
                + " --chunked-prefill-size 4096 --enable-dynamic-chunking --pp-async-batch-depth 1"
                + " --max-prefill-tokens 16384 --nnodes 2 --node-rank RANK"
                + " --dist-init-addr HOST:PORT")
        let automatic = planner.plan(layout, .automatic, promptLength: 10_000)
        #expect(ServeCommand(automatic, of: request).sglang == nil)
        #expect(ServeCommand(automatic, of: request).penstock.contains("size auto"))
    }
}
