internal import Bytes
internal import CacheCore
internal import RESP

/// What the commands on sorted sets share.
extension CommandContext {
  /// When a sorted set stops being a listpack, as configured.
  var sortedSetLimits: SortedSetLimits {
    SortedSetLimits(
      listpackEntriesMax: server.state.pointee.configuration.sortedSetListpackEntriesMax,
      listpackValueBytesMax: server.state.pointee.configuration.sortedSetListpackValueBytesMax)
  }

  /// The sorted set at `key` for reading; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  func sortedSet(_ key: HashedKey) throws(CommandError) -> SortedSet? {
    guard let object = try object(key, .sortedSet) else { return nil }
    return SortedSet(object)
  }

  /// The same for changing.
  @inline(__always)
  func sortedSetForWriting(_ key: HashedKey) throws(CommandError) -> SortedSet? {
    guard let object = try objectForWriting(key, .sortedSet) else { return nil }
    return SortedSet(object)
  }

  /// The arguments at two positions as the ends of a range of scores.
  func scoreRange(min: Int, max: Int) throws(CommandError) -> ScoreRange {
    guard let range = ScoreRange(min: self[min], max: self[max]) else {
      throw .fixed("ERR min or max is not a float")
    }
    return range
  }

  /// The arguments at two positions as the ends of a range of members.
  func lexRange(min: Int, max: Int) throws(CommandError) -> LexRange {
    guard let range = LexRange(min: self[min], max: self[max]) else {
      throw .fixed("ERR min or max not valid string range item")
    }
    return range
  }

  /// Answers with the members of a range of ranks.
  ///
  /// - Parameter withScores: each with its score: as a pair in RESP3, as two elements in RESP2.
  func reply(
    _ set: SortedSet, _ ranks: Range<Int>, reversed: Bool = false, withScores: Bool
  ) {
    let arePairs = withScores && reply.version == .resp3
    reply.array(withScores && !arePairs ? ranks.count * 2 : ranks.count)
    var cursor = set.cursor(over: ranks, reversed: reversed)
    while let element = cursor.next() {
      if arePairs { reply.array(2) }
      reply.bulk(element.member)
      if withScores { reply.double(element.score) }
    }
  }

  /// Takes note that members were removed from the first key's set, which goes when it is empty.
  func membersWereRemoved(from set: SortedSet, at key: HashedKey, _ event: StaticString) {
    changed(key, event, .sortedSet)
    if set.count == 0 { removeEmptied(key) }
  }

  /// Puts a result in the place of whatever `key` held, and answers with its count. An empty one
  /// removes the key.
  ///
  /// - Parameter result: passes to the key space.
  func store(
    _ result: SortedSet, at key: HashedKey, _ event: StaticString
  ) throws(CommandError) {
    let count = result.count
    if count == 0 {
      result.object.destroy()
      _ = remove(key, event: "del")
    } else {
      try storeObject(result.object, at: key, event, .sortedSet)
    }
    reply.integer(count)
  }
}
