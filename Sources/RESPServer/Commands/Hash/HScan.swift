internal import Bytes
internal import CacheCore
internal import RESP

/// HSCAN: all fields of a hash, some at a time.
enum HScanCommand: Command {
  static let spec = CommandSpec(
    "HSCAN", since: "2.8.0", group: .hash, arity: -3,
    flags: [.readonly],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Walks through the fields of a hash: each call returns the cursor for the next.",
    complexity: "O(COUNT) for a call, O(N) for a walk through N fields",
    arguments: ArgumentSpec.collectionScan + [
      ArgumentSpec("novalues", .pureToken, token: "NOVALUES", optional: true)
    ],
    tips: ["nondeterministic_output"],
    example: """
      > HSET user:1 name Ann city Ulm
      (integer) 2
      > HSCAN user:1 0 MATCH n*
      1) "0"
      2) 1) "name"
         2) "Ann"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var scan = try CollectionScan(cursorOf: context)
    guard let hash = try context.hashForReading(context.key) else {
      return context.replyEmptyScan()
    }
    try scan.parseOptions(context, allowsNoValues: true)
    let page = context.reply.beginPage()
    var count = 0
    let next = hash.scan(from: scan.cursor, count: scan.count) { field, value in
      guard field.withText({ scan.matches($0) }) else { return }
      context.reply.bulk(field)
      count += 1
      if scan.skipsValues { return }
      context.reply.bulk(value)
      count += 1
    }
    context.reply.endPage(page, cursor: next, count: count)
  }
}
