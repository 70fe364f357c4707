internal import Bytes
internal import CacheCore
internal import Platform
internal import Synchronization

/// Which clients have read which keys, and which want to hear of which prefixes: the memory of
/// client-side caching (CLIENT TRACKING).
///
///     shard 0..63   places  hash of key → position in entries
///                   entries [key | first client | others] [...] [...]     dense, in no order
///     prefixes      prefix → clients        lengths  those that occur, in ascending order
///
/// A key counts by its name alone, whatever database it is in, as in Redis: clients cache names.
/// It lies in the shard of its hash, and a shard is touched only under that shard's lock, which
/// readers and changers of the key hold anyway: so of a read and a change of the same key either
/// the read is remembered before the change looks, or it sees the change. Where nobody tracks, a
/// change costs one load (`ServerState.tracksKeys`).
///
/// An entry leaves with the first change: the client has been told, and reads again if it cares.
/// Clients that go stay in their entries and are skipped when these leave.
/// `tracking-table-max-keys` bounds the entries; dense storage makes taking a random one O(1).
///
/// Keys are found by all 64 bits of their keyed hash. Should two keys have the same one, the older
/// entry leaves as if its key had changed, which is always allowed.
///
/// A prefix is found by cutting the key at every length that occurs, so a change costs
/// O(different lengths), however many prefixes there are. Prefixes change with the gate held.
final class TrackingTable: @unchecked Sendable {
  // Sendable: see above for what guards which part.

  /// A key that somebody has read.
  struct Entry {
    let hash: UInt64
    let key: [UInt8]
    /// Most keys are read by one client: it needs no set.
    let first: TrackingClient
    var others: [Int64: TrackingClient] = [:]

    var clientCount: Int { 1 + others.count }

    /// Bytes of memory, roughly.
    var memoryUsage: Int { 160 + key.count + others.count * 32 }
  }

  private struct Shard {
    var entries: [Entry] = []
    var places: [UInt64: Int] = [:]
  }

  private static let shardCount = 64

  private let shards: UnsafeMutablePointer<Shard>
  private let keys = Atomic<Int>(0)
  private let items = Atomic<Int>(0)
  private let nextVictimShard = Atomic<Int>(0)

  /// Clients that track, by number. Changed with the gate held.
  private(set) var clients: [Int64: TrackingClient] = [:]
  /// Clients by the prefix they broadcast for. Changed with the gate held.
  private(set) var prefixes: [[UInt8]: [Int64: TrackingClient]] = [:]
  private var prefixLengths: [Int] = []

  init() {
    shards = .allocate(capacity: Self.shardCount)
    shards.initialize(repeating: Shard(), count: Self.shardCount)
  }

  deinit {
    shards.deinitialize(count: Self.shardCount)
    shards.deallocate()
  }

  /// Number of keys that somebody has read.
  var keyCount: Int { keys.load(ordering: .relaxed) }

  /// Number of pairs of a key and a client.
  var itemCount: Int { items.load(ordering: .relaxed) }

  // MARK: Keys. The caller holds the key's shard's lock.

  /// Remembers that `client` has read `key`.
  ///
  /// - Returns: bytes that the table has grown by; an entry that had to leave.
  /// - Complexity: O(length of the key)
  func remember(_ key: HashedKey, _ client: TrackingClient) -> (bytes: Int, displaced: Entry?) {
    let shard = shards + Int(key.hash.shard.rawValue)
    var displaced: Entry?
    if let place = shard.pointee.places[key.hash.rawValue] {
      if shard.pointee.entries[place].key.withByteView({ $0 == key.bytes }) {
        return (add(client, to: place, of: shard), nil)
      }
      displaced = remove(at: place, of: shard)
    }
    let entry = Entry(hash: key.hash.rawValue, key: key.bytes.array, first: client)
    shard.pointee.places[entry.hash] = shard.pointee.entries.count
    shard.pointee.entries.append(entry)
    keys.wrappingAdd(1, ordering: .relaxed)
    items.wrappingAdd(1, ordering: .relaxed)
    return (entry.memoryUsage - (displaced?.memoryUsage ?? 0), displaced)
  }

  private func add(
    _ client: TrackingClient, to place: Int, of shard: UnsafeMutablePointer<Shard>
  ) -> Int {
    guard shard.pointee.entries[place].first !== client,
      shard.pointee.entries[place].others[client.id] == nil
    else { return 0 }
    shard.pointee.entries[place].others[client.id] = client
    items.wrappingAdd(1, ordering: .relaxed)
    return 32
  }

  /// Takes a changed key out.
  ///
  /// - Complexity: O(length of the key)
  func take(_ key: HashedKey) -> Entry? {
    let shard = shards + Int(key.hash.shard.rawValue)
    guard !shard.pointee.entries.isEmpty, let place = shard.pointee.places[key.hash.rawValue],
      shard.pointee.entries[place].key.withByteView({ $0 == key.bytes })
    else { return nil }
    return remove(at: place, of: shard)
  }

  private func remove(at place: Int, of shard: UnsafeMutablePointer<Shard>) -> Entry {
    let last = shard.pointee.entries.count - 1
    shard.pointee.entries.swapAt(place, last)
    let removed = shard.pointee.entries.removeLast()
    shard.pointee.places[removed.hash] = nil
    if place < last { shard.pointee.places[shard.pointee.entries[place].hash] = place }
    keys.wrappingSubtract(1, ordering: .relaxed)
    items.wrappingSubtract(removed.clientCount, ordering: .relaxed)
    return removed
  }

  /// Takes any key of a shard out, to make room.
  func takeAny(of shard: ShardIndex, random: UInt64) -> Entry? {
    let shard = shards + Int(shard.rawValue)
    let count = shard.pointee.entries.count
    guard count > 0 else { return nil }
    return remove(at: Int(random % UInt64(count)), of: shard)
  }

  /// The shard to make room in next: all in turn.
  func nextVictim() -> ShardIndex {
    let number = nextVictimShard.wrappingAdd(1, ordering: .relaxed).oldValue
    return ShardIndex(rawValue: UInt8(truncatingIfNeeded: number & (Self.shardCount - 1)))
  }

  // MARK: Clients and prefixes. The caller has the gate.

  /// Forgets all keys.
  ///
  /// - Returns: bytes of memory that they took.
  func removeAllKeys() -> Int {
    var bytes = 0
    for index in 0..<Self.shardCount {
      for entry in shards[index].entries { bytes += entry.memoryUsage }
      shards[index] = Shard()
    }
    keys.store(0, ordering: .relaxed)
    items.store(0, ordering: .relaxed)
    return bytes
  }

  func add(_ client: TrackingClient) { clients[client.id] = client }

  func remove(_ client: TrackingClient) {
    clients[client.id] = nil
    for prefix in client.prefixes {
      prefixes[prefix]?[client.id] = nil
      if prefixes[prefix]?.isEmpty == true { prefixes[prefix] = nil }
    }
    client.prefixes = []
    updateLengths()
  }

  func add(_ added: [[UInt8]], of client: TrackingClient) {
    for prefix in added where prefixes[prefix, default: [:]][client.id] == nil {
      prefixes[prefix, default: [:]][client.id] = client
      client.prefixes.append(prefix)
    }
    updateLengths()
  }

  private func updateLengths() { prefixLengths = Set(prefixes.keys.map(\.count)).sorted() }

  /// Calls `body` with every prefix of `key` that somebody broadcasts for.
  ///
  /// - Complexity: O(length of the key × different lengths)
  func forEachPrefix(of key: [UInt8], _ body: ([UInt8]) -> Void) {
    for length in prefixLengths {
      guard length <= key.count else { return }
      let prefix = Array(key[0..<length])
      if prefixes[prefix] != nil { body(prefix) }
    }
  }

  /// Checks that the counts and places agree with the entries. The caller has the gate.
  ///
  /// - Complexity: O(n)
  func checkInvariants() {
    var keyCount = 0
    var itemCount = 0
    for index in 0..<Self.shardCount {
      let shard = shards[index]
      precondition(shard.places.count == shard.entries.count)
      for (place, entry) in shard.entries.enumerated() {
        precondition(shard.places[entry.hash] == place)
        precondition(entry.others[entry.first.id] == nil)
        itemCount += entry.clientCount
      }
      keyCount += shard.entries.count
    }
    precondition(keyCount == self.keyCount)
    precondition(itemCount == self.itemCount)
  }
}
