internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// TIME: the server's clock.
enum TimeCommand: Command {
  static let spec = CommandSpec(
    "TIME", since: "2.6.0", group: .server, arity: 1,
    flags: [.loading, .stale, .fast],
    summary: "Returns the time as Unix seconds and the microseconds of the second.",
    complexity: "O(1)",
    tips: ["nondeterministic_output"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let microseconds = Clock.wallMicroseconds
    context.reply.array(2)
    context.reply.bulk(microseconds / 1_000_000)
    context.reply.bulk(microseconds % 1_000_000)
  }
}

/// LASTSAVE: when the data was last saved. Nothing is saved so far, which Redis too answers with
/// the time it was started.
enum LastSaveCommand: Command {
  static let spec = CommandSpec(
    "LASTSAVE", since: "1.0.0", group: .server, arity: 1,
    flags: [.loading, .stale, .fast],
    categories: [.admin, .dangerous],
    summary: "Returns the Unix time of the last save, or of the start before the first.",
    complexity: "O(1)",
    tips: ["nondeterministic_output"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(context.server.state.pointee.identity.startedAt / 1000)
  }
}
