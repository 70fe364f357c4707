internal import Bytes
internal import CacheCore
internal import RESP

/// CLIENT KILL: closes connections.
enum ClientKillCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|KILL", since: "2.4.0", group: .connection, arity: -3,
    flags: [.admin, .noScript, .loading, .stale],
    categories: [.connection],
    access: .exclusive,
    summary: "Closes connections, chosen by address, number, kind, user or age.",
    complexity: "O(N) with N the number of connections",
    arguments: [
      ArgumentSpec(
        "filter", .oneOf,
        parts: [
          ArgumentSpec("old-format", .string, deprecatedSince: "2.8.12", display: "ip:port"),
          ArgumentSpec("new-format", .oneOf, multiple: true, parts: filters),
        ])
    ],
    history: [
      ("2.8.12", "Takes options."),
      ("3.2.0", "Takes TYPE master."),
      ("5.0.0", "Takes TYPE replica."),
      ("6.2.0", "Takes LADDR."),
      ("7.4.0", "Takes MAXAGE."),
    ],
    example: """
      > CLIENT KILL 127.0.0.1:1
      (error) ERR No such client
      > CLIENT KILL ID 999999
      (integer) 0
      """)

  private static var filters: [ArgumentSpec] {
    [
      ArgumentSpec("client-id", .integer, token: "ID", since: "2.8.12", optional: true),
      ArgumentSpec(
        "client-type", .oneOf, token: "TYPE", since: "2.8.12", optional: true,
        parts: [
          ArgumentSpec("normal", .pureToken, token: "normal"),
          ArgumentSpec("master", .pureToken, token: "master", since: "3.2.0"),
          ArgumentSpec("slave", .pureToken, token: "slave"),
          ArgumentSpec("replica", .pureToken, token: "replica", since: "5.0.0"),
          ArgumentSpec("pubsub", .pureToken, token: "pubsub"),
        ]),
      ArgumentSpec("username", .string, token: "USER", optional: true),
      ArgumentSpec("addr", .string, token: "ADDR", optional: true, display: "ip:port"),
      ArgumentSpec(
        "laddr", .string, token: "LADDR", since: "6.2.0", optional: true, display: "ip:port"),
      ArgumentSpec(
        "skipme", .oneOf, token: "SKIPME", optional: true,
        parts: [
          ArgumentSpec("yes", .pureToken, token: "YES"),
          ArgumentSpec("no", .pureToken, token: "NO"),
        ]),
      ArgumentSpec("maxage", .integer, token: "MAXAGE", since: "7.4.0", optional: true),
    ]
  }

  /// What a connection must be like to be closed; nil: any.
  private struct Filter {
    var id: Int64?
    var address: String?
    var ownAddress: String?
    var type: ClientType?
    var user: ACLUser?
    var ageSecondsMin: Int64?
    var sparesSelf = true

    func matches(_ client: Connection, now: Int64, in registry: ACLRegistry) -> Bool {
      if let id, client.id != id { return false }
      if let type, ClientType(of: client) != type { return false }
      if let user, client.user(in: registry) !== user { return false }
      if let ageSecondsMin, (now - client.state.pointee.createdAt) / 1000 < ageSecondsMin {
        return false
      }
      if let address, client.peerName != address { return false }
      if let ownAddress, client.localName != ownAddress { return false }
      return true
    }
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.count == 3 {
      let filter = Filter(address: context[2].string, sparesSelf: false)
      guard kill(filter, context, limit: 1) > 0 else { throw .fixed("ERR No such client") }
      return context.reply.ok()
    }
    context.reply.integer(kill(try parse(context), context, limit: .max))
  }

  private static func parse(_ context: borrowing CommandContext) throws(CommandError) -> Filter {
    guard context.count % 2 == 0 else { throw .syntax }
    var filter = Filter()
    for index in stride(from: 2, to: context.count, by: 2) {
      let value = context[index + 1]
      if context.argument(at: index, is: "ID") {
        filter.id = try context.integer(
          at: index + 1, in: 1...Int64.max,
          orThrow: .fixed("ERR client-id should be greater than 0"))
      } else if context.argument(at: index, is: "TYPE") {
        filter.type = try ClientType(value)
      } else if context.argument(at: index, is: "ADDR") {
        filter.address = value.string
      } else if context.argument(at: index, is: "LADDR") {
        filter.ownAddress = value.string
      } else if context.argument(at: index, is: "USER") {
        guard let user = context.server.state.pointee.acl.user(value) else {
          throw .made("ERR No such user '\(value.string)'")
        }
        filter.user = user
      } else if context.argument(at: index, is: "MAXAGE") {
        filter.ageSecondsMin = try context.integer(
          at: index + 1, in: 1...Int64.max,
          orThrow: .fixed("ERR maxage is not an integer or out of range"))
      } else if context.argument(at: index, is: "SKIPME") {
        if value.equalsIgnoringCase("no") {
          filter.sparesSelf = false
        } else if !value.equalsIgnoringCase("yes") {
          throw .syntax
        }
      } else {
        throw .syntax
      }
    }
    return filter
  }

  /// Closes the connections that fit. The own one still gets its reply.
  private static func kill(
    _ filter: Filter, _ context: borrowing CommandContext, limit: Int
  ) -> Int {
    var killed = 0
    let now = context.now
    let own = context.clientID
    let registry = context.server.state.pointee.acl
    context.server.forEachConnection { client, loop in
      guard killed < limit, !client.flags.contains(.closesNow),
        filter.matches(client, now: now, in: registry)
      else { return }
      if client.id == own {
        if filter.sparesSelf { return }
        client.flags.insert(.closesAfterReply)
      } else {
        loop.closeFromAnywhere(client)
      }
      killed += 1
    }
    return killed
  }
}
