internal import Bytes
internal import CacheCore
internal import Logging
internal import RESP

/// SHUTDOWN: ends the server.
enum ShutdownCommand: Command {
  static let spec = CommandSpec(
    "SHUTDOWN", since: "1.0.0", group: .server, arity: -1,
    flags: [.admin, .noScript, .loading, .stale, .noMulti, .allowBusy],
    summary: "Ends the server; open connections are closed, data is gone.",
    complexity: "O(clients)",
    arguments: [
      ArgumentSpec(
        "abort-selector", .oneOf, optional: true,
        parts: [
          ArgumentSpec(
            "save-selector-block", .block,
            parts: [
              ArgumentSpec(
                "save-selector", .oneOf, optional: true,
                parts: [
                  ArgumentSpec("nosave", .pureToken, token: "NOSAVE"),
                  ArgumentSpec("save", .pureToken, token: "SAVE"),
                ]),
              ArgumentSpec("now", .pureToken, token: "NOW", since: "7.0.0", optional: true),
              ArgumentSpec("force", .pureToken, token: "FORCE", since: "7.0.0", optional: true),
            ]),
          ArgumentSpec("abort", .pureToken, token: "ABORT", since: "7.0.0"),
        ])
    ],
    history: [("7.0.0", "Takes NOW, FORCE and ABORT.")])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (options, aborts) = try parse(context)
    // Stopping takes no time in which it could be called off.
    if aborts { throw .fixed("ERR No shutdown in progress.") }
    let server = context.server
    // As where a save fails: who wants data kept must say that it may go.
    let wantsSave = options.contains(.save) || !server.configuration.savePoints.isEmpty
    if wantsSave, options.isDisjoint(with: [.noSave, .force]) {
      server.log.warning("Not shutting down: this server cannot save data yet. Use NOSAVE.")
      throw .fixed("ERR Errors trying to SHUTDOWN. Check logs.")
    }
    server.log.notice("User requested shutdown", metadata: ["client": "\(context.clientID)"])
    context.loop.close(context.connection)
    server.stop()
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> (ShutdownOptions, aborts: Bool) {
    var options: ShutdownOptions = []
    var aborts = false
    for index in 1..<max(1, context.count) {
      if context.argument(at: index, is: "NOSAVE") {
        options.insert(.noSave)
      } else if context.argument(at: index, is: "SAVE") {
        options.insert(.save)
      } else if context.argument(at: index, is: "NOW") {
        options.insert(.now)
      } else if context.argument(at: index, is: "FORCE") {
        options.insert(.force)
      } else if context.argument(at: index, is: "ABORT") {
        aborts = true
      } else {
        throw .syntax
      }
    }
    if aborts, !options.isEmpty { throw .syntax }
    if options.isSuperset(of: [.save, .noSave]) { throw .syntax }
    return (options, aborts)
  }
}
