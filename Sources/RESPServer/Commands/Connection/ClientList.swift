internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// CLIENT LIST: all connections, a line each.
enum ClientListCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|LIST", since: "2.4.0", group: .connection, arity: -2,
    flags: [.admin, .noScript, .loading, .stale],
    categories: [.connection],
    access: .exclusive,
    summary: "Describes the connections.",
    complexity: "O(N log N) with N the number of connections",
    arguments: [
      ArgumentSpec(
        "client-type", .oneOf, token: "TYPE", since: "5.0.0", optional: true,
        parts: [
          ArgumentSpec("normal", .pureToken, token: "normal"),
          ArgumentSpec("master", .pureToken, token: "master"),
          ArgumentSpec("replica", .pureToken, token: "replica"),
          ArgumentSpec("pubsub", .pureToken, token: "pubsub"),
        ]),
      ArgumentSpec(
        "client-id", .integer, token: "ID", since: "6.2.0", optional: true, multiple: true),
    ],
    tips: ["nondeterministic_output"],
    history: [
      ("2.8.12", "Shows each client's number."),
      ("5.0.0", "Takes TYPE."),
      ("6.0.0", "Shows the user."),
      ("6.2.0", "Takes ID; shows the own address."),
      ("7.0.0", "Shows resp, multi-mem, rbs and rbp."),
      ("7.0.3", "Shows ssub."),
    ],
    example: """
      > CLIENT LIST TYPE unheard-of
      (error) ERR Unknown client type 'unheard-of'
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var found: [(connection: Connection, loop: EventLoop)] = []
    if context.count == 2 {
      found = all(context) { _ in true }
    } else if context.count == 4, context.argument(at: 2, is: "TYPE") {
      let type = try ClientType(context[3])
      found = all(context) { ClientType(of: $0) == type }
    } else if context.count >= 4, context.argument(at: 2, is: "ID") {
      for index in 3..<context.count {
        guard let id = IntegerText.parseInt64(context[index]) else {
          throw .fixed("ERR Invalid client ID")
        }
        context.server.forEachLoop { loop in
          if let connection = loop.connection(ofClient: id) { found.append((connection, loop)) }
        }
      }
    } else {
      throw .syntax
    }
    var text = ""
    for (connection, loop) in found where !connection.flags.contains(.closesNow) {
      text += context.describe(connection, of: loop)
      text += "\n"
    }
    context.reply.verbatim(text)
  }

  private static func all(
    _ context: borrowing CommandContext, where isWanted: (Connection) -> Bool
  ) -> [(connection: Connection, loop: EventLoop)] {
    var found: [(connection: Connection, loop: EventLoop)] = []
    context.server.forEachConnection { connection, loop in
      if isWanted(connection) { found.append((connection, loop)) }
    }
    return found.sorted { $0.connection.id < $1.connection.id }
  }
}

/// CLIENT INFO: the same of the own connection.
enum ClientInfoCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|INFO", since: "6.2.0", group: .connection, arity: 2,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Describes the connection as CLIENT LIST does.",
    complexity: "O(1)",
    tips: ["nondeterministic_output"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.verbatim(context.describe(context.connection, of: context.loop) + "\n")
  }
}

/// The kinds of clients that CLIENT LIST and CLIENT KILL tell apart.
enum ClientType {
  case normal, pubsub
  /// There are none of these.
  case master, replica

  init(_ name: ByteView) throws(CommandError) {
    if name.equalsIgnoringCase("normal") {
      self = .normal
    } else if name.equalsIgnoringCase("pubsub") {
      self = .pubsub
    } else if name.equalsIgnoringCase("master") {
      self = .master
    } else if name.equalsIgnoringCase("replica") || name.equalsIgnoringCase("slave") {
      self = .replica
    } else {
      throw .made("ERR Unknown client type '\(name.string)'")
    }
  }

  init(of connection: Connection) { self = connection.isSubscriber ? .pubsub : .normal }
}

extension Connection {
  /// The letters of CLIENT LIST's "flags".
  fileprivate var flagLetters: String {
    var letters = ""
    if flags.contains(.monitors) { letters += "O" }
    if isSubscriber { letters += "P" }
    if flags.contains(.inTransaction) { letters += "x" }
    if !flags.isDisjoint(with: [.blocked, .paused]) { letters += "b" }
    if let tracking = existingSession?.tracking, tracking.isOn {
      letters += "t"
      if tracking.isRedirectionBroken { letters += "R" }
      if tracking.options.broadcasts { letters += "B" }
    }
    if existingSession?.watch?.isRaised == true { letters += "d" }
    if flags.contains(.closesAfterReply) { letters += "c" }
    if flags.contains(.closesNow) { letters += "A" }
    if flags.contains(.unixSocket) { letters += "U" }
    if flags.contains(.noEvict) { letters += "e" }
    if flags.contains(.noTouch) { letters += "T" }
    return letters.isEmpty ? "N" : letters
  }
}

extension CommandContext {
  /// A line of CLIENT LIST, without its end. For another connection than the own the caller has the
  /// gate.
  ///
  /// Fields and their order are Redis 7.2's. A connection here has no buffers of its own while
  /// nothing is left over in them: requests are read into, and replies written to, buffers that a
  /// loop's connections share, so most show 0. Of the connection that asks, `qbuf` is what was read
  /// with its request and `argv-mem` what its arguments take.
  func describe(_ client: Connection, of loop: EventLoop) -> String {
    let state = client.state
    let session = client.existingSession
    let isSelf = client.id == clientID
    let input = inputFields(of: client, isSelf: isSelf)
    let output = state.pointee.output
    var memory = client.memoryUsage
    if isSelf, state.pointee.input == nil { memory += input.argumentBytes }
    let command =
      isSelf ? Int32(truncatingIfNeeded: entry.pointee.index) : state.pointee.lastCommand
    let isQueueing = client.flags.contains(.inTransaction)
    let subscriptions = session?.subscriptions ?? Subscriptions()
    let watched = state.pointee.watchedEvents
    var text = "id=\(client.id) addr=\(client.peerName) laddr=\(client.localName)"
    text += " fd=\(state.pointee.fd.rawValue) name=\(Self.text(session?.name))"
    text += " age=\(max(0, now - state.pointee.createdAt) / 1000)"
    text += " idle=\(max(0, now - state.pointee.lastInteraction) / 1000)"
    text += " flags=\(client.flagLetters) db=\(state.pointee.database.rawValue)"
    text += " sub=\(subscriptions.channels.count) psub=\(subscriptions.patterns.count)"
    text += " ssub=\(subscriptions.shardChannels.count)"
    text += " multi=\(isQueueing ? session?.transaction.commands.count ?? 0 : -1)"
    text += " qbuf=\(input.bytes) qbuf-free=\(input.free) argv-mem=\(input.argumentBytes)"
    text += " multi-mem=\(isQueueing ? session?.transaction.memoryUsage ?? 0 : 0)"
    text += " rbs=0 rbp=0 obl=0 oll=\(output?.pointee.pieceCount ?? 0)"
    text += " omem=\(output?.pointee.memoryUsage ?? 0) tot-mem=\(memory)"
    text += " events=\(watched.contains(.read) ? "r" : "")\(watched.contains(.write) ? "w" : "")"
    let name =
      command < 0 ? "NULL" : server.state.pointee.commands.name(of: Int(command)).string
    text += " cmd=\(name)"
    text += " user=\(userName(of: client)) redir=\(client.redirection)"
    text += " resp=\(state.pointee.version.rawValue)"
    text += " lib-name=\(Self.text(session?.libraryName))"
    text += " lib-ver=\(Self.text(session?.libraryVersion))"
    return text
  }

  private func userName(of client: Connection) -> String {
    Self.text(client.user(in: server.state.pointee.acl).name)
  }

  private static func text(_ bytes: [UInt8]?) -> String {
    bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private func inputFields(
    of client: Connection, isSelf: Bool
  ) -> (bytes: Int, free: Int, argumentBytes: Int) {
    var argumentBytes = 0
    if isSelf { for index in 0..<count { argumentBytes += arguments[index].count } }
    guard let input = client.state.pointee.input else {
      return (isSelf ? loop.state.pointee.inputBytes : 0, 0, argumentBytes)
    }
    if !isSelf { argumentBytes = input.pointee.argumentBytes }
    var free = input.pointee.capacity - input.pointee.count
    if let blob = input.pointee.blob { free += blob.count - input.pointee.blobFilled }
    // What is parsed already counts as arguments.
    let unparsed = input.pointee.count - input.pointee.parser.position + input.pointee.blobFilled
    return (max(0, unparsed), free, argumentBytes)
  }
}
