internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP

/// ACL LOAD: takes the users from the ACL file.
enum ACLLoadCommand: Command {
  static let spec = CommandSpec(
    "ACL|LOAD", since: "6.0.0", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Puts the users of the ACL file in the place of those there are, or changes nothing.",
    complexity: "O(N+M) with N the size of the file and M the number of connections",
    example: """
      > ACL LOAD
      (error) ERR This Redis instance is not configured to use an ACL file. You may want to \
      specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you \
      have a Redis configuration file set) in order to store users in the Redis configuration.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard !context.server.configuration.aclFile.isEmpty else { throw .fixed(ACLTexts.noFile) }
    if let problem = context.server.loadACLFile() { throw .made("ERR " + problem) }
    context.reply.ok()
  }
}

/// ACL SAVE: writes the users into the ACL file.
enum ACLSaveCommand: Command {
  static let spec = CommandSpec(
    "ACL|SAVE", since: "6.0.0", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Writes the users into the ACL file.",
    complexity: "O(N) with N the number of users and of their rules",
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard !context.server.configuration.aclFile.isEmpty else { throw .fixed(ACLTexts.noFile) }
    do throws(FileError) {
      try context.server.saveACLFile()
    } catch {
      context.server.log.warning(
        "Cannot write the ACL file",
        metadata: ["path": "\(error.path)", "reason": "\(error.message)"])
      throw .fixed(
        """
        ERR There was an error trying to save the ACLs. Please check the server logs for more \
        information
        """)
    }
    context.reply.ok()
  }
}

/// ACL LOG: what was refused lately.
enum ACLLogCommand: Command {
  static let spec = CommandSpec(
    "ACL|LOG", since: "6.0.0", group: .server, arity: -2,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Shows the commands and logins that were refused lately, or forgets them.",
    complexity: "O(N) with N the number of entries shown",
    arguments: [
      ArgumentSpec(
        "operation", .oneOf, optional: true,
        parts: [
          ArgumentSpec("count", .integer),
          ArgumentSpec("reset", .pureToken, token: "RESET"),
        ])
    ],
    history: [("7.2.0", "Shows entry-id, timestamp-created and timestamp-last-updated.")],
    example: """
      > ACL LOG RESET
      OK
      """)

  /// Entries that are shown unless a number is given.
  private static let shownByDefault = 10

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw context.unknownACLSubcommand }
    let log = context.server.state.pointee.acl.log
    var limit = shownByDefault
    if context.count == 3 {
      if context.argument(at: 2, is: "RESET") {
        log.reset()
        return context.reply.ok()
      }
      limit = Int(max(0, try context.integer(at: 2)))
    }
    let entries = log.entries(limit: limit)
    let now = Clock.wallMicroseconds / 1000
    context.reply.array(entries.count)
    for entry in entries { write(entry, now, context) }
  }

  private static func write(
    _ entry: ACLLog.Entry, _ now: Int64, _ context: borrowing CommandContext
  ) {
    context.reply.map(10)
    context.reply.bulk("count")
    context.reply.integer(entry.count)
    context.reply.bulk("reason")
    context.reply.bulk(entry.reason.rawValue)
    context.reply.bulk("context")
    context.reply.bulk(entry.source.rawValue)
    context.reply.bulk("object")
    context.reply.bulk(entry.object)
    context.reply.bulk("username")
    context.reply.bulk(entry.userName)
    context.reply.bulk("age-seconds")
    context.reply.double(Double(max(0, now - entry.updatedAt)) / 1000)
    context.reply.bulk("client-info")
    context.reply.bulk(entry.client)
    context.reply.bulk("entry-id")
    context.reply.integer(entry.id)
    context.reply.bulk("timestamp-created")
    context.reply.integer(entry.createdAt)
    context.reply.bulk("timestamp-last-updated")
    context.reply.integer(entry.updatedAt)
  }
}
