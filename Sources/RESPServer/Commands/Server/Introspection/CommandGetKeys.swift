internal import Bytes
internal import CacheCore
internal import RESP

/// COMMAND GETKEYS: the keys of a whole command.
enum CommandGetKeysCommand: Command {
  static let spec = CommandSpec(
    "COMMAND|GETKEYS", since: "2.8.13", group: .server, arity: -3,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Extracts the keys from a whole command.",
    complexity: "O(arguments)",
    arguments: [
      ArgumentSpec("command", .string),
      ArgumentSpec("arg", .string, optional: true, multiple: true),
    ],
    example: """
      > COMMAND GETKEYS MSET a 1 b 2
      1) "a"
      2) "b"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let keys = try CommandKeys.find(context)
    context.reply.array(keys.count)
    for key in keys { key.withName(in: context.arguments) { context.reply.bulk($0) } }
  }
}

/// COMMAND GETKEYSANDFLAGS: the keys, and what the command does with each.
enum CommandGetKeysAndFlagsCommand: Command {
  static let spec = CommandSpec(
    "COMMAND|GETKEYSANDFLAGS", since: "7.0.0", group: .server, arity: -3,
    flags: [.loading, .stale],
    categories: [.connection],
    summary: "Extracts the keys from a whole command, with what it does to each.",
    complexity: "O(arguments)",
    arguments: [
      ArgumentSpec("command", .string),
      ArgumentSpec("arg", .string, optional: true, multiple: true),
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let keys = try CommandKeys.find(context)
    context.reply.array(keys.count)
    for key in keys {
      context.reply.array(2)
      key.withName(in: context.arguments) { context.reply.bulk($0) }
      let names = KeySpec.Flags.names.filter { key.flags.contains($0.0) }
      context.reply.set(names.count)
      for (_, name) in names { context.replyLine(name) }
    }
  }
}

/// Finding the keys of a command that is given as arguments.
enum CommandKeys {
  struct Key {
    /// Among the arguments, the command's name first.
    var position: Int
    let flags: KeySpec.Flags
    /// Makes the key's name from the argument; nil: the argument is the key.
    var template: KeyTemplate?

    /// Calls `body` with the key's name.
    func withName<Result>(in arguments: Arguments, _ body: (ByteView) -> Result) -> Result {
      guard let template else { return body(arguments[position]) }
      return template.name(for: arguments[position]).withByteView(body)
    }
  }

  /// Where the command that COMMAND GETKEYS is asked about begins.
  private static let offset = 2

  /// The keys of the command that COMMAND GETKEYS is asked about, with their positions among
  /// COMMAND GETKEYS' own arguments.
  static func find(_ context: borrowing CommandContext) throws(CommandError) -> [Key] {
    let arguments = context.arguments.dropFirst(offset)
    let catalog = CommandDescriptions(server: context.server)
    guard let index = catalog.find(command: arguments) else {
      throw .fixed("ERR Invalid command specified")
    }
    let spec = context.server.state.pointee.commands.specs[index]
    guard spec.keys.contains(where: { !$0.flags.contains(.notKey) }) else {
      throw .fixed("ERR The command has no key arguments")
    }
    guard context.server.state.pointee.commands[index].accepts(argumentCount: arguments.count)
    else { throw .fixed("ERR Invalid number of arguments specified for command") }
    let keys = find(of: spec, in: arguments)
    guard !keys.isEmpty || spec.flags.contains(.noMandatoryKeys) else {
      throw .fixed("ERR Invalid arguments specified for command")
    }
    return keys.map { key in
      var moved = key
      moved.position += offset
      return moved
    }
  }

  /// The keys among the arguments of a command; none where they do not fit.
  ///
  /// - Complexity: O(arguments)
  static func find(of spec: CommandSpec, in arguments: Arguments) -> [Key] {
    var keys: [Key] = []
    for keySpec in spec.keys where !keySpec.flags.contains(.notKey) {
      let flags = keySpec.flags.subtracting([.incomplete, .variable])
      _ = keySpec.forEachPosition(in: arguments) {
        keys.append(Key(position: $0, flags: flags, template: keySpec.template))
      }
    }
    adjust(&keys, of: spec.name, arguments)
    return keys
  }

  /// What depends on a command's options.
  private static func adjust(_ keys: inout [Key], of name: String, _ arguments: Arguments) {
    func has(_ word: StaticString, from first: Int) -> Bool {
      (first..<max(first, arguments.count)).contains { arguments[$0].equalsIgnoringCase(word) }
    }
    guard let first = keys.first else { return }
    switch name {
    case "MIGRATE":
      let flags = first.flags
      keys = migratedKeys(arguments).map { Key(position: $0, flags: flags) }
    case "SET":
      // The value is no option.
      let flags: KeySpec.Flags =
        has("GET", from: 3) ? [.readWrite, .access, .update] : [.overwrite, .update]
      keys[0] = Key(position: first.position, flags: flags)
    case "BITFIELD":
      let writes = has("SET", from: 2) || has("INCRBY", from: 2)
      keys[0] = Key(
        position: first.position,
        flags: writes ? [.readWrite, .access, .update] : [.readOnly, .access])
    case "SORT":
      // The last STORE counts.
      for position in (2..<max(2, arguments.count - 1)).reversed()
      where arguments[position].equalsIgnoringCase("STORE") {
        keys.append(Key(position: position + 1, flags: [.overwrite, .update]))
        break
      }
    default: break
    }
  }

  /// Where MIGRATE's keys stand: behind KEYS, which may be a password, too.
  private static func migratedKeys(_ arguments: Arguments) -> Range<Int> {
    var index = 6
    while index < arguments.count {
      if arguments[index].equalsIgnoringCase("KEYS") {
        return arguments[3].isEmpty ? index + 1..<arguments.count : 3..<3
      }
      let isAuth = arguments[index].equalsIgnoringCase("AUTH")
      index += isAuth ? 2 : arguments[index].equalsIgnoringCase("AUTH2") ? 3 : 1
    }
    return 3..<4
  }
}
