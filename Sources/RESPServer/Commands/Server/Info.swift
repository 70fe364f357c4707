internal import Bytes
internal import CacheCore
internal import RESP

/// INFO: facts and figures about the server, by section.
enum InfoCommand: Command {
  static let spec = CommandSpec(
    "INFO", since: "1.0.0", group: .server, arity: -1,
    flags: [.loading, .stale],
    categories: [.dangerous],
    access: .exclusive,
    summary: "Tells about the server: versions, clients, memory, statistics and more, by section.",
    complexity: "O(commands + clients)",
    arguments: [
      ArgumentSpec("section", .string, optional: true, multiple: true)
    ],
    tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    history: [("7.0.0", "Several sections may be named at once.")])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var request = InfoRequest()
    for index in 1..<max(1, context.count) { request.add(context[index].string) }
    if context.count == 1 { request.add("default") }
    let report = InfoReport(server: context.server, now: context.now)
    context.reply.verbatim(report.text(request))
  }
}

/// Which sections INFO was asked for.
struct InfoRequest {
  private var names: Set<String> = []
  private var wantsAll = false
  private var wantsEverything = false

  /// Takes one argument of INFO.
  mutating func add(_ argument: String) {
    switch argument.lowercased() {
    case "default":
      for section in InfoReport.sections where section.isDefault { names.insert(section.name) }
    case "all": wantsAll = true
    case "everything":
      wantsAll = true
      wantsEverything = true
    case let name: names.insert(name)
    }
  }

  /// Whether a section of the server's own is wanted.
  func wants(_ name: String) -> Bool { wantsAll || names.contains(name) }

  /// Whether a module's section is wanted.
  func wants(section: String, ofModule module: String) -> Bool {
    wantsEverything || names.contains("modules") || names.contains(module.lowercased())
      || names.contains(section.lowercased())
  }
}
