internal import Bytes
internal import CacheCore
internal import RESP

/// SCRIPT: the container of the commands about scripts.
enum ScriptCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT", since: "2.6.0", group: .scripting, arity: -2,
    summary: "A container for commands about scripts.", complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) { throw .syntax }
}

/// SCRIPT LOAD: keeps a script for EVALSHA.
enum ScriptLoadCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT|LOAD", since: "2.6.0", group: .scripting, arity: 3, flags: [.noScript, .stale],
    categories: [.scripting],
    summary: "Keeps a script for EVALSHA, until SCRIPT FLUSH.",
    complexity: "O(N) with N the length of the script",
    arguments: [ArgumentSpec("script", .string)],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    example: """
      > SCRIPT LOAD "return 1"
      "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let engine = try context.loop.scriptEngine()
    let script = try engine.load(context[2])
    context.loop.accountMemory(of: engine)
    context.reply.bulk(script.name)
  }
}

/// SCRIPT EXISTS: tells which scripts are known.
enum ScriptExistsCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT|EXISTS", since: "2.6.0", group: .scripting, arity: -3, flags: [.noScript],
    categories: [.scripting],
    summary: "Tells for each digest whether its script is known.",
    complexity: "O(N) with N the number of digests",
    arguments: [ArgumentSpec("sha1", .string, multiple: true)],
    tips: ["request_policy:all_shards", "response_policy:agg_logical_and"],
    example: """
      > SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8dc
      1) (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.array(context.count - 2)
    for index in 2..<context.count {
      let digest = ScriptDigest(context[index])
      let isKnown = digest.map { context.server.state.pointee.scripts.find($0) != nil } ?? false
      context.reply.integer(isKnown ? 1 : 0)
    }
  }
}

/// SCRIPT FLUSH: forgets all scripts.
enum ScriptFlushCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT|FLUSH", since: "2.6.0", group: .scripting, arity: -2, flags: [.noScript],
    categories: [.scripting], access: .exclusive,
    summary: "Forgets all scripts, and what their interpreters hold.",
    complexity: "O(N) with N the number of scripts",
    arguments: [
      ArgumentSpec(
        "flush-type", .oneOf, since: "6.2.0", optional: true,
        parts: [
          ArgumentSpec("async", .pureToken, token: "ASYNC"),
          ArgumentSpec("sync", .pureToken, token: "SYNC"),
        ])
    ],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    history: [("6.2.0", "Takes ASYNC and SYNC.")],
    example: """
      > SCRIPT FLUSH
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let isKnown =
      context.count == 2
      || context.count == 3
        && (context.argument(at: 2, is: "ASYNC") || context.argument(at: 2, is: "SYNC"))
    guard isKnown else { throw .fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option") }
    context.server.state.pointee.scripts.removeAll()
    context.server.forEachLoop { $0.dropScriptEngine() }
    context.reply.ok()
  }
}

/// SCRIPT KILL: ends a script that takes too long.
enum ScriptKillCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT|KILL", since: "2.6.0", group: .scripting, arity: 2, flags: [.noScript, .allowBusy],
    categories: [.scripting],
    summary: "Ends a script that takes too long and has changed nothing.", complexity: "O(1)",
    tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
    example: """
      > SCRIPT KILL
      (error) NOTBUSY No scripts in execution right now.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.server.state.pointee.runningScript.kill(.script)
    context.reply.ok()
  }
}

/// SCRIPT DEBUG: there is no debugger.
enum ScriptDebugCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT|DEBUG", since: "3.2.0", group: .scripting, arity: 3, flags: [.noScript],
    categories: [.scripting],
    summary: "Would turn a debugger on, which this server has not got.", complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "mode", .oneOf,
        parts: [
          ArgumentSpec("yes", .pureToken, token: "YES"),
          ArgumentSpec("sync", .pureToken, token: "SYNC"),
          ArgumentSpec("no", .pureToken, token: "NO"),
        ])
    ],
    example: """
      > SCRIPT DEBUG NO
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.argument(at: 2, is: "NO") { return context.reply.ok() }
    guard context.argument(at: 2, is: "YES") || context.argument(at: 2, is: "SYNC") else {
      throw .fixed("ERR Use SCRIPT DEBUG YES/SYNC/NO")
    }
    throw .fixed("ERR This server has no script debugger")
  }
}

/// SCRIPT SHOW: the text of a script, as Valkey 8 has it.
enum ScriptShowCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT|SHOW", since: "8.0.0", group: .scripting, arity: 3, flags: [.noScript],
    categories: [.scripting],
    summary: "Shows the text of a script that is known.", complexity: "O(N) for N bytes",
    arguments: [ArgumentSpec("sha1", .string)],
    example: """
      > SCRIPT LOAD "return 1"
      "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"
      > SCRIPT SHOW e0e1f9fabfc9d4800c877a703b823ac0578ff8db
      "return 1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let digest = ScriptDigest(context[2]),
      let script = context.server.state.pointee.scripts.find(digest)
    else { throw .fixed("NOSCRIPT No matching script.") }
    script.body.withByteView { context.reply.bulk($0) }
  }
}

/// SCRIPT HELP: lists the subcommands.
enum ScriptHelpCommand: Command {
  static let spec = CommandSpec(
    "SCRIPT|HELP", since: "5.0.0", group: .scripting, arity: 2, flags: [.loading, .stale],
    categories: [.scripting], summary: "Lists the subcommands of SCRIPT.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "DEBUG (YES|SYNC|NO)",
      "    There is no debugger: only NO is taken.",
      "EXISTS <sha1> [<sha1> ...]",
      "    Tells which of these scripts are known.",
      "FLUSH [ASYNC|SYNC]",
      "    Forgets all scripts.",
      "KILL",
      "    Ends the script that runs, if it has changed nothing.",
      "LOAD <script>",
      "    Keeps a script without running it.",
      "SHOW <sha1>",
      "    Shows the text of a script.",
    ])
  }
}
