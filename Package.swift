// swift-tools-version: 6.2
import PackageDescription

// Imports run downwards only: each target names exactly what stands under it, so a wrong
// import does not compile.
//
//   wingcache → { Coach, Caching, HTTPServer, ReadThrough } → RESPServer → { RESP, CacheCore }
//     → Bytes → Platform → CPlatform

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "wingcache",
  products: [
    .executable(name: "wingcache", targets: ["wingcache"]),
    .library(name: "CacheCore", targets: ["CacheCore"]),
  ],
  dependencies: [
    // For the tools alone: the server has nothing of it.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    .target(name: "CPlatform"),
    // Lua and the libraries that scripts know, behind calls that always return. Debian's
    // liblua5.1-0-dev has the static library, so a server needs no other package to run.
    .target(
      name: "CLua",
      linkerSettings: [.linkedLibrary(":liblua5.1.a"), .linkedLibrary("m")]),
    .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: swiftSettings),
    .target(name: "Bytes", dependencies: ["Platform"], swiftSettings: swiftSettings),
    .target(
      name: "CacheCore", dependencies: ["Bytes", "Platform"], swiftSettings: swiftSettings),
    .target(name: "RESP", dependencies: ["Bytes", "Platform"], swiftSettings: swiftSettings),
    .target(
      name: "RESPServer",
      dependencies: ["RESP", "CacheCore", "Bytes", "Platform", "CLua", log],
      swiftSettings: swiftSettings),
    // The coaching module. Its algorithms use Bytes and Platform alone; its commands see the server
    // through the public module API, and what is at keys as CacheCore has it.
    .target(name: "CCoach", exclude: ["weights.bin", "names.bin"]),
    // HTTPS over libcurl, which is loaded when a client is made.
    .target(name: "CCurl"),
    .target(
      name: "Coach",
      dependencies: [
        "CCoach", "CCurl", "RESPServer", "RESP", "CacheCore", "Bytes", "Platform", log,
      ],
      swiftSettings: swiftSettings),
    // HTTP on a port of its own: static content, health, metrics.
    .target(
      name: "HTTPServer",
      dependencies: [
        "RESPServer", "CacheCore", "Bytes", "Platform", log,
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swiftSettings),
    // PostgreSQL over libpq, which is loaded when a database is configured.
    .target(name: "CPostgres"),
    // Keys that are loaded from a database when they are read.
    .target(
      name: "ReadThrough",
      dependencies: ["CPostgres", "RESPServer", "RESP", "CacheCore", "Bytes", "Platform", log],
      swiftSettings: swiftSettings),
    // Caching for any application: leases, tags, rules for prefixes. Public module API alone.
    .target(
      name: "Caching", dependencies: ["RESPServer", "RESP", "CacheCore", "Bytes", "Platform"],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "wingcache",
      dependencies: [
        "Coach", "Caching", "HTTPServer", "ReadThrough", "RESPServer", "Bytes", "Platform", log,
      ],
      swiftSettings: swiftSettings,
      linkerSettings: [.linkedLibrary("jemalloc", .when(configuration: .release))]),

    // What the tools share: options, errors, a clock, readers of the public sets.
    .target(
      name: "ToolSupport", dependencies: [arguments], path: "tools/toolsupport",
      swiftSettings: swiftSettings),

    .executableTarget(
      name: "coachsummary", dependencies: ["Coach", "Bytes", "ToolSupport", arguments],
      path: "tools/coachsummary",
      exclude: ["dialogues", "judging"],
      swiftSettings: swiftSettings),

    .executableTarget(
      name: "coachsimulate", dependencies: ["Coach", "SeededRandom", "ToolSupport", arguments],
      path: "tools/coachsimulate",
      swiftSettings: swiftSettings),

    // Random numbers that can be had again, for tests and for tools whose results are committed.
    .target(
      name: "SeededRandom", path: "Tests/Support/SeededRandom", swiftSettings: swiftSettings),

    // Plays the API of the coach's model, for tests and for trying things out.
    .target(
      name: "ClaudeStandIn", path: "Tests/Support/ClaudeStandIn", swiftSettings: swiftSettings),
    .executableTarget(
      name: "claudestandin", dependencies: ["ClaudeStandIn", arguments],
      path: "tools/claudestandin",
      swiftSettings: swiftSettings),

    .executableTarget(
      name: "hitratio", dependencies: ["CacheCore", "ToolSupport", arguments],
      path: "loadtest/hitratio",
      swiftSettings: swiftSettings),

    .executableTarget(
      name: "corebench", dependencies: ["CacheCore", "Bytes", "ToolSupport", arguments],
      path: "loadtest/corebench",
      swiftSettings: swiftSettings,
      linkerSettings: [.linkedLibrary("jemalloc", .when(configuration: .release))]),

    // Trains the classifier's weights and says what they are worth: docs/coach-classifier.md.
    .executableTarget(
      name: "coachtrain",
      dependencies: ["Coach", "Bytes", "SeededRandom", "ToolSupport", arguments],
      path: "tools/coachtrain",
      exclude: ["messages"], swiftSettings: swiftSettings),

    // Trains the redactor's tagger of names and says what it is worth: docs/coach-redaction.md.
    .executableTarget(
      name: "coachtag",
      dependencies: ["Coach", "Bytes", "SeededRandom", "ToolSupport", arguments],
      path: "tools/coachtag",
      exclude: ["lists"], swiftSettings: swiftSettings),

    // Measures the coach's token counts and safety rules; fits the token estimate.
    .executableTarget(
      name: "coacheval",
      dependencies: ["Coach", "Bytes", "SeededRandom", "ToolSupport", arguments],
      path: "tools/coacheval",
      exclude: ["messages"],
      swiftSettings: swiftSettings),

    .testTarget(name: "PlatformTests", dependencies: ["Platform"], swiftSettings: swiftSettings),
    .testTarget(
      name: "BytesTests", dependencies: ["Bytes", "SeededRandom"], swiftSettings: swiftSettings),
    .testTarget(
      name: "CacheCoreTests", dependencies: ["CacheCore", "Bytes", "Platform", "SeededRandom"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "RESPTests", dependencies: ["RESP", "Bytes", "Platform"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "RESPServerTests",
      dependencies: [
        "Coach", "Caching", "HTTPServer", "ReadThrough", "RESPServer", "RESP", "CacheCore",
        "Bytes", "SeededRandom",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "CachingTests", dependencies: ["Caching", "Bytes", "SeededRandom"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "CoachTests",
      dependencies: ["Coach", "ClaudeStandIn", "RESPServer", "Bytes", "Platform", "SeededRandom"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ReadThroughTests", dependencies: ["ReadThrough", "Bytes"],
      swiftSettings: swiftSettings),
    // Starts the real executable and talks to it over sockets.
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "wingcache", "Coach", "Caching", "ReadThrough", "ClaudeStandIn", "RESPServer", "RESP",
        "CacheCore", "Bytes", "SeededRandom", log,
      ],
      swiftSettings: swiftSettings),
  ]
)

// Fuzz targets need libFuzzer and AddressSanitizer in everything they link, so they are no part of
// an ordinary build: `make fuzz` sets WINGCACHE_FUZZ and builds them by themselves.
if Context.environment["WINGCACHE_FUZZ"] != nil {
  // libFuzzer brings its own `main`.
  let fuzzSettings = swiftSettings + [.unsafeFlags(["-parse-as-library"])]
  package.targets += [
    .target(
      name: "FuzzSupport", dependencies: ["Bytes"], path: "Fuzz/FuzzSupport",
      swiftSettings: swiftSettings),
    .target(
      name: "FuzzServer", dependencies: ["RESPServer", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzServer", swiftSettings: swiftSettings),
    .executableTarget(
      name: "FuzzParser", dependencies: ["RESP", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzParser", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzTexts", dependencies: ["RESPServer", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzTexts", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzDump", dependencies: ["CacheCore", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzDump", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzLZF", dependencies: ["CacheCore", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzLZF", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzClaude", dependencies: ["Coach", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzClaude", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzCoach", dependencies: ["Coach", "CCoach", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzCoach", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzReadThrough", dependencies: ["ReadThrough", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzReadThrough", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzCaching", dependencies: ["Caching", "Bytes", "FuzzSupport"],
      path: "Fuzz/FuzzCaching", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzHTTP",
      dependencies: [
        "HTTPServer", "RESPServer", "Bytes", "FuzzSupport",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Fuzz/FuzzHTTP", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzStream", dependencies: ["RESPServer", "Bytes", "FuzzServer", "FuzzSupport"],
      path: "Fuzz/FuzzStream", swiftSettings: fuzzSettings),
    .executableTarget(
      name: "FuzzLua", dependencies: ["RESPServer", "Bytes", "FuzzServer", "FuzzSupport"],
      path: "Fuzz/FuzzLua", swiftSettings: fuzzSettings),
  ]
}
