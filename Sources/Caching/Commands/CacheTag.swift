internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// CACHE.TAG: gives a key tags.
enum CacheTag: Command {
  static let spec = CommandSpec(
    "CACHE.TAG", since: "1.0.0", group: .cache, arity: -3, flags: [.write, .denyOOM, .fast],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Gives a key tags by which it can be invalidated with others.",
    complexity: "O(N) with N the number of tags",
    arguments: [
      ArgumentSpec("key", .key, key: 0), ArgumentSpec("tag", .string, multiple: true),
    ],
    example: """
      > SET page:1 hello
      OK
      > CACHE.TAG page:1 news start
      (integer) 2
      > CACHE.TAG page:1 news
      (integer) 0
      > CACHE.TAG page:2 news
      (integer) 0
      """)

  static let tooMany = CommandError.made(
    "ERR a key has \(TagIndex.tagsOfKeyMax) tags at most")

  /// The arguments from `first` up to `end` as tags.
  static func tags(
    _ context: borrowing CommandContext, from first: Int, to end: Int
  ) throws(CommandError) -> [[UInt8]] {
    var tags: [[UInt8]] = []
    for index in first..<end {
      let tag = context[index]
      guard !tag.isEmpty, tag.count <= TagIndex.tagBytesMax else {
        throw .made("ERR a tag has 1 to \(TagIndex.tagBytesMax) bytes")
      }
      tags.append(tag.array)
    }
    return tags
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let tags = try tags(context, from: 2, to: context.count)
    guard tags.count <= TagIndex.tagsOfKeyMax else { throw tooMany }
    guard context.findForWriting(context.key) != nil else { return context.reply.integer(0) }
    let store = context.cache
    let hash = context.key.hash.rawValue
    store.followKeys()
    let notes = store.notes(context.key.hash, context.database)
    let present = Set(notes.tags.tags(of: hash, context.key.bytes))
    guard present.union(tags).count <= TagIndex.tagsOfKeyMax else { throw tooMany }
    var added = 0
    for tag in tags where notes.tags.add(tag, to: hash, context.key.bytes) { added += 1 }
    store.account(notes)
    context.reply.integer(added)
  }
}

/// CACHE.UNTAG: takes tags from a key.
enum CacheUntag: Command {
  static let spec = CommandSpec(
    "CACHE.UNTAG", since: "1.0.0", group: .cache, arity: -2, flags: [.write, .fast],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Takes tags from a key; all when none is named.",
    complexity: "O(N) with N the number of tags",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("tag", .string, optional: true, multiple: true),
    ],
    example: """
      > SET page:1 hello
      OK
      > CACHE.TAG page:1 news start
      (integer) 2
      > CACHE.UNTAG page:1 news
      (integer) 1
      > CACHE.TAGS page:1
      1) "start"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let tags = try CacheTag.tags(context, from: 2, to: context.count)
    let key = context.key
    guard context.findForWriting(key) != nil,
      let notes = context.cache.existing(key.hash, context.database)
    else { return context.reply.integer(0) }
    var removed = 0
    if tags.isEmpty {
      removed = notes.tags.removeKey(key.hash.rawValue, key.bytes)
    } else {
      for tag in tags where notes.tags.remove(tag, from: key.hash.rawValue, key.bytes) {
        removed += 1
      }
    }
    context.cache.account(notes)
    context.reply.integer(removed)
  }
}

/// CACHE.TAGS: the tags of a key.
enum CacheTags: Command {
  static let spec = CommandSpec(
    "CACHE.TAGS", since: "1.0.0", group: .cache, arity: 2, flags: [.readonly, .fast],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Returns the tags of a key.",
    complexity: "O(N) with N the number of tags",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > CACHE.SET page:1 hello TAGS 1 news
      OK
      > CACHE.TAGS page:1
      1) "news"
      > SET page:1 new
      OK
      > CACHE.TAGS page:1
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let key = context.key
    // A due key goes now, and its tags with it.
    let isThere = context.peek(key) != nil
    let notes = context.cache.existing(key.hash, context.database)
    let tags = isThere ? notes?.tags.tags(of: key.hash.rawValue, key.bytes) ?? [] : []
    context.reply.set(tags.count)
    for tag in tags { context.reply.bulk(tag) }
  }
}

/// CACHE.KEYS: the keys that have a tag.
enum CacheKeys: Command {
  private static let limitDefault: Int64 = 10_000

  static let spec = CommandSpec(
    "CACHE.KEYS", since: "1.0.0", group: .cache, arity: -2,
    flags: [.readonly, .touchesArbitraryKeys], categories: [.keyspace], access: .selfLocking,
    summary: "Returns keys that have a tag, 10,000 at most unless LIMIT says otherwise.",
    complexity: "O(N) with N the number of keys returned",
    arguments: [
      ArgumentSpec("tag", .string),
      ArgumentSpec("count", .integer, token: "LIMIT", optional: true),
    ],
    tips: ["nondeterministic_output_order"],
    example: """
      > CACHE.SET page:1 hello TAGS 1 news
      OK
      > CACHE.KEYS news
      1) "page:1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let tags = try CacheTag.tags(context, from: 1, to: 2)
    var left = limitDefault
    if context.count > 2 {
      guard context.count == 4, context.argument(at: 2, is: "LIMIT") else { throw .syntax }
      left = try context.integer(at: 3, in: 1...1_000_000)
    }
    let start = context.reply.beginArray()
    var count = 0
    for number in 0..<ShardIndex.count where left > 0 {
      let shard = ShardIndex(rawValue: UInt8(number))
      context.keyspace.lock(shard)
      context.cache.existing(shard, context.database)?.tags.forEachKey(
        ofTag: tags[0], limit: Int(left)
      ) { name, _ in
        context.reply.bulk(name)
        count += 1
        left -= 1
      }
      context.keyspace.unlock(shard)
    }
    context.reply.endArray(start, count: count)
  }
}
