import Bytes
import CacheCore
import Glibc

/// Bytes an entry costs over key and value, by resident memory.
enum Memory {
  static func report(_ name: String, _ bench: Bench, before: Int, payload: Int, keys: Int) {
    let resident = Bench.resident - before
    let statistics = bench.keyspace.statistics
    print(
      name, Speed.round(Double(resident - payload) / Double(keys)), "bytes over key and value;",
      "RSS", resident >> 20, "MB, used", bench.keyspace.usedMemory >> 20, "MB (slots",
      statistics.slotBytes >> 20, "of", statistics.pageBytes >> 20, "MB, tables",
      statistics.tableBytes >> 20, "MB, buckets", statistics.bucketCount, "nodes",
      statistics.overflowNodeCount, "references", statistics.wheelReferences, ")")
  }

  static func uniform(keyCount: Int, ttl: Bool) {
    let bench = Bench()
    let before = Bench.resident
    for number in 0..<keyCount {
      bench.set(number, count: 64, expiry: ttl ? .at(bench.now + 3_600_000) : .clear)
    }
    report(
      ttl ? "16 + 64 bytes with TTL:   " : "16 + 64 bytes without TTL:", bench, before: before,
      payload: keyCount * 80, keys: keyCount)
  }

  /// Values of 1 to 500 bytes, every key overwritten once with another length.
  static func mixed(keyCount: Int) {
    let bench = Bench()
    let before = Bench.resident
    var order = Order()
    for number in 0..<keyCount {
      bench.set(number, count: 1 + order.next(below: 500), expiry: .clear)
    }
    var payload = 0
    for number in 0..<keyCount {
      let count = 1 + order.next(below: 500)
      payload += 16 + count
      bench.set(number, count: count, expiry: .clear)
    }
    report("1..500, overwritten once: ", bench, before: before, payload: payload, keys: keyCount)
  }

  static func deleteAndRefill(keyCount: Int) {
    let bench = Bench()
    let before = Bench.resident
    for number in 0..<keyCount { bench.set(number, count: 64, expiry: .clear) }
    print("delete 90%: full, RSS", (Bench.resident - before) >> 20, "MB")
    for number in 0..<keyCount where number % 10 != 0 { bench.remove(number) }
    print("  deleted, RSS", (Bench.resident - before) >> 20, "MB")
    let start = Bench.cpu
    var calls = 0
    while bench.keyspace.maintain(worker: 0, now: bench.now, isIdle: true) { calls += 1 }
    let statistics = bench.keyspace.statistics
    print(
      "  after", calls, "turns of upkeep,", (Bench.cpu - start) / 1_000_000, "ms,",
      statistics.evacuatedEntries, "entries moved: RSS", (Bench.resident - before) >> 20, "MB")
    for number in 0..<keyCount { bench.set(number, count: 64, expiry: .clear) }
    report("  refilled:", bench, before: before, payload: keyCount * 80, keys: keyCount)
  }
}
