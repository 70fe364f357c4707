import Bytes
import SeededRandom
import Testing

@testable import CacheCore

@Suite("Expiry through the wheel")
struct KeyspaceExpiryTests {
  /// Runs all workers until nothing is due.
  static func expireAll(_ store: KeyspaceModel, workers: Int, limit: Int = 512) {
    for worker in 0..<workers {
      while store.keyspace.expireDue(worker: worker, now: store.now, limit: limit) == limit {}
    }
  }

  @Test("Due keys go without being read, at their millisecond", arguments: [1, 3])
  func expiresInTime(workers: Int) throws {
    var random = SeededGenerator(test: "expiresInTime")
    let store = try KeyspaceModel(workers: workers)
    for number in 0..<5000 {
      let ttl = Int64.random(in: 1...20_000, using: &random)
      try store.set([UInt8]("k\(number)".utf8), [1, 2], .at(store.now + ttl))
    }
    for step in 0..<400 {
      store.now += Int64.random(in: 1...100, using: &random)
      // Some are refreshed, shortened, made lasting, deleted: stale references.
      for _ in 0..<20 {
        let key = [UInt8]("k\(Int.random(in: 0..<5000, using: &random))".utf8)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: #expect(store.remove(key))
        case 1: #expect(try store.setExpiry(key, nil))
        case 2: try store.set(key, [UInt8](repeating: 7, count: step % 90), .keep)
        default:
          let ttl = Int64.random(in: 1...20_000, using: &random)
          #expect(try store.setExpiry(key, store.now + ttl))
        }
      }
      Self.expireAll(store, workers: workers, limit: 64)
      store.dropDue()
      #expect(store.keyspace.count(in: .zero) == store.model.count)
      for worker in 0..<workers {
        #expect(store.keyspace.nextDeadline(worker: worker) > store.now)
      }
      if step % 40 == 0 { store.keyspace.checkInvariants() }
    }
    store.now += 1_000_000
    Self.expireAll(store, workers: workers)
    store.dropDue()
    #expect(store.keyspace.count(in: .zero) == store.model.count)
    #expect(store.keyspace.statistics.expired > 0)
    store.keyspace.checkInvariants()
  }

  @Test("A jump of years, deadlines of decades, and stamps that outlive their 32 bits")
  func jumps() throws {
    let store = try KeyspaceModel()
    let day: Int64 = 86_400_000
    let days: [Int64] = [1, 20, 48, 49, 50, 60, 100, 200, 1000, 20_000]
    for (index, count) in days.enumerated() {
      try store.set([UInt8(index)], [1], .at(store.now + count * day))
    }
    for _ in 0..<30 {
      store.now += 40 * day
      Self.expireAll(store, workers: 1, limit: 2)
      store.dropDue()
      #expect(store.keyspace.count(in: .zero) == store.model.count)
      for key in Array(store.model.keys) { #expect(store.get(key) == store.live(key)) }
      try store.set([UInt8]("more".utf8), [1], .at(store.now + 45 * day))
    }
    store.now += 30_000 * day
    Self.expireAll(store, workers: 1)
    #expect(store.keyspace.count(in: .zero) == 0)
    #expect(store.keyspace.nextDeadline(worker: 0) == .max)
    store.keyspace.checkInvariants()
  }

  @Test("Deleting and making keys again does not pile up references")
  func staleReferencesAreSwept() throws {
    let store = try KeyspaceModel()
    for round in 0..<60 {
      for number in 0..<2000 {
        try store.set([UInt8]("k\(number)".utf8), [1], .at(store.now + 3_600_000))
      }
      for number in 0..<2000 { #expect(store.remove([UInt8]("k\(number)".utf8))) }
      store.now += 1
      while store.keyspace.maintain(worker: 0, now: store.now) {}
      if round % 20 == 0 { store.keyspace.checkInvariants() }
    }
    // Every shard may keep what the sweep's threshold forgives.
    #expect(store.keyspace.statistics.wheelReferences <= 64 * 4096)
    store.keyspace.checkInvariants()
  }

  final class Wakes: KeyspaceObserver, @unchecked Sendable {
    var woken: [Int] = []
    var expired = 0
    func keyspace(didExpire key: ByteView, in database: DatabaseIndex) { expired += 1 }
    func keyspace(didEvict key: ByteView, in database: DatabaseIndex) {}
    func keyspace(wake worker: Int) { woken.append(worker) }
  }

  @Test func sleepersAreWokenForEarlierDeadlines() throws {
    let store = try KeyspaceModel(workers: 2)
    let wakes = Wakes()
    store.keyspace.observer = wakes
    store.keyspace.willSleep(worker: 0, until: .max)
    store.keyspace.willSleep(worker: 1, until: .max)
    try store.set([1], [1], .at(store.now + 1000))
    #expect(wakes.woken.count == 1)
    store.keyspace.didWake(worker: 0)
    store.keyspace.didWake(worker: 1)
    try store.set([2], [1], .at(store.now + 10))
    #expect(wakes.woken.count == 1)
    store.now += 2000
    Self.expireAll(store, workers: 2)
    #expect(wakes.expired == 2)
  }

  @Test("SCAN removes the due keys it meets and misses no other, though buckets merge under it")
  func scanRemovesWhatIsDue() throws {
    var random = SeededGenerator(test: "scanRemovesWhatIsDue")
    let store = try KeyspaceModel()
    for number in 0..<20_000 {
      let isLasting = number % 10 == 0
      try store.set(
        [UInt8]("k\(number)".utf8), [1],
        isLasting ? .clear : .at(store.now + .random(in: 1...500, using: &random)))
    }
    var seen: Set<[UInt8]> = []
    var cursor: UInt64 = 0
    repeat {
      store.now += 1
      cursor = store.keyspace.scan(
        in: .zero, cursor: cursor, count: 40, now: store.now
      ) { key, _ in seen.insert(key.array) }
    } while cursor != 0
    for number in stride(from: 0, to: 20_000, by: 10) {
      #expect(seen.contains([UInt8]("k\(number)".utf8)))
    }
    // Walks are repeated: one meets at most 16 due keys of a bucket, and some were not yet due.
    store.now += 1000
    for _ in 0..<3 {
      repeat {
        cursor = store.keyspace.scan(
          in: .zero, cursor: cursor, count: 1000, now: store.now
        ) { _, _ in }
      } while cursor != 0
    }
    #expect(store.keyspace.count(in: .zero) == 2000)
    #expect(store.keyspace.expiringCount(in: .zero) == 0)
    store.keyspace.checkInvariants()
  }

  @Test func randomKeyPassesDueKeysOver() throws {
    let store = try KeyspaceModel()
    for number in 0..<500 { try store.set([UInt8]("k\(number)".utf8), [1], .at(store.now + 1)) }
    try store.set([65], [66], .clear)
    store.now += 1
    for _ in 0..<50 {
      #expect(store.keyspace.randomKey(in: .zero, now: store.now) == [65])
    }
    #expect(store.keyspace.count(in: .zero) < 501)
    store.keyspace.checkInvariants()
  }
}
