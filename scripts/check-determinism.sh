#!/usr/bin/env bash
# Simulates the scenarios of the trace fixture in debug and in release builds, and in processes
# whose hash seeds differ; every one of them must give the traces of the fixture. Takes two minutes
# and a built package, whose copy of swift-collections it uses.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The pure targets alone: nothing of what takes minutes to build.
ln -s "$root/Sources" "$root/Tests" "$folder"
cat > "$folder/Package.swift" <<END
// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
let collections: [Target.Dependency] = ["DequeModule", "HeapModule"].map {
    .product(name: \$0, package: "swift-collections")
}
func target(_ name: String, _ uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses + collections, swiftSettings: settings)
}
let package = Package(
    name: "determinism",
    dependencies: [.package(path: "$root/.build/checkouts/swift-collections")],
    targets: [
        target("PipelineTypes"), target("JSON"), target("ChunkSizing", ["PipelineTypes"]),
        target("KVPaging", ["PipelineTypes"]), target("Timelines", ["PipelineTypes", "JSON"]),
        target("Scheduling", ["PipelineTypes", "KVPaging", "ChunkSizing"]),
        target("Simulation", ["PipelineTypes", "ChunkSizing", "Scheduling", "Timelines"]),
        .target(
            name: "SeededRandom", path: "Tests/Support/SeededRandom", swiftSettings: settings),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "PipelineTypes", "ChunkSizing", "KVPaging", "Scheduling", "Timelines",
                "Simulation", "SeededRandom",
            ], exclude: ["Fixtures"], swiftSettings: settings),
    ])
END

for configuration in debug release; do
    echo "$configuration"
    swift build --package-path "$folder" --configuration "$configuration" \
        -Xswiftc -enable-testing --build-tests --quiet
    tests="$folder/.build/$configuration/determinismPackageTests.xctest"
    for hashing in 0 0 0 1; do
        SWIFT_DETERMINISTIC_HASHING=$hashing \
            "$tests" --testing-library swift-testing --filter TraceTests 2>&1 | tail -n 1
    done
done
