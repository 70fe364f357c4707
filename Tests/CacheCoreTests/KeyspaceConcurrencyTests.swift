import Bytes
import Platform
import SeededRandom
import Synchronization
import Testing

@testable import CacheCore

/// Several threads on one key space, as the server's workers use it. Meant for ThreadSanitizer:
///
///     swift test --sanitize=thread --filter KeyspaceConcurrency
@Suite("Keyspace from several threads")
struct KeyspaceConcurrencyTests {
  static let workers = 4
  static let keys = 3000

  /// One worker's life: commands on random keys, and its share of expiry, upkeep and eviction.
  static func work(_ store: KeyspaceModel, worker: Int, steps: Int, seed: UInt64) -> Int {
    var state = seed &+ UInt64(worker) &* 0x9E37_79B9_7F4A_7C15
    func random(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int((state >> 33) % UInt64(bound))
    }
    let keyspace = UnsafeMutablePointer<UInt8>.allocate(capacity: 2048)
    defer { keyspace.deallocate() }
    keyspace.initialize(repeating: UInt8(worker), count: 2048)
    var failures = 0
    var now = store.now
    for step in 0..<steps {
      now += Int64(random(2))
      let number = random(keys)
      let key = [UInt8]("key:\(number)".utf8)
      let other = [UInt8]("key:\(random(keys))".utf8)
      let length = random(10) == 0 ? 1000 + random(1000) : 1 + random(100)
      key.withUnsafeBytes { raw in
        let hashed = store.keyspace.hash(ByteView(raw))
        let bucket = store.keyspace.prefetchBucket(of: hashed.hash, in: .zero)
        store.keyspace.prefetchEntry(of: hashed.hash, in: bucket)
        store.keyspace.lock(hashed.hash.shard)
        defer { store.keyspace.unlock(hashed.hash.shard) }
        switch random(8) {
        case 0...2:
          let expiry: ExpiryUpdate = random(2) == 0 ? .at(now + Int64(random(300))) : .clear
          // Out of memory cannot be provoked here.
          try? store.keyspace.setString(
            hashed, in: .zero, to: ByteView(base: keyspace, count: length), expiry: expiry,
            now: now)
        case 3: _ = store.keyspace.remove(hashed, in: .zero, now: now)
        case 4:
          _ = try? store.keyspace.setExpiry(
            hashed, in: .zero, at: now + Int64(random(300)), now: now)
        default:
          if let entry = store.keyspace.find(hashed, in: .zero, now: now, access: .touch) {
            // Whoever wrote it, all bytes are one worker's number.
            let value = store.keyspace.string(of: entry)
            for index in 0..<value.count where value[index] != value[0] { failures += 1 }
          }
        }
      }
      if random(50) == 0 { move(store, key, other, now: now) }
      if step % 16 == 0 { _ = store.keyspace.expireDue(worker: worker, now: now, limit: 64) }
      if step % 32 == 0 {
        _ = store.keyspace.maintain(worker: worker, now: now, budget: 64, isIdle: step % 64 == 0)
        _ = store.keyspace.makeRoom(worker: worker, now: now)
      }
      if step % 500 == 0 {
        var cursor: UInt64 = 0
        repeat {
          cursor = store.keyspace.scan(in: .zero, cursor: cursor, count: 100, now: now) { _, _ in }
        } while cursor != 0
        _ = store.keyspace.randomKey(in: .zero, now: now)
        _ = store.keyspace.statistics
        _ = store.keyspace.averageTTL(in: .zero, now: now)
      }
    }
    return failures
  }

  static func move(_ store: KeyspaceModel, _ source: [UInt8], _ target: [UInt8], now: Int64) {
    source.withUnsafeBytes { left in
      target.withUnsafeBytes { right in
        let from = store.keyspace.hash(ByteView(left))
        let to = store.keyspace.hash(ByteView(right))
        var shards = ShardSet()
        shards.insert(from.hash.shard)
        shards.insert(to.hash.shard)
        store.keyspace.lock(shards)
        _ = try? store.keyspace.move(from, in: .zero, to: to, in: .zero, now: now)
        store.keyspace.unlock(shards)
      }
    }
  }

  final class Shared: @unchecked Sendable {
    // Sendable: the key space guards itself; nothing else of the model is touched by the threads.
    let store: KeyspaceModel
    let failures = Atomic<Int>(0)
    init(_ store: KeyspaceModel) { self.store = store }
  }

  @Test(arguments: [EvictionPolicy.noEviction, .allKeysLRU, .volatileLFU, .allKeysAdaptive])
  func manyThreads(policy: EvictionPolicy) throws {
    var generator = SeededGenerator(test: "manyThreads")
    let seed = generator.next() | 1
    let store = try KeyspaceModel(workers: Self.workers)
    store.keyspace.setPolicy(policy)
    if policy.evicts { store.keyspace.setMaxMemory(1 << 20) }
    let shared = Shared(store)
    var threads: [Thread] = []
    for worker in 0..<Self.workers {
      threads.append(
        try Thread(name: "worker \(worker)") {
          let failures = Self.work(shared.store, worker: worker, steps: 4000, seed: seed)
          shared.failures.wrappingAdd(failures, ordering: .relaxed)
        })
    }
    for thread in threads { thread.join() }
    #expect(shared.failures.load(ordering: .relaxed) == 0)
    store.keyspace.checkInvariants()
    // Everything with an expiry goes in the end.
    store.now += 1_000_000
    for worker in 0..<Self.workers {
      while store.keyspace.expireDue(worker: worker, now: store.now) > 0 {}
    }
    #expect(store.keyspace.expiringCount(in: .zero) == 0)
    store.keyspace.checkInvariants()
  }
}
