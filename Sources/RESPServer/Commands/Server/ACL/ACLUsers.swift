internal import Bytes
internal import CacheCore
internal import RESP

/// ACL SETUSER: makes a user, or changes one.
enum ACLSetUserCommand: Command {
  static let spec = CommandSpec(
    "ACL|SETUSER", since: "6.0.0", group: .server, arity: -3,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Makes a user, or changes how it logs in and what it may do.",
    complexity: "O(N+M) with N the length of the rules and M the number of connections",
    arguments: [
      ArgumentSpec("username", .string),
      ArgumentSpec("rule", .string, optional: true, multiple: true),
    ],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    history: [
      ("6.2.0", "Takes patterns of channels."),
      ("7.0.0", "Takes selectors and key patterns with rights."),
    ],
    example: """
      > ACL SETUSER alice on >secret ~cache:* +get
      OK
      > ACL DRYRUN alice GET cache:1
      OK
      > ACL DRYRUN alice SET cache:1 x
      "This user has no permissions to run the 'set' command"
      > ACL SETUSER alice +nothing
      (error) ERR Error in ACL SETUSER modifier '+nothing': Unknown command or category name in \
      ACL
      > ACL DELUSER alice
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    for index in 2..<context.count { context.redact(index) }
    guard !context[2].hasBlanksOrNulls else {
      throw .fixed("ERR Usernames can't contain spaces or null characters")
    }
    let words = (3..<max(3, context.count)).map { context.arguments[$0].array }
    do throws(ACLRuleList.Failure) {
      try context.server.setUser(context[2].array, words)
    } catch {
      throw .made("ERR " + error.text)
    }
    context.reply.ok()
  }
}

/// ACL DELUSER: deletes users and closes their connections.
enum ACLDelUserCommand: Command {
  static let spec = CommandSpec(
    "ACL|DELUSER", since: "6.0.0", group: .server, arity: -3,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Deletes users and closes their connections.",
    complexity: "O(N) with N the number of connections, for each user",
    arguments: [ArgumentSpec("username", .string, multiple: true)],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    example: """
      > ACL DELUSER nobody
      (integer) 0
      > ACL DELUSER default
      (error) ERR The 'default' user cannot be removed
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    for index in 2..<context.count { context.redact(index) }
    for index in 2..<context.count where context[index] == "default" {
      throw .fixed("ERR The 'default' user cannot be removed")
    }
    var deleted = 0
    for index in 2..<context.count where context.server.deleteUser(context[index].array) {
      deleted += 1
    }
    context.reply.integer(deleted)
  }
}

/// ACL GETUSER: a user's rules.
enum ACLGetUserCommand: Command {
  static let spec = CommandSpec(
    "ACL|GETUSER", since: "6.0.0", group: .server, arity: 3,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Shows what a user may do, and the hashes of its passwords.",
    complexity: "O(N) with N the number of its passwords, patterns and rules",
    arguments: [ArgumentSpec("username", .string)],
    history: [
      ("6.2.0", "Shows patterns of channels."),
      ("7.0.0", "Shows selectors; keys and channels as rules."),
    ],
    example: """
      > ACL GETUSER nobody
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.redact(2)
    guard let user = context.server.state.pointee.acl.user(context[2]) else {
      return context.reply.null()
    }
    let rules = user.rules
    context.reply.map(6)
    context.reply.bulk("flags")
    let flags = rules.flagWords
    context.reply.set(flags.count)
    for flag in flags { context.reply.bulk(flag) }
    context.reply.bulk("passwords")
    let passwords = rules.passwords.elements
    context.reply.array(passwords.count)
    for (hash, _) in passwords { context.reply.bulk(hash) }
    describe(rules.root, context)
    context.reply.bulk("selectors")
    context.reply.array(rules.selectors.count)
    for selector in rules.selectors {
      context.reply.map(3)
      describe(selector, context)
    }
  }

  private static func describe(_ selector: ACLSelector, _ context: borrowing CommandContext) {
    context.reply.bulk("commands")
    context.reply.bulk(selector.commands.text)
    context.reply.bulk("keys")
    context.reply.bulk(selector.keysText)
    context.reply.bulk("channels")
    context.reply.bulk(selector.channelsText)
  }
}

/// ACL LIST: all users as an ACL file has them.
enum ACLListCommand: Command {
  static let spec = CommandSpec(
    "ACL|LIST", since: "6.0.0", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Shows all users with their rules, as an ACL file has them.",
    complexity: "O(N) with N the number of users and of their rules",
    example: """
      > ACL LIST
      1) "user default on nopass ~* &* +@all"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let users = context.server.state.pointee.acl.sorted
    context.reply.array(users.count)
    for user in users { context.reply.bulk(user.line) }
  }
}

/// ACL USERS: the names of all users.
enum ACLUsersCommand: Command {
  static let spec = CommandSpec(
    "ACL|USERS", since: "6.0.0", group: .server, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Lists the names of all users.",
    complexity: "O(N) with N the number of users",
    example: """
      > ACL USERS
      1) "default"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let users = context.server.state.pointee.acl.sorted
    context.reply.array(users.count)
    for user in users { context.reply.bulk(user.name) }
  }
}
