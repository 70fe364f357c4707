internal import Bytes
internal import CacheCore
internal import RESP

private let functionArguments = [
  ArgumentSpec("function", .string), ArgumentSpec("numkeys", .integer),
  ArgumentSpec("key", .key, key: 0, optional: true, multiple: true),
  ArgumentSpec("arg", .string, optional: true, multiple: true),
]

/// FCALL: calls a function.
enum FCallCommand: Command {
  static let spec = CommandSpec(
    "FCALL", since: "7.0.0", group: .scripting, arity: -3,
    flags: [.noScript, .skipMonitor, .mayReplicate, .noMandatoryKeys, .stale, .movableKeys],
    categories: [.scripting],
    keys: [.counted(at: 2, [.readWrite, .access, .update])], access: .selfLocking,
    summary: "Calls a function, with nothing else in between.",
    complexity: "Depends on the function", arguments: functionArguments,
    example: """
      > FCALL nothing 0
      (error) ERR Function not found
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.callFunction(isReadOnly: false)
  }
}

/// FCALL_RO: calls a function that changes nothing.
enum FCallROCommand: Command {
  static let spec = CommandSpec(
    "FCALL_RO", since: "7.0.0", group: .scripting, arity: -3,
    flags: [.noScript, .skipMonitor, .noMandatoryKeys, .stale, .readonly, .movableKeys],
    categories: [.scripting],
    keys: [.counted(at: 2, [.readOnly, .access])], access: .selfLocking,
    summary: "Calls a function that may only read.",
    complexity: "Depends on the function", arguments: functionArguments)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.callFunction(isReadOnly: true)
  }
}
