internal import Bytes
internal import CacheCore
internal import RESP

/// XSETID: sets what a stream remembers of its past.
enum XSetIDCommand: Command {
  static let spec = CommandSpec(
    "XSETID", since: "5.0.0", group: .stream, arity: -3,
    flags: [.write, .denyOOM, .fast],
    categories: [.stream],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets the last ID of a stream, and its counters; replication uses it.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("last-id", .string),
      ArgumentSpec(
        "entries-added", .integer, token: "ENTRIESADDED", since: "7.0.0", optional: true),
      ArgumentSpec(
        "max-deleted-id", .string, token: "MAXDELETEDID", since: "7.0.0", optional: true),
    ],
    history: [("7.0.0", "Takes ENTRIESADDED and MAXDELETEDID.")],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XSETID news 5-0
      OK
      > XADD news 5-* title World
      "5-1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let id = try context.streamID(at: 2)
    var entriesAdded: Int?
    var maxDeletedID: StreamID?
    var index = 3
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "ENTRIESADDED") {
        let number = try context.integer(at: index + 1)
        guard number >= 0 else { throw .fixed("ERR entries_added must be positive") }
        entriesAdded = Int(number)
      } else if context.argument(at: index, is: "MAXDELETEDID") {
        let deleted = try context.streamID(at: index + 1)
        guard id >= deleted else { throw .fixed(smallerThanDeleted) }
        maxDeletedID = deleted == .zero ? nil : deleted
      } else {
        throw .syntax
      }
      index += 2
    }
    guard let stream = try context.streamForWriting(context.key) else { throw .noSuchKey }
    if let last = stream.lastEntryID {
      guard id >= last else {
        throw .fixed(
          "ERR The ID specified in XSETID is smaller than the target stream top item")
      }
      guard entriesAdded ?? .max >= stream.count else { throw .fixed(smallerThanLength) }
    }
    stream.setFacts(lastID: id, entriesAdded: entriesAdded, maxDeletedID: maxDeletedID)
    context.changedAround(context.key, "xsetid")
    context.reply.ok()
  }

  private static let smallerThanDeleted: StaticString = """
    ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id
    """
  private static let smallerThanLength: StaticString = """
    ERR The entries_added specified in XSETID is smaller than the target stream length
    """
}
