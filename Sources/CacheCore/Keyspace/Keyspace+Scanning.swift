public import Bytes
import Platform

/// SCAN without state on the server.
///
/// A cursor is a position in the order of *bit-reversed* hashes, and the shard in its low 6 bits:
///
///     cursor  | position:32 | shard:6 |       0 starts and ends
///
/// A bucket of depth d holds exactly the hashes that agree in their low d bits, which is a
/// contiguous interval of 2^(32 - d) positions once the bits are reversed. Splitting a bucket
/// halves its interval, merging joins two halves, so what lies before a position stays before it:
/// every key that is present throughout is returned, whatever the table does between the calls.
/// A merge may bring keys back that were returned already; that is allowed.
///
/// The idea of walking a table in bit-reversed order is Pieter Noordhuis's (Redis's dictScan).
extension Keyspace {
  /// Calls `body` with about `count` keys from `cursor` on and returns the next cursor; 0 starts
  /// and ends. Whatever is present throughout is returned. Due keys are passed over and removed.
  /// Locks a shard at a time, and the shard is locked while `body` runs.
  ///
  /// - Complexity: O(`count`), and at most `10 × count + 64` empty buckets or shards.
  public func scan(
    in database: DatabaseIndex, cursor: UInt64, count: Int, now: Int64,
    _ body: (ByteView, EntryHandle) -> Void
  ) -> UInt64 {
    precondition(database.rawValue < engine.databaseCount)
    let count = max(1, count)
    var position = cursor &>> 6 & 0xFFFF_FFFF
    var number = UInt8(truncatingIfNeeded: cursor & 63)
    var found = 0
    // A bound on buckets, for nearly empty tables under a huge COUNT of a hostile client.
    var bucketsLeft = 10 * min(count, 1 << 20) + 64
    while true {
      let index = ShardIndex(rawValue: number)
      let shard = engine.shard(index)
      shard.pointee.lock.acquire()
      let table = shard.pointee.tables + Int(database.rawValue)
      while table.pointee.count > 0 && position <= 0xFFFF_FFFF && found < count && bucketsLeft > 0 {
        // Asked before the visit: removing due keys may merge this bucket with the next.
        let next = table.pointee.positionAfter(position)
        found += engine.visit(position, of: table, in: shard, now: now, body)
        position = next
        bucketsLeft -= 1
      }
      let isDone = table.pointee.count == 0 || position > 0xFFFF_FFFF
      shard.pointee.lock.release()
      if !isDone { return position &<< 6 | UInt64(number) }
      if number == 63 { return 0 }
      number += 1
      position = 0
      bucketsLeft -= 1
      if found >= count || bucketsLeft <= 0 { return UInt64(number) }
    }
  }

  /// Calls `body` with every key that is not due. The caller holds all shards or the gate, and
  /// `body` must not change anything.
  public func forEachKey(
    in database: DatabaseIndex, now: Int64, _ body: (ByteView, EntryHandle) -> Void
  ) {
    precondition(database.rawValue < engine.databaseCount)
    for number in 0..<ShardIndex.count {
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      let table = shard.pointee.tables + Int(database.rawValue)
      for bucket in 0..<table.pointee.bucketCount {
        engine.visit(bucket: bucket, of: table, in: shard, now: now, body)
      }
    }
  }

  /// A copy of some key that is not due; nil when there is none. Locks a shard at a time.
  ///
  /// - Complexity: O(1) as a rule; every bucket is probed at most about once.
  public func randomKey(in database: DatabaseIndex, now: Int64) -> [UInt8]? {
    precondition(database.rawValue < engine.databaseCount)
    let total = count(in: database)
    if total == 0 { return nil }
    // A few draws, each shard as likely as it is full; then every shard in turn.
    for _ in 0..<16 {
      var rest = Int(engine.random() % UInt64(total))
      for number in 0..<ShardIndex.count {
        rest -= engine.racyCount(number, database, Table.countOffset)
        guard rest < 0 else { continue }
        if let key = engine.randomKey(ofShard: number, database, now: now, tries: 16) {
          return key
        }
        break
      }
    }
    for number in 0..<ShardIndex.count {
      if let key = engine.randomKey(ofShard: number, database, now: now, tries: .max) {
        return key
      }
    }
    return nil
  }

  /// Number of keys, due ones included until they are removed. Needs no lock.
  public func count(in database: DatabaseIndex) -> Int {
    engine.racySum(database, Table.countOffset)
  }

  /// Number of keys with an expiry. Needs no lock.
  public func expiringCount(in database: DatabaseIndex) -> Int {
    engine.racySum(database, Table.expiringCountOffset)
  }

  /// Number of collections of which an element has a deadline. The caller has the gate.
  public func timedCount(in database: DatabaseIndex) -> Int {
    (0..<ShardIndex.count).reduce(0) { sum, number in
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      return sum + Int((shard.pointee.tables + Int(database.rawValue)).pointee.timedCount)
    }
  }

  /// Mean time to live of the keys with an expiry, in milliseconds, from a sample of some 100 keys;
  /// 0 when there are none. Locks a shard at a time.
  public func averageTTL(in database: DatabaseIndex, now: Int64) -> Int64 {
    if expiringCount(in: database) == 0 { return 0 }
    var sum: Int64 = 0
    var samples: Int64 = 0
    let start = engine.random()
    for step in 0..<ShardIndex.count where samples < 100 {
      let number = (Int(truncatingIfNeeded: start) &+ step) & 63
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      shard.pointee.lock.acquire()
      let table = shard.pointee.tables + Int(database.rawValue)
      let buckets = table.pointee.bucketCount
      for probe in 0..<min(buckets, 8) {
        let bucket = (UInt32(truncatingIfNeeded: start &>> 32) &+ probe) % buckets
        engine.visit(bucket: bucket, of: table, in: shard, now: now) { _, handle in
          let entry = engine.memory.pointee.entry(handle.rawValue)
          guard let deadline = engine.expiry(of: entry, in: shard) else { return }
          sum += deadline - now
          samples += 1
        }
      }
      shard.pointee.lock.release()
    }
    return samples == 0 ? 0 : sum / samples
  }
}

extension Table {
  /// The position after the interval of the bucket that holds `position`; 2^32 at the end.
  func positionAfter(_ position: UInt64) -> UInt64 {
    assert(bucketCount > 0)
    let number = Self.bucketNumber(of: Self.hash(atPosition: position), count: bucketCount)
    let bits = bucketCount == 1 ? 0 : 32 - (bucketCount &- 1).leadingZeroBitCount
    // With 2^(bits-1) < bucketCount <= 2^bits, a bucket has depth `bits` if it is one of the new
    // half or was split into it, else one less.
    let half = bits == 0 ? 0 : UInt32(1) &<< UInt32(bits - 1)
    let isDeep = bits == 0 || number >= half || number + half < bucketCount
    let depth = isDeep ? bits : bits - 1
    let size = UInt64(1) &<< UInt64(32 - depth)
    return position & ~(size &- 1) &+ size
  }

  /// The hash, as far as buckets are concerned, that a position stands for.
  static func hash(atPosition position: UInt64) -> KeyHash {
    KeyHash(rawValue: UInt64(UInt32(truncatingIfNeeded: position).bitReversed))
  }
}

extension UInt32 {
  /// The bits in opposite order.
  var bitReversed: UInt32 {
    var word = byteSwapped
    word = (word &>> 4) & 0x0F0F_0F0F | (word & 0x0F0F_0F0F) &<< 4
    word = (word &>> 2) & 0x3333_3333 | (word & 0x3333_3333) &<< 2
    return (word &>> 1) & 0x5555_5555 | (word & 0x5555_5555) &<< 1
  }
}

extension Engine {
  /// Visits the bucket that holds `position` and removes what is due in it.
  ///
  /// - Returns: the number of keys visited.
  func visit(
    _ position: UInt64, of table: UnsafeMutablePointer<Table>,
    in shard: UnsafeMutablePointer<Shard>, now: Int64, _ body: (ByteView, EntryHandle) -> Void
  ) -> Int {
    let hash = Table.hash(atPosition: position)
    let bucket = Table.bucketNumber(of: hash, count: table.pointee.bucketCount)
    return visit(bucket: bucket, of: table, in: shard, now: now, removesDue: true, body)
  }

  /// Calls `body` with the keys of a bucket that are not due.
  ///
  /// - Parameter removesDue: whether those that are due are removed afterwards, as a lookup would;
  ///   of more than 16 the rest waits for the next visit.
  @discardableResult
  func visit(
    bucket: UInt32, of table: UnsafeMutablePointer<Table>,
    in shard: UnsafeMutablePointer<Shard>, now: Int64, removesDue: Bool = false,
    _ body: (ByteView, EntryHandle) -> Void
  ) -> Int {
    var visited = 0
    var due = InlineArray<16, UInt32>(repeating: 0)
    var dueCount = 0
    let removesDue = removesDue && !control.pointee.keepsDueKeys
    let hasTimed = table.pointee.timedCount > 0
    table.pointee.forEachHandle(inBucket: bucket, memory) { handle in
      let entry = memory.pointee.entry(handle)
      if entry.expiryWords != 0 && deadline(of: entry, in: shard) <= now
        || hasTimed && areAllElementsDue(of: entry, in: shard, now: now)
      {
        if removesDue && dueCount < 16 {
          due[dueCount] = handle
          dueCount += 1
        }
        return
      }
      visited += 1
      body(entry.key, EntryHandle(rawValue: handle))
    }
    for index in 0..<dueCount {
      let entry = memory.pointee.entry(due[index])
      let hash = memory.pointee.hash(of: entry)
      guard let place = table.pointee.find(handle: due[index], hash: hash, memory) else {
        continue
      }
      let site = Site(shard: shard, table: table)
      if entry.expiryWords != 0 && deadline(of: entry, in: shard) <= now {
        expire(place, hash: hash, at: site, now: now)
      } else {
        _ = removeDueElements(at: place, hash: hash, site, now: now)
      }
    }
    return visited
  }

  /// Looks into random buckets and then into those after them, `tries` in all, until a key that
  /// is not due turns up.
  func randomKey(
    ofShard number: Int, _ database: DatabaseIndex, now: Int64, tries: Int
  ) -> [UInt8]? {
    let shard = shard(ShardIndex(rawValue: UInt8(number)))
    shard.pointee.lock.acquire()
    defer { shard.pointee.lock.release() }
    let table = shard.pointee.tables + Int(database.rawValue)
    let start = random()
    // A complete round removes nothing: merging buckets would make it miss some.
    let isComplete = tries == .max
    for probe in 0..<UInt32(min(tries, Int(table.pointee.bucketCount))) {
      if table.pointee.count == 0 { return nil }
      let bucket = (UInt32(truncatingIfNeeded: start) &+ probe) % table.pointee.bucketCount
      var chosen: UInt32 = 0
      var seen: UInt64 = 0
      visit(
        bucket: bucket, of: table, in: shard, now: now, removesDue: !isComplete
      ) { _, handle in
        seen += 1
        // Each of the bucket's keys is as likely: the n-th replaces with probability 1/n.
        if (start &>> 32 &* 0x9E37_79B9 &+ seen &* 0x85EB_CA6B) % seen == 0 {
          chosen = handle.rawValue
        }
      }
      if chosen != 0 { return memory.pointee.entry(chosen).key.array }
    }
    return nil
  }

  func racyCount(_ shard: Int, _ database: DatabaseIndex, _ offset: Int) -> Int {
    let table =
      self.shard(ShardIndex(rawValue: UInt8(shard))).pointee.tables + Int(database.rawValue)
    return Int(truncatingIfNeeded: racyLoad64(UnsafeRawPointer(table) + offset))
  }

  func racySum(_ database: DatabaseIndex, _ offset: Int) -> Int {
    precondition(database.rawValue < databaseCount)
    var sum = 0
    for number in 0..<ShardIndex.count { sum += racyCount(number, database, offset) }
    return sum
  }
}
