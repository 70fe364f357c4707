internal import Bytes
internal import CacheCore
internal import RESP

extension CommandContext {
  /// What the configuration says about nodes of lists.
  var listLimits: ListLimits {
    let state = server.state
    return ListLimits(
      listpackSize: state.pointee.configuration.listListpackSize,
      plainBytesMin: state.pointee.listPlainBytesMin,
      compressDepth: state.pointee.configuration.listCompressDepth)
  }

  /// The list at `key` for reading; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  func list(_ key: HashedKey) throws(CommandError) -> ListObject? {
    // Without `map`: of a nil it writes the first word alone, and unoptimised code that
    // reads the optional in memory compares both.
    guard let found = try object(key, .list) else { return nil }
    return ListObject(found)
  }

  /// The list at `key` for changing; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  func listForWriting(_ key: HashedKey) throws(CommandError) -> ListObject? {
    guard let found = try objectForWriting(key, .list) else { return nil }
    return ListObject(found)
  }

  /// The end that LEFT or RIGHT at `index` names.
  ///
  /// - Throws: a syntax error for anything else.
  func listEnd(at index: Int) throws(CommandError) -> ListEnd {
    if argument(at: index, is: "LEFT") { return .head }
    if argument(at: index, is: "RIGHT") { return .tail }
    throw .syntax
  }

  /// Answers with `count` elements from an end on, or fewer where there are no more, and takes them
  /// out of the list at `key`, which is not empty.
  func popElements(_ list: ListObject, at key: HashedKey, from end: ListEnd, count: Int) {
    let total = list.count
    let count = min(count, total)
    let start = end == .head ? 0 : total - 1
    reply.array(count)
    list.forEach(from: start, count: count, backwards: end == .tail) { reply.bulk($0) }
    list.removeRange(from: end == .head ? 0 : total - count, count: count)
    finishRemoval(list, at: key, end == .head ? "lpop" : "rpop")
  }

  /// Answers with the element at an end and takes it out of the list at `key`, which is not empty.
  @inline(__always)
  func popElement(_ list: ListObject, at key: HashedKey, from end: ListEnd) {
    reply.bulk(list.value(at: end))
    list.removeEnd(end)
    finishRemoval(list, at: key, end == .head ? "lpop" : "rpop")
  }

  /// Announces that elements are gone; the key goes with the last one.
  @inline(__always)
  func finishRemoval(_ list: ListObject, at key: HashedKey, _ event: StaticString) {
    let isEmpty = list.count == 0
    if !isEmpty { list.settle(isShrinking: true, listLimits) }
    changed(key, event, .list)
    if isEmpty { removeEmptied(key) }
  }

  /// The argument at `index` as a number that is not negative.
  func positiveInteger(at index: Int) throws(CommandError) -> Int {
    Int(
      try integer(
        at: index, in: 0...Int64.max,
        orThrow: .fixed("ERR value is out of range, must be positive")))
  }
}

extension ListObject {
  /// The elements from `start` to `stop`, both counted from the end when negative and cut to what
  /// there is; empty when there are none.
  func range(from start: Int64, to stop: Int64) -> Range<Int> {
    let count = Int64(count)
    let first = max(0, start < 0 ? start &+ count : start)
    let last = min(count - 1, stop < 0 ? stop &+ count : stop)
    return first <= last ? Int(first)..<Int(last) + 1 : 0..<0
  }
}
