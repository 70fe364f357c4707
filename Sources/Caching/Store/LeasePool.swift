internal import Bytes

/// A right to write a key, given to the one client that is to fetch the value anew.
struct Lease {
  /// What the holder shows when it writes.
  let token: UInt64
  /// Cache time in milliseconds at which it ends.
  let endsAt: Int64
  /// Where the row of tag invalidations stood when it was given.
  let sequence: UInt64
  let hash: UInt64
  let name: [UInt8]
}

/// The leases of one shard and database: at most one a key, at most `capacity` in all.
///
///     leases   [0] … [n - 1]     byHash   hash → index     hand   where room is made next
///
/// A lease ends when its time is up, when its holder writes, or when the key is changed or
/// invalidated by anybody: then whoever holds it has read what is old by now, and is refused (such
/// leases are Facebook's, "Scaling Memcache at Facebook", NSDI 2013). One whose time is up is
/// overlooked and its place used again. When all places are taken by leases that live, the hand
/// takes one of eight that it meets, the one that would end first: its holder will be refused,
/// which costs a reload and nothing else.
struct LeasePool {
  private var leases: [Lease?] = []
  private var free: [Int] = []
  private var byHash = HashMap()
  private var hand = 0
  private var nameBytes = 0

  /// Leases held, those included whose time is up and whose place nobody has wanted yet.
  private(set) var count = 0

  /// Bytes held.
  var byteCount: Int {
    leases.capacity * MemoryLayout<Lease?>.stride + free.capacity * 8 + byHash.byteCount + nameBytes
  }

  /// The lease of a key; nil when there is none that lives.
  func find(_ hash: UInt64, _ name: ByteView, now: Int64) -> Lease? {
    guard let index = byHash[hash], let lease = leases[Int(index)], lease.endsAt > now else {
      return nil
    }
    return lease.name.withByteView { $0 == name } ? lease : nil
  }

  /// Gives a lease to a key that has none that lives.
  ///
  /// - Returns: whether another's that lives had to go for it.
  mutating func add(_ lease: Lease, capacity: Int, now: Int64) -> Bool {
    var hasDisplaced = false
    remove(lease.hash)
    if free.isEmpty, leases.count >= max(1, capacity) { hasDisplaced = makeRoom(now: now) }
    let index: Int
    if let place = free.popLast() {
      index = place
      leases[index] = lease
    } else {
      index = leases.count
      leases.append(lease)
    }
    byHash[lease.hash] = UInt64(index)
    nameBytes += lease.name.count + 32
    count += 1
    return hasDisplaced
  }

  /// Ends a key's lease.
  ///
  /// - Returns: whether there was one, perhaps one whose time was up.
  @discardableResult
  mutating func remove(_ hash: UInt64) -> Bool {
    guard let index = byHash[hash] else { return false }
    byHash[hash] = nil
    nameBytes -= (leases[Int(index)]?.name.count ?? 0) + 32
    leases[Int(index)] = nil
    free.append(Int(index))
    count -= 1
    if count == 0 { self = LeasePool() }
    return true
  }

  /// Ends the leases of all keys whose name `isMeant`.
  ///
  /// - Returns: how many.
  /// - Complexity: O(places)
  mutating func removeAll(where isMeant: ([UInt8]) -> Bool) -> Int {
    let meant = leases.compactMap { $0 }.filter { isMeant($0.name) }
    for lease in meant { remove(lease.hash) }
    return meant.count
  }

  private mutating func makeRoom(now: Int64) -> Bool {
    var first: Lease?
    for _ in 0..<min(8, leases.count) {
      hand = (hand + 1) % leases.count
      guard let lease = leases[hand] else { continue }
      if first.map({ lease.endsAt < $0.endsAt }) ?? true { first = lease }
    }
    guard let first else { return false }
    remove(first.hash)
    return first.endsAt > now
  }

  /// Checks that each lease is found by its hash and that counts are right.
  func checkInvariants() {
    byHash.checkInvariants()
    var found = 0
    var bytes = 0
    for (index, lease) in leases.enumerated() {
      guard let lease else { continue }
      found += 1
      bytes += lease.name.count + 32
      precondition(byHash[lease.hash] == UInt64(index), "a lease is not found")
    }
    precondition(found == count && byHash.count == count, "the count of leases is wrong")
    precondition(free.count + count == leases.count, "a place is lost")
    precondition(bytes == nameBytes, "the names' bytes are wrong")
  }
}
