internal import Bytes
internal import RESP

// Commands about replicas. This server has none and is none: what asks for less than that is
// answered as by a primary of Redis that nobody follows, the rest is refused.

extension CommandError {
  fileprivate static let replicatesNothing = CommandError.fixed(
    "ERR This server does not replicate yet: it can neither have replicas nor be one")
}

/// REPLICAOF: makes the server a replica, or a primary again.
enum ReplicaOfCommand: Command {
  static let spec = CommandSpec(
    "REPLICAOF", since: "5.0.0", group: .server, arity: 3,
    flags: [.noAsyncLoading, .admin, .noScript, .stale],
    summary: "Would make the server a replica, which it cannot be yet; NO ONE is taken.",
    complexity: "O(1)",
    arguments: arguments,
    example: """
      > REPLICAOF NO ONE
      OK
      > REPLICAOF 192.0.2.1 6379
      (error) ERR This server does not replicate yet: it can neither have replicas nor be one
      """)

  static let arguments = [
    ArgumentSpec(
      "args", .oneOf,
      parts: [
        ArgumentSpec(
          "host-port", .block,
          parts: [ArgumentSpec("host", .string), ArgumentSpec("port", .integer)]),
        ArgumentSpec(
          "no-one", .block,
          parts: [
            ArgumentSpec("no", .pureToken, token: "NO"),
            ArgumentSpec("one", .pureToken, token: "ONE"),
          ]),
      ])
  ]

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.argument(at: 1, is: "NO"), context.argument(at: 2, is: "ONE") {
      return context.reply.ok()
    }
    _ = try context.integer(at: 2, in: 0...65535, orThrow: .fixed("ERR Invalid master port"))
    throw .replicatesNothing
  }
}

/// SLAVEOF: REPLICAOF's older name.
enum SlaveOfCommand: Command {
  static let spec = CommandSpec(
    "SLAVEOF", since: "1.0.0", group: .server, arity: 3,
    flags: [.noAsyncLoading, .admin, .noScript, .stale],
    summary: "REPLICAOF by its older name.",
    complexity: "O(1)",
    arguments: ReplicaOfCommand.arguments,
    deprecatedSince: "5.0.0", replacement: "`REPLICAOF`")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try ReplicaOfCommand.run(&context)
  }
}

/// FAILOVER: hands the part of the primary to a replica; there is none to take it.
enum FailoverCommand: Command {
  static let spec = CommandSpec(
    "FAILOVER", since: "6.2.0", group: .server, arity: -1,
    flags: [.admin, .noScript, .stale],
    summary: "Would hand the part of the primary to a replica; there is none to take it.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "target", .block, token: "TO", optional: true,
        parts: [
          ArgumentSpec("host", .string),
          ArgumentSpec("port", .integer),
          ArgumentSpec("force", .pureToken, token: "FORCE", optional: true),
        ]),
      ArgumentSpec("abort", .pureToken, token: "ABORT", optional: true),
      ArgumentSpec("milliseconds", .integer, token: "TIMEOUT", optional: true),
    ],
    example: """
      > FAILOVER
      (error) ERR FAILOVER requires connected replicas.
      > FAILOVER ABORT
      (error) ERR No failover in progress.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.count == 2, context.argument(at: 1, is: "ABORT") {
      throw .fixed("ERR No failover in progress.")
    }
    var (hasTimeout, hasTarget, isForced) = (false, false, false)
    var index = 1
    while index < context.count {
      let left = context.count - index - 1
      if context.argument(at: index, is: "TIMEOUT"), left >= 1, !hasTimeout {
        let timeout = try context.integer(at: index + 1)
        guard timeout > 0 else { throw .fixed("ERR FAILOVER timeout must be greater than 0") }
        hasTimeout = true
        index += 2
      } else if context.argument(at: index, is: "TO"), left >= 2, !hasTarget {
        _ = try context.integer(at: index + 2)
        hasTarget = true
        index += 3
      } else if context.argument(at: index, is: "FORCE"), !isForced {
        isForced = true
        index += 1
      } else {
        throw .syntax
      }
    }
    throw .fixed("ERR FAILOVER requires connected replicas.")
  }
}

/// SYNC: the beginning of replication in its first form; refused.
enum SyncCommand: Command {
  static let spec = CommandSpec(
    "SYNC", since: "1.0.0", group: .server, arity: 1,
    flags: [.noAsyncLoading, .admin, .noMulti, .noScript],
    summary: "Would make the client a replica; always fails.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .replicatesNothing
  }
}

/// PSYNC: the beginning of replication; refused.
enum PSyncCommand: Command {
  static let spec = CommandSpec(
    "PSYNC", since: "2.8.0", group: .server, arity: -3,
    flags: [.noAsyncLoading, .admin, .noMulti, .noScript],
    summary: "Would make the client a replica that goes on where it was; always fails.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("replicationid", .string),
      ArgumentSpec("offset", .integer),
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .replicatesNothing
  }
}

/// REPLCONF: what a replica says of itself before PSYNC. It is checked and forgotten, so that a
/// server that wants to follow this one learns from PSYNC, in words, why it cannot.
enum ReplConfCommand: Command {
  static let spec = CommandSpec(
    "REPLCONF", since: "3.0.0", group: .server, arity: -1,
    flags: [.admin, .noScript, .loading, .stale, .allowBusy],
    summary: "Takes what a replica says of itself; of no effect here.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count % 2 == 1 else { throw .syntax }
    for index in stride(from: 1, to: context.count, by: 2) {
      if context.argument(at: index, is: "LISTENING-PORT") {
        _ = try context.integer(at: index + 1)
      } else if context.argument(at: index, is: "RDB-ONLY") {
        _ = try context.integer(
          at: index + 1, in: 0...1,
          orThrow: .fixed("ERR value is out of range, value must between 0 and 1"))
      } else if context.argument(at: index, is: "ACK") || context.argument(at: index, is: "GETACK")
      {
        // Redis says nothing to these, but a transaction's reply must have all its parts.
        if context.isInTransaction { context.reply.ok() }
        return
      } else if !context.argument(at: index, is: "IP-ADDRESS"),
        !context.argument(at: index, is: "CAPA"),
        !context.argument(at: index, is: "RDB-FILTER-ONLY")
      {
        throw .made("ERR Unrecognized REPLCONF option: \(context[index].string)")
      }
    }
    context.reply.ok()
  }
}
