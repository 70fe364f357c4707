import Bytes
import Platform
import Testing

@testable import CacheCore

@Suite("Cache inside a process")
struct CacheTests {
  static func small() throws -> Cache {
    try Cache(Cache.Configuration(regionBytesMax: 256 << 20))
  }

  @Test("The example of the documentation")
  func example() throws {
    let cache = try Cache(
      Cache.Configuration(
        memoryLimit: 256 << 20, policy: .allKeysAdaptive, regionBytesMax: 1 << 30))
    try cache.set("session:42", Array("hello".utf8), expiresIn: .seconds(30))
    #expect(cache.get("session:42") == [104, 101, 108, 108, 111])
    #expect(try cache.increment("visits") == 1)
    #expect(cache.remove("session:42"))
    #expect(cache.get("session:42") == nil)
  }

  @Test func expiry() throws {
    let cache = try Self.small()
    try cache.set("a", [1], expiresIn: .milliseconds(30))
    try cache.set("b", [2])
    #expect(try cache.expire("b", in: .seconds(100)))
    #expect(try #require(cache.remainingLifetime("b")) > .seconds(90))
    #expect(try cache.expire("b", in: nil))
    #expect(cache.remainingLifetime("b") == nil)
    #expect(try !cache.expire("c", in: .seconds(1)))
    // The cache's own thread removes what is due; nobody reads it.
    while cache.count > 1 { Thread.yield() }
    #expect(!cache.contains("a"))
    #expect(cache.contains("b"))
    #expect(cache.statistics.expired == 1)
    // An earlier deadline wakes the thread from a longer sleep.
    try cache.set("d", [1], expiresIn: .milliseconds(1))
    while cache.count > 1 { Thread.yield() }
  }

  @Test func increments() throws {
    let cache = try Self.small()
    #expect(try cache.increment("n", by: 41) == 41)
    #expect(try cache.increment("n") == 42)
    #expect(cache.get("n") == Array("42".utf8))
    try cache.set("text", Array("4x".utf8))
    #expect(throws: Cache.IncrementError.notANumber) { try cache.increment("text") }
    #expect(try cache.increment("big", by: .max) == .max)
    #expect(throws: Cache.IncrementError.overflow) { try cache.increment("big") }
  }

  @Test func limitAndRemoval() throws {
    let cache = try Cache(
      Cache.Configuration(memoryLimit: 1 << 20, policy: .allKeysLRU, regionBytesMax: 256 << 20))
    for number in 0..<20_000 { try cache.set("key:\(number)", [UInt8](repeating: 1, count: 100)) }
    #expect(cache.usedMemory <= 1 << 20 + 4096)
    #expect(cache.statistics.evicted > 0)
    #expect(cache.get("key:19999") != nil)
    #expect(cache.withValue("key:19999") { $0.count } == 100)
    cache.removeAll()
    #expect(cache.count == 0)
    #expect(cache.get("key:19999") == nil)
  }

  @Test func manyThreads() throws {
    let cache = try Self.small()
    var threads: [Thread] = []
    for _ in 0..<4 {
      threads.append(
        try Thread(name: "user") {
          for number in 0..<2000 {
            _ = try? cache.increment("sum")
            try? cache.set("k\(number % 100)", [1], expiresIn: .milliseconds(number % 7))
          }
        })
    }
    for thread in threads { thread.join() }
    #expect(cache.get("sum") == Array("8000".utf8))
  }
}
