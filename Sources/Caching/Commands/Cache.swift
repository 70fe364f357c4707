internal import RESP
internal import RESPServer

/// CACHE: only help.
enum CacheCommand: Command {
  static let spec = CommandSpec(
    "CACHE", since: "1.0.0", group: .cache, arity: -2,
    summary: "A container for help about caching.", complexity: "Depends on subcommand.")

  static func run(_ context: inout CommandContext) throws(CommandError) { throw .syntax }
}

/// CACHE HELP
enum CacheHelpCommand: Command {
  static let spec = CommandSpec(
    "CACHE|HELP", since: "1.0.0", group: .cache, arity: 2, flags: [.loading, .stale],
    summary: "Returns help about the commands that begin with CACHE.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CACHE.GET <key> [STALE <ms>] [LEASE <ms>] [WAIT <ms>]",
      "    Read a value; one client gets the lease to refresh or load it.",
      "CACHE.SET <key> <value> [TOKEN <token>] [EX|PX|EXAT|PXAT <time>] [STALE <ms>]",
      "    [TAGS <count> <tag> ...]",
      "    Store a value; with a token only while its lease holds.",
      "CACHE.TAG <key> <tag> [<tag> ...], CACHE.UNTAG <key> [<tag> ...]",
      "    Give a key tags, or take them.",
      "CACHE.TAGS <key>, CACHE.KEYS <tag> [LIMIT <count>]",
      "    The tags of a key, the keys of a tag.",
      "CACHE.INVALIDATE KEY|TAG|PREFIX ...",
      "    Remove what is out of date.",
      "CACHE.RULE SET|DEL|LIST|STATS ...",
      "    Rules for prefixes: times, quotas, personal data.",
    ])
  }
}
