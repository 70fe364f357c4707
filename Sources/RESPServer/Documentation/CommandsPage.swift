/// The documentation page of all commands, made from their specs: docs/commands.md.
///
///     wingcache --print-page commands > docs/commands.md
public enum CommandsPage {
  /// The page in Markdown.
  ///
  /// - Parameter modules: native modules whose commands are described too.
  public static func markdown(modules: [any ServerModule] = []) -> String {
    var specs: [CommandSpec] = []
    for command in CommandCatalog.commands { specs.append(command.spec) }
    for module in modules { specs += module.commandSpecs }
    specs.sort { $0.name < $1.name }
    var page = """
      # Commands

      Made from the commands' own descriptions by `wingcache --print-page commands`. Each example
      runs as a test, under RESP2 and RESP3, on an empty database.


      """
    let groups = CommandGroup.allCases.filter { group in specs.contains { $0.group == group } }
    for group in groups {
      page += "- [\(group.title)](#\(group.anchor)): "
      page += specs.filter { $0.group == group && !isPart($0) }
        .map { "`\($0.name)`" }.joined(separator: " ")
      page += "\n"
    }
    for group in groups {
      page += "\n## \(group.title)\n"
      for spec in specs where spec.group == group { page += section(spec) }
    }
    return page
  }

  private static func isPart(_ spec: CommandSpec) -> Bool { spec.subcommandName != nil }

  private static func section(_ spec: CommandSpec) -> String {
    var text = "\n### \(spec.spokenName)\n\n    \(spec.usage)\n\n\(spec.summary)\n\n"
    text += "Since \(spec.since). Time: \(spec.complexity)."
    let categories = spec.categoryNames
    if !categories.isEmpty {
      text += " ACL: " + categories.map { "@\($0)" }.joined(separator: " ") + "."
    }
    text += "\n"
    if let version = spec.deprecatedSince {
      let advice = spec.replacement.map { ", in favour of \($0)" } ?? ""
      text += "\nDeprecated since \(version)\(advice).\n"
    }
    if !spec.history.isEmpty {
      text += "\n"
      for (version, change) in spec.history { text += "- \(version): \(change)\n" }
    }
    if !spec.example.isEmpty {
      text += "\n```\n\(spec.example)\n```\n"
    }
    return text
  }
}

extension CommandGroup {
  /// The heading over a group's commands.
  fileprivate var title: String {
    switch self {
    case .string: "Strings"
    case .bitmap: "Bitmaps"
    case .generic: "Keys"
    case .connection: "Connection"
    case .transactions: "Transactions"
    case .pubsub: "Publish and subscribe"
    case .server: "Server"
    case .scripting: "Scripting"
    case .list: "Lists"
    case .hash: "Hashes"
    case .set: "Sets"
    case .sortedSet: "Sorted sets"
    case .stream: "Streams"
    case .geo: "Places"
    case .hyperloglog: "HyperLogLog"
    case .cluster: "Cluster"
    case .sentinel: "Sentinel"
    case .module: "Modules"
    case .coach: "Coach"
    case .cache: "Caching"
    }
  }

  /// What a link to the heading says.
  fileprivate var anchor: String {
    title.lowercased().split(separator: " ").joined(separator: "-")
  }
}

extension CommandSpec {
  /// The name as it is typed: a subcommand's behind its container's.
  public var spokenName: String { name.split(separator: "|").joined(separator: " ") }

  /// What is typed, such as `EXPIRE key seconds [NX | XX | GT | LT]`.
  public var usage: String {
    ([spokenName] + arguments.map { $0.usage }).joined(separator: " ")
  }
}

extension ArgumentSpec {
  /// The argument as a usage line shows it, such as `[EX seconds]` or `key [key ...]`.
  fileprivate var usage: String {
    var text: String
    switch kind {
    case .pureToken: text = token ?? name
    case .oneOf: text = parts.map { $0.usage }.joined(separator: " | ")
    case .block: text = parts.map { $0.usage }.joined(separator: " ")
    default: text = displayText ?? name
    }
    if kind == .oneOf, !isOptional || isMultiple || token != nil { text = "<\(text)>" }
    let prefix = kind == .pureToken ? "" : token.map { "\($0) " } ?? ""
    if isMultiple {
      text = "\(prefix)\(text) [\(isTokenRepeated ? prefix : "")\(text) ...]"
    } else {
      text = prefix + text
    }
    return isOptional ? "[\(text)]" : text
  }
}
