internal import Bytes
internal import RESP

/// What HSCAN, SSCAN and ZSCAN take behind the key: a cursor, MATCH, COUNT, and NOVALUES for HSCAN.
struct CollectionScan {
  let cursor: UInt64
  var pattern: ByteView?
  /// About how many elements are wanted.
  var count = 10
  var skipsValues = false

  /// Reads the cursor, which is complained about even if there is no such key.
  init(cursorOf context: borrowing CommandContext) throws(CommandError) {
    guard let cursor = IntegerText.parseCursor(context[2]) else {
      throw .fixed("ERR invalid cursor")
    }
    self.cursor = cursor
  }

  /// Reads the options behind the cursor, which nobody complains about if there is no such key.
  mutating func parseOptions(
    _ context: borrowing CommandContext, allowsNoValues: Bool = false
  ) throws(CommandError) {
    var index = 3
    while index < context.count {
      if allowsNoValues, context.argument(at: index, is: "NOVALUES") {
        skipsValues = true
        index += 1
        continue
      }
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "MATCH") {
        let given = context[index + 1]
        pattern = given == "*" ? nil : given
      } else if context.argument(at: index, is: "COUNT") {
        count = Int(try context.integer(at: index + 1))
        guard count >= 1 else { throw .syntax }
      } else {
        throw .syntax
      }
      index += 2
    }
  }

  /// Whether an element with this text is wanted.
  func matches(_ text: ByteView) -> Bool {
    pattern.map { Glob.matches($0, text) } ?? true
  }
}

extension CommandContext {
  /// Answers a scan of what is not there.
  func replyEmptyScan() {
    reply.array(2)
    reply.bulk("0")
    reply.array(0)
  }
}

extension ArgumentSpec {
  /// What all scans of a collection take.
  static let collectionScan = [
    ArgumentSpec("key", .key, key: 0),
    ArgumentSpec("cursor", .integer),
    ArgumentSpec("pattern", .pattern, token: "MATCH", optional: true),
    ArgumentSpec("count", .integer, token: "COUNT", optional: true),
  ]
}
