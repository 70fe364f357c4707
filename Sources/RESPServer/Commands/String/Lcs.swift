internal import Bytes
internal import CacheCore
internal import RESP

/// LCS: the longest common subsequence of two strings.
enum LcsCommand: Command {
  static let spec = CommandSpec(
    "LCS", since: "7.0.0", group: .string, arity: -3,
    flags: [.readonly],
    categories: [.string],
    keys: [.range(from: 1, to: 1, [.readOnly, .access])],
    summary: "Returns the longest common subsequence of two strings, its length or its places.",
    complexity: "O(N*M) with N and M the lengths of the strings",
    arguments: [
      ArgumentSpec("key1", .key, key: 0),
      ArgumentSpec("key2", .key, key: 0),
      ArgumentSpec("len", .pureToken, token: "LEN", optional: true),
      ArgumentSpec("idx", .pureToken, token: "IDX", optional: true),
      ArgumentSpec("min-match-len", .integer, token: "MINMATCHLEN", optional: true),
      ArgumentSpec("withmatchlen", .pureToken, token: "WITHMATCHLEN", optional: true),
    ],
    example: """
      > MSET a ohmytext b mynewtext
      OK
      > LCS a b
      "mytext"
      > LCS a b LEN
      (integer) 6
      """)

  private struct Options {
    var wantsLength = false
    var wantsPlaces = false
    var withLengths = false
    var shortestMatch: Int64 = 0
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let left: ByteView
    let right: ByteView
    do throws(CommandError) {
      left = try context.string(context[key: 0]) ?? .empty
      right = try context.string(context[key: 1]) ?? .empty
    } catch {
      throw .fixed("ERR The specified keys must contain string values")
    }
    let options = try parse(context)
    guard left.count < UInt32.max - 1, right.count < UInt32.max - 1 else {
      throw .fixed("ERR String too long for LCS")
    }
    // Below 2^64, as both factors are below 2^32.
    let cells = (left.count + 1) * (right.count + 1)
    let limit = context.server.state.pointee.configuration.protocolBulkBytesMax
    guard cells <= limit / 4 else {
      throw .fixed(
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
    }
    guard let table = SubsequenceTable(left, right) else {
      throw .fixed("ERR Insufficient memory, failed allocating transient memory for LCS")
    }
    if options.wantsPlaces {
      replyPlaces(context, table, options)
    } else if options.wantsLength {
      context.reply.integer(table.length)
    } else {
      replySubsequence(context, table)
    }
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    var index = 3
    while index < context.count {
      if context.argument(at: index, is: "IDX") {
        options.wantsPlaces = true
      } else if context.argument(at: index, is: "LEN") {
        options.wantsLength = true
      } else if context.argument(at: index, is: "WITHMATCHLEN") {
        options.withLengths = true
      } else if context.argument(at: index, is: "MINMATCHLEN"), index + 1 < context.count {
        options.shortestMatch = max(0, try context.integer(at: index + 1))
        index += 1
      } else {
        throw .syntax
      }
      index += 1
    }
    if options.wantsLength, options.wantsPlaces {
      throw .fixed("ERR If you want both the length and indexes, please just use IDX.")
    }
    return options
  }

  private static func replySubsequence(
    _ context: borrowing CommandContext, _ table: borrowing SubsequenceTable
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, table.length)) { text in
      var end = table.length
      table.forEachMatch { match in
        end -= match.count
        for offset in 0..<match.count {
          text[end + offset] = table.left[match.leftStart + offset]
        }
      }
      assert(end == 0)
      context.reply.bulk(
        ByteView(UnsafeRawBufferPointer(text))[0..<table.length])
    }
  }

  /// The matches, last first, as Redis finds them.
  private static func replyPlaces(
    _ context: borrowing CommandContext, _ table: borrowing SubsequenceTable, _ options: Options
  ) {
    context.reply.map(2)
    context.reply.bulk("matches")
    let start = context.reply.beginArray()
    var count = 0
    table.forEachMatch { match in
      guard match.count >= options.shortestMatch else { return }
      count += 1
      context.reply.array(options.withLengths ? 3 : 2)
      for first in [match.leftStart, match.rightStart] {
        context.reply.array(2)
        context.reply.integer(first)
        context.reply.integer(first + match.count - 1)
      }
      if options.withLengths { context.reply.integer(match.count) }
    }
    context.reply.endArray(start, count: count)
    context.reply.bulk("len")
    context.reply.integer(table.length)
  }
}

/// The table of dynamic programming: cell (i, j) has the length of the longest common subsequence
/// of the left string's first i bytes and the right one's first j.
private struct SubsequenceTable: ~Copyable {
  let left: ByteView
  let right: ByteView
  private let cells: UnsafeMutablePointer<UInt32>
  private let stride: Int

  /// A run of bytes that both strings have.
  struct Match {
    var leftStart: Int
    var rightStart: Int
    var count: Int
  }

  /// Fills a table; nil when there is no memory for it.
  ///
  /// - Complexity: O(left × right)
  init?(_ left: ByteView, _ right: ByteView) {
    self.left = left
    self.right = right
    stride = right.count + 1
    let count = (left.count + 1) * stride
    guard let blob = Blob.allocate(count: count * 4) else { return nil }
    memory = blob
    cells = blob.base.bindMemory(to: UInt32.self, capacity: count)
    for column in 0..<stride { cells[column] = 0 }
    for row in 0..<left.count {
      let above = cells + row * stride
      let here = above + stride
      let byte = left[row]
      here[0] = 0
      for column in 0..<right.count {
        here[column + 1] =
          byte == right[column]
          ? above[column] + 1 : max(above[column + 1], here[column])
      }
    }
  }

  /// Holds the cells; a blob because it says when memory is exhausted.
  private let memory: Blob

  deinit { memory.release() }

  /// The length of the longest common subsequence.
  var length: Int { Int(cells[left.count * stride + right.count]) }

  /// Calls `body` with the runs the subsequence is made of, the last first.
  func forEachMatch(_ body: (Match) -> Void) {
    var match: Match?
    var row = left.count
    var column = right.count
    while row > 0, column > 0 {
      if left[row - 1] == right[column - 1] {
        row -= 1
        column -= 1
        if let run = match, run.leftStart == row + 1, run.rightStart == column + 1 {
          match = Match(leftStart: row, rightStart: column, count: run.count + 1)
        } else {
          if let match { body(match) }
          match = Match(leftStart: row, rightStart: column, count: 1)
        }
      } else if cells[(row - 1) * stride + column] > cells[row * stride + column - 1] {
        row -= 1
      } else {
        column -= 1
      }
    }
    if let match { body(match) }
  }
}
