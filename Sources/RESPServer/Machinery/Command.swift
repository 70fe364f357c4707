internal import Bytes
internal import RESP

/// A command: what it is called and takes, and what it does.
///
/// One file holds one command (near synonyms together), and one line in `CommandCatalog` registers
/// it; the command table, COMMAND, ACL categories, help and the documentation all come from `spec`.
///
///     enum Echo: Command {
///       static let spec = CommandSpec(
///         "ECHO", since: "1.0.0", group: .connection, arity: 2, flags: [.fast],
///         summary: "Returns the given string.", complexity: "O(1)",
///         arguments: [.string("message")],
///         example: """
///           > ECHO hi
///           "hi"
///           """)
///
///       static func run(_ context: inout CommandContext) throws(CommandError) {
///         context.reply.bulk(context[1])
///       }
///     }
public protocol Command: SendableMetatype {
  /// The command's facts. Read once, when the table is built.
  static var spec: CommandSpec { get }

  /// Does the command and writes exactly one reply (or none, where the spec's commands are known
  /// for it, such as SUBSCRIBE).
  ///
  /// The arity has been checked and the shards of the keys named by `spec.keys` are locked. An
  /// error thrown becomes the reply; nothing may have been written or changed by then.
  static func run(_ context: inout CommandContext) throws(CommandError)
}

/// An error reply.
public enum CommandError: Error {
  /// A text fixed at compile time, starting with its code.
  case fixed(StaticString)

  /// A text made at run time, starting with its code.
  case made(String)
}

extension CommandError {
  /// Texts that many commands share, word for word as in Redis.
  public static let syntax = CommandError.fixed("ERR syntax error")
  public static let wrongType = CommandError.fixed(
    "WRONGTYPE Operation against a key holding the wrong kind of value")
  public static let notInteger = CommandError.fixed(
    "ERR value is not an integer or out of range")
  public static let notInt32 = CommandError.fixed(
    "ERR value is out of range, value must between -2147483648 and 2147483647")
  public static let notFloat = CommandError.fixed("ERR value is not a valid float")
  public static let sameObject = CommandError.fixed(
    "ERR source and destination objects are the same")
  public static let outOfRange = CommandError.fixed("ERR index out of range")
  public static let noSuchKey = CommandError.fixed("ERR no such key")
  public static let stringTooLong = CommandError.fixed(
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)")
  public static let outOfMemory = CommandError.fixed(
    "OOM command not allowed when used memory > 'maxmemory'.")
  public static let databaseIndex = CommandError.fixed("ERR DB index is out of range")
}
