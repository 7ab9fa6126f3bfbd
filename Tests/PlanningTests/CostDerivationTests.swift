import ChunkSizing
import Planning
import Testing

@Suite("costs from FLOP and bytes")
struct CostDerivationTests {
    private static func derivation(
        _ model: ModelShape, _ hardware: HardwareProfile, devices: Int = 1
    ) -> CostDerivation {
        CostDerivation(model: model, group: DeviceGroup(hardware, count: devices))
    }

    private static func relative(_ left: Double, _ right: Double) -> Double {
        abs(left / right - 1)
    }

    @Test("a prompt costs two operations per weight and token, and all its pairs of positions")
    func operationsOfAPrompt() {
        let model = Samples.smallModel
        let cost = Self.derivation(model, Samples.plainHardware).cost(layers: 0..<4)
        let length = 1000
        let linear = 2 * (model.parameterCount - model.embeddingParameters) * Double(length)
        // A query sees all positions up to its own; half of the diagonal is counted.
        let pairs = (0..<length).reduce(0) { $0 + $1 + 1 }
        let perPair: Double = 4 * 4 * 4 * 2
        let attention = perPair * (Double(pairs) - Double(length) / 2)
        #expect(
            Self.relative(cost.seconds(tokens: length, after: 0), linear + attention) < 1e-9)
    }

    @Test("operations do not depend on how a prompt is cut, but for the expansion of prefixes")
    func operationsOfChunks() {
        for (model, expands) in [(Samples.smallModel, false), (Samples.latentModel, true)] {
            let cost = Self.derivation(model, Samples.plainHardware)
                .cost(layers: 0..<model.layerCount)
            let whole = cost.seconds(tokens: 900, after: 0)
            let cut = [0..<128, 128..<640, 640..<900].reduce(0) {
                $0 + cost.seconds(tokens: $1.count, after: $1.lowerBound)
            }
            let expansions =
                model.attention.flopsPerPrefixPosition * Double(128 + 640)
                * Double(model.layerCount)
            #expect(Self.relative(cut, whole + expansions) < 1e-9)
            #expect((expansions > 0) == expands)
        }
    }

    @Test("stages add up to the model, whatever the partition")
    func stagesAddUp() {
        let model = Samples.latentModel
        let derivation = Self.derivation(model, Samples.hardware, devices: 4)
        let whole = derivation.cost(layers: 0..<6)
        let stages = derivation.costs(layerCounts: [1, 2, 3])
        let sum = stages.reduce(PrefillCost.zero, +)
        #expect(Self.relative(sum.linear, whole.linear) < 1e-9)
        #expect(Self.relative(sum.attention, whole.attention) < 1e-9)
        #expect(Self.relative(stages.reduce(0) { $0 + $1.prefix }, whole.prefix) < 1e-9)
        // Each stage has the microbatch's cost of its own.
        #expect(Self.relative(sum.fixed, whole.fixed + 2 * 0.002) < 1e-9)
        let memory = derivation.memory(layers: 0..<6)
        let parts = [0..<1, 1..<3, 3..<6].map(derivation.memory)
        #expect(Self.relative(parts.reduce(0) { $0 + $1.weights }, memory.weights) < 1e-9)
    }

    @Test("devices share heads and experts, but neither latents nor links")
    func devicesShare() {
        let model = Samples.latentModel
        let one = Self.derivation(model, Samples.plainHardware).cost(layers: 0..<6)
        let four = Self.derivation(model, Samples.plainHardware, devices: 4).cost(layers: 0..<6)
        #expect(Self.relative(four.attention, one.attention / 4) < 1e-9)
        #expect(Self.relative(four.prefix, one.prefix / 4) < 1e-9)
        // Down-projections 512·(128 + 80) and, in five layers, routers 512·16 are on every device.
        let replicated: Double = 2 * (6 * 512 * 208 + 5 * 512 * 16)
        let shared = (one.linear - replicated) / 4
        #expect(Self.relative(four.linear, shared + replicated) < 1e-6)
        let memory = Self.derivation(model, Samples.plainHardware, devices: 4).memory(layers: 0..<6)
        #expect(memory.cachePerPosition == 6 * 80 * 2)
    }

    @Test("all-reduces cost what a ring of the devices' links takes")
    func allReduces() {
        var hardware = Samples.plainHardware
        hardware.linkWithinNode = Link(latency: 1, bandwidth: 100)
        hardware.linkBetweenNodes = Link(latency: 10, bandwidth: 5)
        let model = Samples.smallModel
        func added(devices: Int) -> (fixed: Double, linear: Double) {
            let plain = Self.derivation(model, Samples.plainHardware, devices: devices)
                .cost(layers: 0..<4)
            let linked = Self.derivation(model, hardware, devices: devices).cost(layers: 0..<4)
            return (
                linked.fixed - plain.fixed, linked.linear - plain.linear
            )
        }
        #expect(added(devices: 1).fixed == 0)
        // 8 sums of 16 bytes, 3/4 of which pass each link twice; 6 hops each.
        #expect(Self.relative(added(devices: 4).linear, 8 * 16 * 1.5 / 100) < 1e-6)
        #expect(Self.relative(added(devices: 4).fixed, 8 * 6) < 1e-6)
        // The 8 links between two nodes have 40 together; 13 hops within and 2 between.
        #expect(Self.relative(added(devices: 16).linear, 8 * 16 * 1.875 / 40) < 1e-6)
        #expect(Self.relative(added(devices: 16).fixed, 8 * 2 * (13 + 20)) < 1e-6)
    }

    @Test("threads share everything, and have nothing to exchange")
    func threadsShareEverything() {
        var hardware = Samples.hardware
        hardware.sharing = .threads
        let one = Self.derivation(Samples.latentModel, hardware).cost(layers: 0..<6)
        let three = Self.derivation(Samples.latentModel, hardware, devices: 3).cost(layers: 0..<6)
        #expect(Self.relative(three.linear, one.linear / 3) < 1e-9)
        #expect(Self.relative(three.attention, one.attention / 3) < 1e-9)
        #expect(three.fixed < one.fixed)
    }

    @Test("a calibration is reproduced, and refused where it is out of all proportion")
    func calibrations() throws {
        let model = Samples.latentModel
        let plain = Self.derivation(model, Samples.hardware, devices: 2).cost(layers: 0..<6)
        func seconds(_ cost: PrefillCost) -> Double {
            stride(from: 0, to: 50_000, by: 4096).reduce(0) {
                $0 + cost.seconds(tokens: min(4096, 50_000 - $1), after: $1)
            }
        }
        for factor in [0.6, 1, 3] {
            let calibration = Calibration(
                model: "m", devices: 2, promptLength: 50_000, seconds: seconds(plain) * factor,
                chunkSize: 4096)
            let derivation = try CostDerivation(
                model: model, hardware: Samples.hardware, calibration: calibration)
            #expect(
                Self.relative(seconds(derivation.cost(layers: 0..<6)), calibration.seconds) < 1e-9)
            #expect((derivation.scale > 1) == (factor > 1))
        }
        for factor in [1e-6, 1e3] {
            let calibration = Calibration(
                model: "m", devices: 2, promptLength: 50_000, seconds: seconds(plain) * factor)
            #expect(throws: CalibrationError.self) {
                try CostDerivation(
                    model: model, hardware: Samples.hardware, calibration: calibration)
            }
        }
    }

    @Test("activations cross nodes only where the next stage is on another one")
    func linksBetweenStages() {
        let derivation = Self.derivation(Samples.latentModel, Samples.hardware, devices: 2)
        let links = derivation.links(stageCount: 4)
        // 2048 bytes a token: each device sends half, then the two exchange their halves.
        let within: Double = 1024 / 16e9 + 1024 / 16e9
        let between: Double = 1024 / 4e9 + 1024 / 16e9
        #expect(Self.relative(links[0].secondsPerToken, within) < 1e-9)
        #expect(Self.relative(links[1].secondsPerToken, between) < 1e-9)
        #expect(Self.relative(links[2].secondsPerToken, within) < 1e-9)
        #expect(Self.relative(links[1].latency, 4e-5) < 1e-9)
    }
}
