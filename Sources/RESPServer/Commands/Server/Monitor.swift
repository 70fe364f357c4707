internal import Bytes
internal import CacheCore
internal import RESP

/// MONITOR: shows every command that the server executes.
enum MonitorCommand: Command {
  static let spec = CommandSpec(
    "MONITOR", since: "1.0.0", group: .server, arity: 1,
    flags: [.admin, .noScript, .loading, .stale],
    access: .exclusive,
    summary: "Lets the client see all commands of all clients as they are executed.",
    complexity: "O(1), and a message for each command from then on")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard !context.isInTransaction else {
      throw .fixed("ERR MONITOR isn't allowed for DENY BLOCKING client")
    }
    // A client that monitors already gets no second answer, as in Redis.
    guard !context.connection.flags.contains(.monitors) else { return }
    // Messages need a session, see `EventLoop.isWithinHardLimit`.
    _ = context.connection.session
    context.loop.startMonitoring(context.connection)
    context.reply.ok()
  }
}
