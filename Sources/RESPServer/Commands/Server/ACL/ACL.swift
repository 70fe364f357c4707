internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// ACL: users and what they may do.
enum ACLCommand: Command {
  static let spec = CommandSpec(
    "ACL", since: "6.0.0", group: .server, arity: -2,
    summary: "Holds the commands about users and their rights.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("acl")
  }
}

/// ACL WHOAMI: the connection's user.
enum ACLWhoAmICommand: Command {
  static let spec = CommandSpec(
    "ACL|WHOAMI", since: "6.0.0", group: .server, arity: 2,
    flags: [.noScript, .loading, .stale],
    summary: "Tells which user the connection is authenticated as.",
    complexity: "O(1)",
    example: """
      > ACL WHOAMI
      "default"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.bulk(context.connection.user(in: context.server.state.pointee.acl).name)
  }
}

/// ACL CAT: the categories of commands, or the commands of one.
enum ACLCatCommand: Command {
  static let spec = CommandSpec(
    "ACL|CAT", since: "6.0.0", group: .server, arity: -2,
    flags: [.noScript, .loading, .stale],
    summary: "Lists the categories of commands, or the commands of a category.",
    complexity: "O(N) with N the number of commands",
    arguments: [ArgumentSpec("category", .string, optional: true)],
    example: """
      > ACL CAT nothing
      (error) ERR Unknown category 'nothing'
      > ACL CAT transaction
      1) "discard"
      2) "exec"
      3) "multi"
      4) "unwatch"
      5) "watch"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw context.unknownACLSubcommand }
    let catalog = context.server.state.pointee.acl.catalog
    var names = catalog.categoryNames
    if context.count == 3 {
      guard let category = catalog.category(context[2].string.lowercased()) else {
        throw .made("ERR Unknown category '\(context.shown(2))'")
      }
      names = catalog.commands(in: category).map { catalog.names[$0] }
    }
    context.reply.array(names.count)
    for name in names { context.reply.bulk(name) }
  }
}

/// ACL GENPASS: a random password.
enum ACLGenPassCommand: Command {
  static let spec = CommandSpec(
    "ACL|GENPASS", since: "6.0.0", group: .server, arity: -2,
    flags: [.noScript, .loading, .stale],
    summary: "Makes a password of random bits, 256 unless told otherwise, in hexadecimal.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("bits", .integer, optional: true)],
    example: """
      > ACL GENPASS 5000
      (error) ERR ACL GENPASS argument must be the number of bits for the output password, a \
      positive number up to 4096
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw context.unknownACLSubcommand }
    var bits: Int64 = 256
    if context.count == 3 {
      bits = try context.integer(at: 2)
      guard (1...4096).contains(bits) else {
        throw .fixed(
          """
          ERR ACL GENPASS argument must be the number of bits for the output password, a \
          positive number up to 4096
          """)
      }
    }
    let digits = Int(bits + 3) / 4
    let text = RandomText.hexadecimal(bytes: (digits + 1) / 2)
    context.reply.bulk(String(text.prefix(digits)))
  }
}

/// ACL DRYRUN: whether a user may run a command, without running it.
enum ACLDryRunCommand: Command {
  static let spec = CommandSpec(
    "ACL|DRYRUN", since: "7.0.0", group: .server, arity: -4,
    flags: [.admin, .noScript, .loading, .stale],
    summary: "Tells whether a user may run a command, without running it.",
    complexity: "O(N) with N the number of the command's keys and the user's patterns",
    arguments: [
      ArgumentSpec("username", .string),
      ArgumentSpec("command", .string),
      ArgumentSpec("arg", .string, optional: true, multiple: true),
    ],
    example: """
      > ACL DRYRUN default GET key
      OK
      > ACL DRYRUN nobody GET key
      (error) ERR User 'nobody' not found
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let registry = context.server.state.pointee.acl
    guard let user = registry.user(context[2]) else {
      throw .made("ERR User '\(context.shown(2))' not found")
    }
    let arguments = context.arguments.dropFirst(3)
    let found = CommandDescriptions(server: context.server).find(command: arguments)
    guard let index = found else {
      throw .made("ERR Command '\(context.shown(3))' not found")
    }
    let name = context.server.state.pointee.commands.name(of: index)
    let entry = context.server.state.pointee.commands.entry(at: index)
    guard entry.pointee.accepts(argumentCount: arguments.count) else {
      throw .made(CommandTexts.wrongArity(name))
    }
    guard let denial = context.server.denial(user.permissions, entry, arguments) else {
      return context.reply.ok()
    }
    context.reply.bulk(
      ACLTexts.dryRun(denial, command: name, argument: arguments[denial.position]))
  }
}

extension CommandContext {
  /// An argument as an error repeats it.
  fileprivate func shown(_ index: Int) -> String {
    self[index][0..<min(self[index].count, 128)].string
  }

  /// The error of a subcommand that got too many arguments.
  var unknownACLSubcommand: CommandError {
    .made(
      "ERR unknown subcommand or wrong number of arguments for '\(shown(1))'. Try ACL HELP.")
  }
}

/// ACL HELP.
enum ACLHelpCommand: Command {
  static let spec = CommandSpec(
    "ACL|HELP", since: "6.0.0", group: .server, arity: 2,
    flags: [.loading, .stale],
    summary: "Lists the subcommands of ACL.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CAT [<category>]",
      "    List the categories of commands, or the commands of one.",
      "DELUSER <username> [<username> ...]",
      "    Delete users and close their connections.",
      "DRYRUN <username> <command> [<arg> ...]",
      "    Tell whether a user may run a command, without running it.",
      "GENPASS [<bits>]",
      "    Make a random password.",
      "GETUSER <username>",
      "    Show a user's rules.",
      "LIST",
      "    Show all users as an ACL file has them.",
      "LOAD",
      "    Take the users from the ACL file.",
      "LOG [<count>|RESET]",
      "    Show what was refused lately, or forget it.",
      "SAVE",
      "    Write the users into the ACL file.",
      "SETUSER <username> <attribute> [<attribute> ...]",
      "    Make a user, or change one.",
      "USERS",
      "    List the names of all users.",
      "WHOAMI",
      "    Tell which user this connection belongs to.",
    ])
  }
}
