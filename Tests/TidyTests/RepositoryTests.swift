import Foundation
import Testing

@Suite("the laws of the repository")
struct RepositoryTests {
    private static let repository = Repository.this

    @Test("the manifests follow the floor plan")
    func theManifestsFollowTheFloorPlan() throws {
        let manifest = Manifest(text: try Self.repository.text(at: "Package.swift"))
        let path = "Benchmarks/Package.swift"
        let benchmarks = Manifest(
            text: try Self.repository.text(at: path), path: path, libraries: manifest.libraries)
        #expect(!manifest.targets.isEmpty && !benchmarks.targets.isEmpty)
        let paths = try Self.repository.paths()
        let violations =
            manifest.violations(.penstock, folders: Self.folders(paths, in: ["Sources", "Tests"]))
            + benchmarks.violations(.penstock, folders: Self.folders(paths, in: ["Benchmarks"]))
        for violation in violations { Issue.record("\(violation)") }
    }

    /// The folders of targets in `roots` that have files of their own or deeper down, in order.
    private static func folders(_ paths: [String], in roots: [String]) -> [String] {
        let folders = paths.compactMap { path -> String? in
            let parts = path.split(separator: "/").map(String.init)
            guard parts.count > 2, roots.contains(parts[0]) else { return nil }
            return "\(parts[0])/\(parts[1])"
        }
        return Set(folders).sorted()
    }

    @Test("a dependency outside the floor plan, an unknown target and an empty room are told")
    func manifestViolationsAreTold() {
        let manifest = Manifest(
            text: """
                let heap = Target.Dependency.product(name: "HeapModule", package: "x")
                let logging = Target.Dependency.product(
                    name: "Logging", package: "x")
                let package = Package(targets: [
                    .target(name: "PipelineTypes", swiftSettings: strict),
                    .target(
                        name: "Scheduling",
                        dependencies: ["PipelineTypes", heap, logging, "Coordinator"]),
                    .target(name: "Attic", swiftSettings: strict),
                    .target(
                        name: "KVPaging",
                        dependencies: [.product(name: "NIOCore", package: "x"), other]),
                    .testTarget(name: "SchedulingTests", dependencies: ["Coordinator"]),
                    .target(name: "Kit", dependencies: [logging], path: "Tests/Support/Kit"),
                ])
                """)
        let folders = [
            "Sources/Attic", "Sources/ChunkSizing", "Sources/PipelineTypes", "Sources/Scheduling",
            "Tests/AtticTests", "Tests/SchedulingTests", "Tests/Support",
        ]
        #expect(
            manifest.violations(.penstock, folders: folders).map(\.description) == [
                "Package.swift:1: Sources/ChunkSizing has no target",
                "Package.swift:1: Tests/AtticTests has no target",
                "Package.swift:6: Scheduling may not depend on Logging",
                "Package.swift:6: Scheduling may not depend on Coordinator",
                "Package.swift:9: Attic is missing from the floor plan",
                "Package.swift:10: KVPaging may not depend on NIOCore",
                "Package.swift:10: KVPaging may not depend on other",
                "Package.swift:10: KVPaging is an empty room",
            ])
    }

    @Test("what a package takes from another by a library is told target by target")
    func targetsOfALibraryAreTold() {
        let house = Manifest(
            text: """
                let package = Package(
                    products: [
                        .library(
                            name: "Some", targets: ["KVPaging", "Coordinator"]),
                        .library(name: "Few", targets: ["Scheduling"]),
                    ],
                    targets: [.target(name: "KVPaging")])
                """)
        let benchmarks = Manifest(
            text: """
                let package = Package(targets: [
                    .executableTarget(
                        name: "Parts",
                        dependencies: [
                            .product(name: "Some", package: "x"),
                            .product(name: "NIO", package: "y"),
                        ], path: "Parts"),
                ])
                """, path: "Benchmarks/Package.swift", libraries: house.libraries)
        let folders = ["Benchmarks/Parts", "Benchmarks/Shed"]
        #expect(
            benchmarks.violations(.penstock, folders: folders).map(\.description) == [
                "Benchmarks/Package.swift:1: Benchmarks/Shed has no target",
                "Benchmarks/Package.swift:2: Parts may not depend on Coordinator",
                "Benchmarks/Package.swift:2: Parts may not depend on NIO",
            ])
    }

    @Test("the arrows of the floor plan point down only")
    func theArrowsOfTheFloorPlanPointDownOnly() {
        #expect(FloorPlan.penstock.upwardUses.isEmpty)
        let crooked = FloorPlan(rooms: [
            .init(target: "A", uses: ["B"]), .init(target: "B"), .init(target: "C", uses: ["B"]),
        ])
        #expect(crooked.upwardUses == ["A uses B"])
    }

    @Test("no file is larger than 2 MiB")
    func noFileIsLargerThanTwoMebibytes() throws {
        for path in try Self.repository.paths() {
            let size = Self.repository.size(of: path)
            if size > FileSize.limit {
                Issue.record("\(path):1: the file has \(size) bytes of \(FileSize.limit)")
            }
        }
    }

    @Test("every source file of this test is seen, and with its size")
    func everySourceFileOfThisTestIsSeen() throws {
        let path = "Tests/TidyTests/RepositoryTests.swift"
        #expect(try Self.repository.paths().contains(path))
        #expect(Self.repository.size(of: path) == (try Self.repository.text(at: path)).utf8.count)
    }

    @Test("relative links of documents lead to files")
    func relativeLinksLeadToFiles() throws {
        for path in try Self.repository.paths() where path.hasSuffix(".md") {
            let broken = Documents.brokenLinks(
                in: try Self.repository.text(at: path), at: path, exists: Self.repository.exists)
            for violation in broken { Issue.record("\(violation)") }
        }
    }

    @Test("a link that leads nowhere is told with its line")
    func aLinkThatLeadsNowhereIsTold() {
        let text = """
            [here](../README.md#start) and [there](missing.md)
            ```
            [code](nothing.md)
            ```
            [web](https://example.org/a) [above](#here) `[quoted](gone.md)`
            """
        let broken = Documents.brokenLinks(in: text, at: "docs/A.md") { $0 == "README.md" }
        #expect(
            broken.map(\.description) == ["docs/A.md:1: the link to missing.md leads nowhere"])
    }

    @Test("files that git ignores are no part of the repository")
    func ignoredFilesAreNoPart() {
        let rules = IgnoreRules(text: ".build/\n.build-*/\n# models are fetched\nmodels/\n*.log\n")
        #expect(rules.ignore(".build", isFolder: true))
        #expect(rules.ignore(".build-tsan", isFolder: true))
        #expect(rules.ignore("a.log", isFolder: false))
        #expect(!rules.ignore("models", isFolder: false))
        #expect(!rules.ignore("log", isFolder: false))
        #expect(!rules.ignore("Sources", isFolder: true))
    }
}
