internal import Bytes
internal import CacheCore
internal import RESP

/// Facts that the commands which run scripts share.
private enum EvalFacts {
  static let flags: CommandFlags = [
    .noScript, .skipMonitor, .noMandatoryKeys, .stale, .movableKeys,
  ]

  static func keys(_ flags: KeySpec.Flags) -> [KeySpec] { [.counted(at: 2, flags)] }

  static func arguments(_ script: String) -> [ArgumentSpec] {
    [
      ArgumentSpec(script, .string), ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, optional: true, multiple: true),
      ArgumentSpec("arg", .string, optional: true, multiple: true),
    ]
  }
}

extension CommandContext {
  fileprivate func evaluateText(isReadOnly: Bool) throws(CommandError) {
    try evaluate(isReadOnly: isReadOnly) { engine, context throws(CommandError) in
      try engine.script(context[1], hash: context.hash(context[1]).hash.rawValue)
    }
  }

  fileprivate func evaluateDigest(isReadOnly: Bool) throws(CommandError) {
    guard let digest = ScriptDigest(self[1]) else { throw Self.noScript }
    try evaluate(isReadOnly: isReadOnly) { engine, _ throws(CommandError) in
      guard let script = try engine.script(digest) else { throw Self.noScript }
      return script
    }
  }

  private static var noScript: CommandError {
    .fixed("NOSCRIPT No matching script. Please use EVAL.")
  }
}

/// EVAL: runs a script.
enum EvalCommand: Command {
  static let spec = CommandSpec(
    "EVAL", since: "2.6.0", group: .scripting, arity: -3,
    flags: EvalFacts.flags.union(.mayReplicate), categories: [.scripting],
    keys: EvalFacts.keys([.readWrite, .access, .update]), access: .selfLocking,
    summary: "Runs a Lua script, with nothing else in between.",
    complexity: "Depends on the script",
    arguments: EvalFacts.arguments("script"),
    example: """
      > EVAL "return redis.call('SET', KEYS[1], ARGV[1])" 1 a 5
      OK
      > EVAL "return redis.call('INCRBY', KEYS[1], ARGV[1])" 1 a 37
      (integer) 42
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.evaluateText(isReadOnly: false)
  }
}

/// EVAL_RO: runs a script that changes nothing.
enum EvalROCommand: Command {
  static let spec = CommandSpec(
    "EVAL_RO", since: "7.0.0", group: .scripting, arity: -3,
    flags: EvalFacts.flags.union(.readonly), categories: [.scripting],
    keys: EvalFacts.keys([.readOnly, .access]), access: .selfLocking,
    summary: "Runs a Lua script that may only read.",
    complexity: "Depends on the script",
    arguments: EvalFacts.arguments("script"),
    example: """
      > SET a 5
      OK
      > EVAL_RO "return redis.call('GET', KEYS[1])" 1 a
      "5"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.evaluateText(isReadOnly: true)
  }
}

/// EVALSHA: runs a script that is known.
enum EvalSHACommand: Command {
  static let spec = CommandSpec(
    "EVALSHA", since: "2.6.0", group: .scripting, arity: -3,
    flags: EvalFacts.flags.union(.mayReplicate), categories: [.scripting],
    keys: EvalFacts.keys([.readWrite, .access, .update]), access: .selfLocking,
    summary: "Runs a script that the server has seen, by the SHA-1 of its text.",
    complexity: "Depends on the script",
    arguments: EvalFacts.arguments("sha1"),
    example: """
      > SCRIPT LOAD "return ARGV[1]"
      "098e0f0d1448c0a81dafe820f66d460eb09263da"
      > EVALSHA 098e0f0d1448c0a81dafe820f66d460eb09263da 0 hello
      "hello"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.evaluateDigest(isReadOnly: false)
  }
}

/// EVALSHA_RO: runs a script that is known and changes nothing.
enum EvalSHAROCommand: Command {
  static let spec = CommandSpec(
    "EVALSHA_RO", since: "7.0.0", group: .scripting, arity: -3,
    flags: EvalFacts.flags.union(.readonly), categories: [.scripting],
    keys: EvalFacts.keys([.readOnly, .access]), access: .selfLocking,
    summary: "Runs a script that the server has seen and that may only read.",
    complexity: "Depends on the script",
    arguments: EvalFacts.arguments("sha1"))

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.evaluateDigest(isReadOnly: true)
  }
}
