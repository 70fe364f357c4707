internal import Bytes
internal import CacheCore
internal import RESP

/// CLIENT: everything about connections.
enum ClientCommand: Command {
  static let spec = CommandSpec(
    "CLIENT", since: "2.4.0", group: .connection, arity: -2,
    summary: "Holds the commands about client connections.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("client")
  }
}

/// CLIENT ID: the connection's number.
enum ClientIDCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|ID", since: "5.0.0", group: .connection, arity: 2,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Tells the connection's number, which no other ever gets.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(context.clientID)
  }
}

/// CLIENT GETNAME: the connection's name.
enum ClientGetNameCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|GETNAME", since: "2.6.9", group: .connection, arity: 2,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Tells the connection's name.",
    complexity: "O(1)",
    example: """
      > CLIENT GETNAME
      (nil)
      > CLIENT SETNAME worker-1
      OK
      > CLIENT GETNAME
      "worker-1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let name = context.connection.existingSession?.name, !name.isEmpty else {
      return context.reply.null()
    }
    context.reply.bulk(name)
  }
}

/// CLIENT SETNAME: names the connection, for CLIENT LIST and the slow log.
enum ClientSetNameCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|SETNAME", since: "2.6.9", group: .connection, arity: 3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Names the connection; an empty name takes the name away.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("connection-name", .string)],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    example: """
      > CLIENT SETNAME worker-1
      OK
      > CLIENT SETNAME "two words"
      (error) ERR Client names cannot contain spaces, newlines or special characters.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.connection.session.name = try context.clientText(at: 2, orThrow: .badClientName)
    context.reply.ok()
  }
}

/// CLIENT SETINFO: what library the client is.
enum ClientSetInfoCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|SETINFO", since: "7.2.0", group: .connection, arity: 4,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Notes the name or version of the client's library.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "attr", .oneOf,
        parts: [
          ArgumentSpec("libname", .string, token: "lib-name"),
          ArgumentSpec("libver", .string, token: "lib-ver"),
        ])
    ],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    example: """
      > CLIENT SETINFO lib-name my-client
      OK
      > CLIENT SETINFO colour blue
      (error) ERR Unrecognized option 'colour'
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let option = context[2]
    guard option.equalsIgnoringCase("lib-name") || option.equalsIgnoringCase("lib-ver") else {
      throw .made("ERR Unrecognized option '\(option.string)'")
    }
    let text = try context.clientText(
      at: 3,
      orThrow: .made(
        "ERR \(option.string) cannot contain spaces, newlines or special characters."))
    if option.equalsIgnoringCase("lib-name") {
      context.connection.session.libraryName = text
    } else {
      context.connection.session.libraryVersion = text
    }
    context.reply.ok()
  }
}

extension CommandError {
  static let badClientName = CommandError.fixed(
    "ERR Client names cannot contain spaces, newlines or special characters.")
}

extension CommandContext {
  /// A text that CLIENT LIST can show: printable ASCII without spaces.
  func clientText(at index: Int, orThrow error: CommandError) throws(CommandError) -> [UInt8] {
    let text = arguments[index]
    guard text.buffer.allSatisfy({ $0 >= 0x21 && $0 <= 0x7E }) else { throw error }
    return text.array
  }

  /// Whether the argument at `index` is ON; it must be ON or OFF.
  func switchArgument(at index: Int) throws(CommandError) -> Bool {
    if argument(at: index, is: "ON") { return true }
    guard argument(at: index, is: "OFF") else { throw .syntax }
    return false
  }
}

/// CLIENT HELP.
enum ClientHelpCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|HELP", since: "5.0.0", group: .connection, arity: 2,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Lists the subcommands.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CACHING (YES|NO)",
      "    Let the next command's keys be tracked, or not.",
      "GETNAME",
      "    Tell this connection's name.",
      "GETREDIR",
      "    Tell which client gets the invalidations of this one.",
      "ID",
      "    Tell this connection's number.",
      "INFO",
      "    Describe this connection.",
      "KILL <ip:port>",
      "    Close the connection from that address.",
      "KILL <option> <value> [<option> <value> [...]]",
      "    Close the connections that fit all options:",
      "    * ADDR (<ip:port>|<unixsocket>:0)",
      "      The peer's address.",
      "    * LADDR (<ip:port>|<unixsocket>:0)",
      "      The server's own address.",
      "    * ID <client-id>",
      "      The connection's number.",
      "    * MAXAGE <seconds>",
      "      At least that old.",
      "    * SKIPME (YES|NO)",
      "      Spare this connection (default: yes).",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      The kind of client.",
      "    * USER <username>",
      "      Who it is authenticated as.",
      "LIST [options ...]",
      "    Describe all connections, or some:",
      "    * ID <client-id> [<client-id> ...]",
      "      Those with these numbers.",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Those of this kind.",
      "NO-EVICT (ON|OFF)",
      "    Spare this connection when clients hold too much memory.",
      "NO-TOUCH (ON|OFF)",
      "    Read keys without noting that they were used.",
      "PAUSE <timeout> [WRITE|ALL]",
      "    Hold back all clients' commands, or their writes, for that many milliseconds.",
      "REPLY (ON|OFF|SKIP)",
      "    Answer commands, do not, or do not answer the next one.",
      "SETINFO <option> <value>",
      "    Note lib-name or lib-ver, the client library's name or version.",
      "SETNAME <name>",
      "    Name this connection.",
      "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
      "         [OPTIN] [OPTOUT] [NOLOOP]",
      "    Start or stop invalidation messages for keys that this client has read.",
      "TRACKINGINFO",
      "    Tell how this connection is tracked.",
      "UNBLOCK <clientid> [TIMEOUT|ERROR]",
      "    End another client's wait.",
      "UNPAUSE",
      "    End a pause.",
    ])
  }
}
