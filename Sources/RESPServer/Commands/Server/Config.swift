internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP

/// CONFIG: the container of the commands below.
enum ConfigCommand: Command {
  static let spec = CommandSpec(
    "CONFIG", since: "2.0.0", group: .server, arity: -2,
    summary: "Reads and changes the configuration of the running server.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("config")
  }
}

/// CONFIG GET: parameters and their values, by name or pattern.
enum ConfigGetCommand: Command {
  static let spec = CommandSpec(
    "CONFIG|GET", since: "2.0.0", group: .server, arity: -3,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Shows the parameters whose names match, with their values.",
    complexity: "O(patterns * parameters)",
    arguments: [
      ArgumentSpec("parameter", .string, multiple: true)
    ],
    history: [("7.0.0", "Takes several names or patterns.")])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var patterns: [String] = []
    for index in 2..<context.count { patterns.append(context[index].string) }
    let server = context.server
    let found = server.state.pointee.registry.get(patterns: patterns, from: server.configuration)
    context.reply.map(found.count)
    for (name, value) in found {
      context.reply.bulk(name)
      context.reply.bulk(value)
    }
  }
}

/// CONFIG SET: changes parameters of the running server, all of them or none.
enum ConfigSetCommand: Command {
  static let spec = CommandSpec(
    "CONFIG|SET", since: "2.0.0", group: .server, arity: -4,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Changes parameters while the server runs: all that are named, or none.",
    complexity: "O(parameters named)",
    arguments: [
      ArgumentSpec(
        "data", .block, multiple: true,
        parts: [
          ArgumentSpec("parameter", .string),
          ArgumentSpec("value", .string),
        ])
    ],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    history: [("7.0.0", "Takes several parameters.")],
    example: """
      > CONFIG SET timeout 0 slowlog-max-len 128
      OK
      > CONFIG SET maxmemory some
      (error) ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be \
      a memory value
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count % 2 == 0 else { throw .wrongArity("config|set") }
    var pairs: [(name: String, value: String)] = []
    for index in stride(from: 2, to: context.count, by: 2) {
      let name = context[index].string
      pairs.append((name, context[index + 1].string))
      if context.server.state.pointee.registry.isSensitive(name) { context.redact(index + 1) }
    }
    let isLocal = context.connection.flags.contains(.local)
    if let failure = context.server.setConfiguration(pairs, isLocalClient: isLocal) {
      throw .made(failure.reply)
    }
    context.reply.ok()
  }
}

/// CONFIG RESETSTAT: restarts the statistics.
enum ConfigResetStatCommand: Command {
  static let spec = CommandSpec(
    "CONFIG|RESETSTAT", since: "2.0.0", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Sets the statistics that INFO shows back to zero.",
    complexity: "O(commands)",
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    example: """
      > CONFIG RESETSTAT
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.server.resetStatistics()
    context.reply.ok()
  }
}

/// CONFIG REWRITE: writes the configuration of now into the file it came from.
enum ConfigRewriteCommand: Command {
  static let spec = CommandSpec(
    "CONFIG|REWRITE", since: "2.8.0", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Writes the configuration of now into the file that the server was started with.",
    complexity: "O(parameters)",
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try rewrite(context.server, isForced: false)
    context.reply.ok()
  }

  /// Rewrites the file.
  ///
  /// - Parameter isForced: writes parameters with default values, too.
  static func rewrite(_ server: Server, isForced: Bool) throws(CommandError) {
    guard let path = server.configuration.file else {
      throw .fixed("ERR The server is running without a config file")
    }
    do throws(FileError) {
      try server.state.pointee.registry.rewrite(
        server.configuration, path: path, users: server.configuredUsers, isForced: isForced)
      server.log.notice("CONFIG REWRITE executed with success", metadata: ["path": "\(path)"])
    } catch {
      server.log.warning(
        "CONFIG REWRITE failed", metadata: ["path": "\(path)", "reason": "\(error.message)"])
      throw .made("ERR Rewriting config file: \(error.message)")
    }
  }
}

/// CONFIG HELP.
enum ConfigHelpCommand: Command {
  static let spec = CommandSpec(
    "CONFIG|HELP", since: "5.0.0", group: .server, arity: 2,
    flags: [.loading, .stale],
    summary: "Lists the subcommands of CONFIG.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "GET <pattern> [<pattern> ...]",
      "    Show the parameters that match, and their values.",
      "SET <name> <value> [<name> <value> ...]",
      "    Change parameters: all that are named, or none.",
      "RESETSTAT",
      "    Set the statistics of INFO back to zero.",
      "REWRITE",
      "    Write the present values into the configuration file.",
    ])
  }
}
