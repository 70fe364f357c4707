internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer

/// CACHE.INVALIDATE: the container of its subcommands.
enum CacheInvalidate: Command {
  static let spec = CommandSpec(
    "CACHE.INVALIDATE", since: "1.0.0", group: .cache, arity: -2,
    summary: "A container for the ways to invalidate what is cached.",
    complexity: "Depends on subcommand.")

  static func run(_ context: inout CommandContext) throws(CommandError) { throw .syntax }
}

/// CACHE.INVALIDATE HELP
enum CacheInvalidateHelp: Command {
  static let spec = CommandSpec(
    "CACHE.INVALIDATE|HELP", since: "1.0.0", group: .cache, arity: 2,
    flags: [.loading, .stale], summary: "Returns help about the subcommands.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "KEY <key> [<key> ...]", "    Remove keys and end their leases.",
      "TAG <tag> [<tag> ...]", "    Remove all keys that have one of the tags.",
      "PREFIX <prefix>", "    Remove all keys that begin with the prefix, in steps.",
    ])
  }
}

/// CACHE.INVALIDATE KEY
enum CacheInvalidateKey: Command {
  static let spec = CommandSpec(
    "CACHE.INVALIDATE|KEY", since: "1.0.0", group: .cache, arity: -3, flags: [.write],
    keys: [.range(from: 2, to: -1, [.removing, .delete])],
    summary: "Removes keys and ends their leases, also those of keys that are not there.",
    complexity: "O(N) with N the number of keys",
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    example: """
      > SET page:1 hello
      OK
      > CACHE.INVALIDATE KEY page:1 page:2
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var removed = 0
    for index in 0..<context.keyCount {
      let key = context[key: index]
      if context.remove(key, event: "del") { removed += 1 }
    }
    context.cache.figures.keyInvalidations.count()
    context.cache.figures.invalidatedKeys.count(removed)
    context.reply.integer(removed)
  }
}

/// CACHE.INVALIDATE TAG
enum CacheInvalidateTag: Command {
  static let spec = CommandSpec(
    "CACHE.INVALIDATE|TAG", since: "1.0.0", group: .cache, arity: -3,
    flags: [.write, .touchesArbitraryKeys], categories: [.keyspace],
    access: .selfLocking,
    summary: """
      Removes all keys that have one of the tags; values read before it can no longer be written \
      with a lease and one of the tags.
      """,
    complexity: "O(N) with N the number of keys that go; more than a few go in steps",
    arguments: [ArgumentSpec("tag", .string, multiple: true)],
    example: """
      > CACHE.SET page:1 hello TAGS 1 news
      OK
      > CACHE.SET page:2 world TAGS 2 news start
      OK
      > CACHE.INVALIDATE TAG news
      (integer) 2
      > EXISTS page:1 page:2
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let tags = try CacheTag.tags(context, from: 2, to: context.count)
    let store = context.cache
    for tag in tags { store.clock.note(tag, database: context.database.rawValue) }
    store.figures.tagInvalidations.count(tags.count)
    Sweep(store, .tags(tags), context).begin(&context)
  }
}

/// CACHE.INVALIDATE PREFIX
enum CacheInvalidatePrefix: Command {
  static let spec = CommandSpec(
    "CACHE.INVALIDATE|PREFIX", since: "1.0.0", group: .cache, arity: 3,
    flags: [.write, .touchesArbitraryKeys], categories: [.keyspace, .dangerous],
    access: .selfLocking,
    summary: """
      Removes all keys that begin with a prefix, in steps between other clients' commands; the \
      reply comes when they are gone.
      """,
    complexity: "O(N) with N the number of keys of the database",
    arguments: [ArgumentSpec("prefix", .string)],
    example: """
      > MSET page:1 hello page:2 world user:1 ann
      OK
      > CACHE.INVALIDATE PREFIX page:
      (integer) 2
      > DBSIZE
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let prefix = context[2].array
    guard !prefix.isEmpty, prefix.count <= CacheRule.prefixBytesMax else {
      throw .made("ERR a prefix has 1 to \(CacheRule.prefixBytesMax) bytes")
    }
    guard context.cache.figures.runningSweeps.total < Sweep.runningMax else {
      throw .made("ERR \(Sweep.runningMax) invalidations are under way already")
    }
    let store = context.cache
    store.figures.prefixInvalidations.count()
    Sweep(store, .prefix(prefix), context).begin(&context)
  }
}
