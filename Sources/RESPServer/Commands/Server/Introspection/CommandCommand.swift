internal import Bytes
internal import CacheCore
internal import RESP

/// COMMAND: what commands there are.
enum CommandCommand: Command {
  static let spec = CommandSpec(
    "COMMAND", since: "2.8.13", group: .server, arity: -1,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Describes every command of the server.",
    complexity: "O(commands)",
    tips: ["nondeterministic_output_order"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let catalog = CommandDescriptions(server: context.server)
    let indexes = catalog.topLevel
    context.reply.array(indexes.count)
    for index in indexes { catalog.writeInfo(of: index, to: &context.reply) }
  }
}

/// COMMAND COUNT: how many commands there are, subcommands not counted.
enum CommandCountCommand: Command {
  static let spec = CommandSpec(
    "COMMAND|COUNT", since: "2.8.13", group: .server, arity: 2,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Counts the commands of the server, subcommands not included.",
    complexity: "O(commands)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(CommandDescriptions(server: context.server).topLevel.count)
  }
}

/// COMMAND INFO: arity, flags, key positions and categories of commands.
enum CommandInfoCommand: Command {
  static let spec = CommandSpec(
    "COMMAND|INFO", since: "2.8.13", group: .server, arity: -2,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Describes commands as COMMAND does: those named, or all.",
    complexity: "O(commands named)",
    arguments: [
      ArgumentSpec("command-name", .string, optional: true, multiple: true)
    ],
    tips: ["nondeterministic_output_order"],
    history: [("7.0.0", "Without names it describes all commands; takes subcommands.")])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count > 2 else { return try CommandCommand.run(&context) }
    let catalog = CommandDescriptions(server: context.server)
    context.reply.array(context.count - 2)
    for position in 2..<context.count {
      if let index = catalog.find(context[position]) {
        catalog.writeInfo(of: index, to: &context.reply)
      } else {
        context.reply.null()
      }
    }
  }
}

/// COMMAND DOCS: what commands do and take, in words.
enum CommandDocsCommand: Command {
  static let spec = CommandSpec(
    "COMMAND|DOCS", since: "7.0.0", group: .server, arity: -2,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Documents commands with their arguments: those named, or all.",
    complexity: "O(commands named)",
    arguments: [
      ArgumentSpec("command-name", .string, optional: true, multiple: true)
    ],
    tips: ["nondeterministic_output_order"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let catalog = CommandDescriptions(server: context.server)
    var indexes = context.count > 2 ? [] : catalog.topLevel
    for position in 2..<max(2, context.count) {
      if let index = catalog.find(context[position]) { indexes.append(index) }
    }
    context.reply.map(indexes.count)
    for index in indexes { catalog.writeDocumentation(of: index, to: &context.reply) }
  }
}

/// COMMAND LIST: names of commands, perhaps only some.
enum CommandListCommand: Command {
  static let spec = CommandSpec(
    "COMMAND|LIST", since: "7.0.0", group: .server, arity: -2,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Lists the names of commands and subcommands, those of a filter if one is given.",
    complexity: "O(commands)",
    arguments: [
      ArgumentSpec(
        "filterby", .oneOf, token: "FILTERBY", optional: true,
        parts: [
          ArgumentSpec("module-name", .string, token: "MODULE"),
          ArgumentSpec("category", .string, token: "ACLCAT"),
          ArgumentSpec("pattern", .pattern, token: "PATTERN"),
        ])
    ],
    tips: ["nondeterministic_output_order"])

  private enum Filter {
    case none
    case module(String)
    case category(String)
    case pattern(ByteView)
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let filter = try parse(context)
    let specs = context.server.state.pointee.commands.specs
    let start = context.reply.beginArray()
    var count = 0
    for (index, spec) in specs.enumerated() {
      let name = context.server.state.pointee.commands.name(of: index)
      switch filter {
      case .none: break
      case .module(let module):
        guard context.server.module(ofCommand: index)?.name == module else { continue }
      case .category(let category):
        guard spec.categoryNames.contains(category) else { continue }
      case .pattern(let pattern):
        guard Glob.matches(pattern, name, ignoringCase: true) else { continue }
      }
      context.reply.bulk(name)
      count += 1
    }
    context.reply.endArray(start, count: count)
  }

  private static func parse(_ context: borrowing CommandContext) throws(CommandError) -> Filter {
    if context.count == 2 { return .none }
    guard context.count == 5, context.argument(at: 2, is: "FILTERBY") else { throw .syntax }
    if context.argument(at: 3, is: "MODULE") { return .module(context[4].string) }
    if context.argument(at: 3, is: "ACLCAT") {
      return .category(context[4].string.lowercased())
    }
    if context.argument(at: 3, is: "PATTERN") { return .pattern(context[4]) }
    throw .syntax
  }
}

/// COMMAND HELP.
enum CommandHelpCommand: Command {
  static let spec = CommandSpec(
    "COMMAND|HELP", since: "5.0.0", group: .server, arity: 2,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Lists the subcommands of COMMAND.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "(no subcommand)",
      "    Describe all commands.",
      "COUNT",
      "    Count the commands.",
      "LIST [FILTERBY MODULE <name>|ACLCAT <category>|PATTERN <pattern>]",
      "    List the names of commands.",
      "INFO [<command> ...]",
      "    Describe commands: arity, flags, key positions, categories; all without names.",
      "DOCS [<command> ...]",
      "    Document commands and their arguments; all without names.",
      "GETKEYS <command> [<arg> ...]",
      "    Extract the keys from a whole command.",
      "GETKEYSANDFLAGS <command> [<arg> ...]",
      "    Extract the keys from a whole command, with what happens to them.",
    ])
  }
}
