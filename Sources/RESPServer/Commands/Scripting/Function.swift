internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// FUNCTION: the container of the commands about functions.
enum FunctionCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION", since: "7.0.0", group: .scripting, arity: -2,
    summary: "A container for commands about functions.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) { throw .syntax }
}

/// FUNCTION LOAD: loads a library.
enum FunctionLoadCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|LOAD", since: "7.0.0", group: .scripting, arity: -3,
    flags: [.write, .denyOOM, .noScript], categories: [.scripting], access: .exclusive,
    summary: "Loads a library of functions.",
    complexity: "Depends on the library",
    arguments: [
      ArgumentSpec("replace", .pureToken, token: "REPLACE", optional: true),
      ArgumentSpec("function-code", .string),
    ],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var replaces = false
    for index in 2..<(context.count - 1) {
      guard context.argument(at: index, is: "REPLACE") else {
        throw .made("ERR Unknown option given: \(context[index].string)")
      }
      replaces = true
    }
    let store = try context.functionStore()
    let name = try store.load(context[context.count - 1], replaces: replaces, context)
    context.reply.bulk(name)
  }
}

/// FUNCTION DELETE: deletes a library.
enum FunctionDeleteCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|DELETE", since: "7.0.0", group: .scripting, arity: 3,
    flags: [.write, .noScript], categories: [.scripting], access: .exclusive,
    summary: "Deletes a library and its functions.", complexity: "O(1)",
    arguments: [ArgumentSpec("library-name", .string)],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    example: """
      > FUNCTION DELETE nothing
      (error) ERR Library not found
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.server.state.pointee.functions?.remove(context[2].string) == true else {
      throw .fixed("ERR Library not found")
    }
    context.reply.ok()
  }
}

/// FUNCTION FLUSH: deletes all libraries.
enum FunctionFlushCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|FLUSH", since: "7.0.0", group: .scripting, arity: -2,
    flags: [.write, .noScript], categories: [.scripting], access: .exclusive,
    summary: "Deletes all libraries.", complexity: "O(N) with N the number of functions",
    arguments: [
      ArgumentSpec(
        "flush-type", .oneOf, optional: true,
        parts: [
          ArgumentSpec("async", .pureToken, token: "ASYNC"),
          ArgumentSpec("sync", .pureToken, token: "SYNC"),
        ])
    ],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    example: """
      > FUNCTION FLUSH
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw context.wrongSubcommandUse() }
    if context.count == 3 {
      guard context.argument(at: 2, is: "SYNC") || context.argument(at: 2, is: "ASYNC") else {
        throw .fixed("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
      }
    }
    context.server.state.pointee.functions = nil
    context.reply.ok()
  }
}

/// FUNCTION LIST: tells of the libraries.
enum FunctionListCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|LIST", since: "7.0.0", group: .scripting, arity: -2, flags: [.noScript],
    categories: [.scripting], access: .exclusive,
    summary: "Tells of the libraries and their functions.",
    complexity: "O(N) with N the number of functions",
    arguments: [
      ArgumentSpec(
        "library-name-pattern", .string, token: "LIBRARYNAME", optional: true),
      ArgumentSpec("withcode", .pureToken, token: "WITHCODE", optional: true),
    ],
    tips: ["nondeterministic_output_order"],
    example: """
      > FUNCTION LIST
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var pattern: ByteView?
    var withCode = false
    var index = 2
    while index < context.count {
      if !withCode, context.argument(at: index, is: "WITHCODE") {
        withCode = true
      } else if pattern == nil, context.argument(at: index, is: "LIBRARYNAME") {
        index += 1
        guard index < context.count else {
          throw .fixed("ERR library name argument was not given")
        }
        pattern = context[index]
      } else {
        throw .made("ERR Unknown argument \(context[index].string)")
      }
      index += 1
    }
    var libraries = context.server.state.pointee.functions?.sorted ?? []
    if let pattern {
      libraries = libraries.filter { library in
        Array(library.name.utf8).withByteView { Glob.matches(pattern, $0, ignoringCase: true) }
      }
    }
    context.reply.array(libraries.count)
    for library in libraries { write(library, withCode: withCode, context) }
  }

  private static func write(
    _ library: FunctionLibrary, withCode: Bool, _ context: borrowing CommandContext
  ) {
    context.reply.map(withCode ? 4 : 3)
    context.reply.bulk("library_name")
    context.reply.bulk(library.name)
    context.reply.bulk("engine")
    context.reply.bulk("LUA")
    context.reply.bulk("functions")
    context.reply.array(library.functions.count)
    for function in library.functions {
      context.reply.map(3)
      context.reply.bulk("name")
      context.reply.bulk(function.name)
      context.reply.bulk("description")
      if let description = function.description {
        context.reply.bulk(description)
      } else {
        context.reply.null()
      }
      let flags = ScriptFlags.names.filter { function.flags.contains($0.0) }
      context.reply.bulk("flags")
      context.reply.set(flags.count)
      for flag in flags { context.reply.simple(flag.1) }
    }
    guard withCode else { return }
    context.reply.bulk("library_code")
    context.reply.bulk(library.code)
  }
}

/// FUNCTION STATS: tells what runs, and how much there is.
enum FunctionStatsCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|STATS", since: "7.0.0", group: .scripting, arity: 2,
    flags: [.noScript, .allowBusy], categories: [.scripting],
    summary: "Tells which function runs, and how many there are.", complexity: "O(1)",
    tips: [
      "nondeterministic_output", "request_policy:all_shards", "response_policy:special",
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let server = context.server
    let running = server.state.pointee.runningScript.current
    if let running, running.kind == .script { throw RunningScript.busyError(.script) }
    context.reply.map(2)
    context.reply.bulk("running_script")
    if let running {
      context.reply.map(3)
      context.reply.bulk("name")
      context.reply.bulk(running.name)
      context.reply.bulk("command")
      context.reply.array(running.command.count)
      for word in running.command { context.reply.bulk(word) }
      context.reply.bulk("duration_ms")
      let ticks = TickCounter.now &- running.startTicks
      context.reply.integer(Int(server.state.pointee.ticks.nanoseconds(ticks) / 1_000_000))
    } else {
      context.reply.null()
    }
    var figures = (libraries: 0, functions: 0)
    // A function that runs holds the gate, and changes no libraries.
    if running != nil {
      figures = server.functionFigures
    } else {
      guard context.loop.runExclusively({ figures = server.functionFigures }) else {
        throw server.busyError
      }
    }
    context.reply.bulk("engines")
    context.reply.map(1)
    context.reply.bulk("LUA")
    context.reply.map(2)
    context.reply.bulk("libraries_count")
    context.reply.integer(figures.libraries)
    context.reply.bulk("functions_count")
    context.reply.integer(figures.functions)
  }
}

/// FUNCTION KILL: ends a function that takes too long.
enum FunctionKillCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|KILL", since: "7.0.0", group: .scripting, arity: 2,
    flags: [.noScript, .allowBusy], categories: [.scripting],
    summary: "Ends a function that takes too long and has changed nothing.",
    complexity: "O(1)",
    tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
    example: """
      > FUNCTION KILL
      (error) NOTBUSY No scripts in execution right now.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.server.state.pointee.runningScript.kill(.function)
    context.reply.ok()
  }
}

/// FUNCTION HELP: lists the subcommands.
enum FunctionHelpCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|HELP", since: "7.0.0", group: .scripting, arity: 2, flags: [.loading, .stale],
    categories: [.scripting], summary: "Lists the subcommands of FUNCTION.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "DELETE <library-name>",
      "    Deletes a library.",
      "DUMP",
      "    Gives all libraries as a payload.",
      "FLUSH [ASYNC|SYNC]",
      "    Deletes all libraries.",
      "KILL",
      "    Ends the function that runs, if it has changed nothing.",
      "LIST [LIBRARYNAME pattern] [WITHCODE]",
      "    Tells of the libraries, their functions and code.",
      "LOAD [REPLACE] <code>",
      "    Loads a library.",
      "RESTORE <payload> [FLUSH|APPEND|REPLACE]",
      "    Loads the libraries of a payload.",
      "STATS",
      "    Tells what runs, and how much there is.",
    ])
  }
}

extension Server {
  /// Number of libraries and functions. The caller has the gate, or answers beside who has it.
  var functionFigures: (libraries: Int, functions: Int) {
    let store = state.pointee.functions
    return (store?.libraries.count ?? 0, store?.functionCount ?? 0)
  }
}

extension CommandContext {
  /// The error of a subcommand with arguments that its arity alone does not refuse.
  func wrongSubcommandUse() -> CommandError {
    .made(
      "ERR unknown subcommand or wrong number of arguments for '\(self[1].string)'. "
        + "Try \(self[0].string.uppercased()) HELP.")
  }
}
