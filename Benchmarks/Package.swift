// swift-tools-version: 6.2
import PackageDescription

// Benchmarks of Penstock's parts. A package of their own, so that nobody who builds Penstock builds
// the library that measures; and of its parts only what PenstockParts names is built here.
let package = Package(
    name: "benchmarks",
    dependencies: [
        // By its name, because a path alone goes by the name of the folder.
        .package(name: "penstock", path: ".."),
        // Without its counters of allocations, which are packages of their own.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        // `swift package benchmark` looks for targets in folders of a folder Benchmarks.
        .executableTarget(
            name: "Parts",
            dependencies: [
                .product(name: "PenstockParts", package: "penstock"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Parts",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .treatAllWarnings(as: .error),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ])
    ]
)
