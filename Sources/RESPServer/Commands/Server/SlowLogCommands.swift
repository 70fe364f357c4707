internal import Bytes
internal import CacheCore
internal import RESP

/// SLOWLOG: the container of the commands below.
enum SlowLogCommand: Command {
  static let spec = CommandSpec(
    "SLOWLOG", since: "2.2.12", group: .server, arity: -2,
    summary: "Tells of commands that took long.", complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("slowlog")
  }
}

/// SLOWLOG GET: the most recent slow commands.
enum SlowLogGetCommand: Command {
  static let spec = CommandSpec(
    "SLOWLOG|GET", since: "2.2.12", group: .server, arity: -2,
    flags: [.admin, .loading, .stale],
    summary: "Shows the most recent entries of the slow log, the newest first.",
    complexity: "O(entries shown)",
    arguments: [
      ArgumentSpec("count", .integer, optional: true)
    ],
    tips: ["request_policy:all_nodes", "nondeterministic_output"],
    history: [("4.0.0", "Entries have the client's address and name.")])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw context.unknownSubcommand() }
    var limit = 10
    if context.count == 3 {
      let count = try context.integer(
        at: 2, in: -1...Int64.max,
        orThrow: .fixed("ERR count should be greater than or equal to -1"))
      limit = count == -1 ? .max : Int(count)
    }
    let entries = context.server.state.pointee.slowLog.entries(limit: limit)
    context.reply.array(entries.count)
    for entry in entries {
      context.reply.array(6)
      context.reply.integer(entry.id)
      context.reply.integer(entry.time)
      context.reply.integer(entry.microseconds)
      context.reply.array(entry.arguments.count)
      for argument in entry.arguments { context.reply.bulk(argument) }
      context.reply.bulk(entry.peer)
      context.reply.bulk(entry.clientName)
    }
  }
}

/// SLOWLOG LEN: how many entries there are.
enum SlowLogLenCommand: Command {
  static let spec = CommandSpec(
    "SLOWLOG|LEN", since: "2.2.12", group: .server, arity: 2,
    flags: [.admin, .loading, .stale],
    summary: "Counts the entries of the slow log.", complexity: "O(1)",
    tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
    example: """
      > SLOWLOG RESET
      OK
      > SLOWLOG LEN
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(context.server.state.pointee.slowLog.count)
  }
}

/// SLOWLOG RESET: forgets all entries.
enum SlowLogResetCommand: Command {
  static let spec = CommandSpec(
    "SLOWLOG|RESET", since: "2.2.12", group: .server, arity: 2,
    flags: [.admin, .loading, .stale],
    summary: "Empties the slow log.", complexity: "O(entries)",
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.server.state.pointee.slowLog.reset()
    context.reply.ok()
  }
}

/// SLOWLOG HELP.
enum SlowLogHelpCommand: Command {
  static let spec = CommandSpec(
    "SLOWLOG|HELP", since: "6.2.0", group: .server, arity: 2,
    flags: [.loading, .stale],
    summary: "Lists the subcommands of SLOWLOG.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "GET [<count>]",
      "    Show the newest entries (10 by default, -1 for all). Each has an id, the Unix time, the",
      "    duration in microseconds, the arguments, the client's address and its name.",
      "LEN",
      "    Count the entries.",
      "RESET",
      "    Empty the slow log.",
    ])
  }
}
