import Bytes
import CacheCore
import Glibc

/// Nanoseconds of user CPU a command, in batches of 16 as the server works: hash all, prefetch all
/// buckets, prefetch all entries, then execute.
final class Speed {
  static let batch = 16
  let bench = Bench()
  let keyCount: Int
  let keys: UnsafeMutablePointer<UInt8> = .allocate(capacity: 16 * batch)
  let hashed: UnsafeMutablePointer<HashedKey> = .allocate(capacity: batch)
  let buckets: UnsafeMutablePointer<PrefetchedBucket> = .allocate(capacity: batch)
  var order = Order()

  init(keyCount: Int) { self.keyCount = keyCount }

  /// Chooses 16 keys, without time being taken.
  func chooseKeys() {
    for index in 0..<Self.batch {
      Bench.write(order.next(below: keyCount), to: keys + 16 * index)
    }
  }

  @inline(__always)
  func prefetchAll() {
    for index in 0..<Self.batch {
      hashed[index] = bench.keyspace.hash(ByteView(base: keys + 16 * index, count: 16))
      buckets[index] = bench.keyspace.prefetchBucket(of: hashed[index].hash, in: .zero)
    }
    for index in 0..<Self.batch {
      bench.keyspace.prefetchEntry(of: hashed[index].hash, in: buckets[index])
    }
  }

  func measure(_ name: String, _ body: (HashedKey) -> Void) {
    let rounds = min(200_000, keyCount)
    let empty = cost(rounds: rounds, prefetching: false, executing: false, body)
    let prefetching = cost(rounds: rounds, prefetching: true, executing: false, body)
    let whole = cost(rounds: rounds, prefetching: true, executing: true, body)
    let commands = Double(rounds * Self.batch)
    print(
      name,
      "total", Self.round(Double(whole - empty) / commands), "ns, of it hash and prefetch",
      Self.round(Double(prefetching - empty) / commands), "ns")
  }

  /// The best of five, because other programs run beside.
  private func cost(
    rounds: Int, prefetching: Bool, executing: Bool, _ body: (HashedKey) -> Void
  ) -> Int {
    var best = Int.max
    for _ in 0..<5 {
      let once = singleCost(
        rounds: rounds / 5, prefetching: prefetching, executing: executing, body)
      best = min(best, once)
    }
    return best * 5
  }

  private func singleCost(
    rounds: Int, prefetching: Bool, executing: Bool, _ body: (HashedKey) -> Void
  ) -> Int {
    order = Order()
    let start = Bench.cpu
    for _ in 0..<rounds {
      chooseKeys()
      if prefetching { prefetchAll() }
      if executing { for index in 0..<Self.batch { body(hashed[index]) } }
    }
    return Bench.cpu - start
  }

  static func round(_ value: Double) -> String {
    String(Int(value * 10 + 0.5) / 10) + "." + String(Int(value * 10 + 0.5) % 10)
  }

  func run() {
    let start = Bench.cpu
    for number in 0..<keyCount { bench.set(number, count: 64, expiry: .clear) }
    print(
      "insert", keyCount, "keys of 16 with 64 bytes:",
      Self.round(Double(Bench.cpu - start) / Double(keyCount)), "ns each")
    let bench = bench
    let now = bench.now
    let value = ByteView(base: bench.value, count: 64)
    var sum = 0
    measure("GET           ") { key in
      bench.keyspace.lock(key.hash.shard)
      if let entry = bench.keyspace.find(key, in: .zero, now: now, access: .touch) {
        sum &+= Int(bench.keyspace.string(of: entry)[0])
      }
      bench.keyspace.unlock(key.hash.shard)
    }
    measure("SET           ") { key in
      bench.keyspace.lock(key.hash.shard)
      try? bench.keyspace.setString(key, in: .zero, to: value, expiry: .clear, now: now)
      bench.keyspace.unlock(key.hash.shard)
    }
    measure("SET with a TTL") { key in
      bench.keyspace.lock(key.hash.shard)
      try? bench.keyspace.setString(
        key, in: .zero, to: value, expiry: .at(now + 3_600_000), now: now)
      bench.keyspace.unlock(key.hash.shard)
    }
    measure("GET with a TTL") { key in
      bench.keyspace.lock(key.hash.shard)
      if let entry = bench.keyspace.find(key, in: .zero, now: now, access: .touch) {
        sum &+= Int(bench.keyspace.string(of: entry)[0])
      }
      bench.keyspace.unlock(key.hash.shard)
    }
    print("(check:", sum, bench.keyspace.statistics.hits, bench.keyspace.statistics.misses, ")")
  }

  /// All keys due in the same millisecond.
  static func expiry(keyCount: Int) {
    let bench = Bench()
    for number in 0..<keyCount {
      bench.set(number, count: 64, expiry: .at(bench.now + 60_000))
    }
    // Idle for the minute, upkeep at its pace.
    for _ in 0..<59 {
      bench.now += 1000
      var calls = 0
      while bench.keyspace.expireDue(worker: 0, now: bench.now) == 512 {}
      while calls < 1000 && bench.keyspace.maintain(worker: 0, now: bench.now) { calls += 1 }
    }
    bench.now += 1000
    var longest = 0
    let start = Bench.cpu
    var calls = 0
    while true {
      let begin = Bench.cpu
      let count = bench.keyspace.expireDue(worker: 0, now: bench.now)
      longest = max(longest, Bench.cpu - begin)
      calls += 1
      if count < 512 { break }
    }
    let total = Bench.cpu - start
    print(
      "expiring", keyCount, "keys of one millisecond:", round(Double(total) / Double(keyCount)),
      "ns each, longest of", calls, "turns", longest / 1000, "µs, left",
      bench.keyspace.count(in: .zero))
  }
}
