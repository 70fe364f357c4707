import Bytes
import SeededRandom
import Testing

@testable import CacheCore

/// Values that are changed rather than replaced: numbers, and strings with an ETag.
@Suite struct NumberAndETagTests {
  let store: KeyspaceModel

  init() throws { store = try KeyspaceModel() }

  private func key(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func increment(_ name: String, by delta: Int64) throws -> Int64 {
    try store.withKey(key(name)) {
      try store.keyspace.increment($0, in: store.database, by: delta, now: store.now).value
    }
  }

  private func etag(_ name: String) -> Int64? {
    store.withKey(key(name)) { hashed in
      store.keyspace.find(hashed, in: store.database, now: store.now, access: .peek)
        .flatMap { store.keyspace.etag(of: $0) }
    }
  }

  private func set(_ name: String, _ value: [UInt8], etag: Int64) throws {
    try store.withKey(key(name)) { hashed in
      try value.withUnsafeBytes {
        try store.keyspace.setString(
          hashed, in: store.database, to: ByteView($0), etag: etag, expiry: .clear,
          now: store.now)
      }
    }
  }

  private func setETag(_ name: String, _ etag: Int64?) throws {
    let done = try store.withKey(key(name)) {
      try store.keyspace.setETag($0, in: store.database, to: etag, now: store.now)
    }
    #expect(done)
  }

  private func text(_ name: String) -> String? {
    store.get(key(name)).map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test func countsAcrossDigitsAndSlots() throws {
    var sum: Int64 = 0
    var random = SeededGenerator(test: "countsAcrossDigitsAndSlots")
    for _ in 0..<2000 {
      let exponent = Int.random(in: 0..<18, using: &random)
      let bound = (0..<exponent).reduce(Int64(1)) { power, _ in power * 10 }
      let delta = Int64.random(in: -bound...bound, using: &random)
      let (next, overflow) = sum.addingReportingOverflow(delta)
      if overflow { continue }
      sum = next
      #expect(try increment("n", by: delta) == sum)
      #expect(text("n") == String(sum))
    }
    store.keyspace.checkInvariants()
  }

  @Test func refusesWhatIsNoNumberOrTooLarge() throws {
    try store.set(key("text"), key("12a"), .clear)
    #expect(throws: IncrementFailure.notInteger) { try increment("text", by: 1) }
    try store.set(key("top"), key(String(Int64.max)), .clear)
    #expect(throws: IncrementFailure.overflow) { try increment("top", by: 1) }
    #expect(text("top") == String(Int64.max))
  }

  @Test func keepsTheExpiry() throws {
    try store.set(key("n"), key("9"), .at(store.now + 5000))
    #expect(try increment("n", by: 1) == 10)
    #expect(store.get(key("n"))?.deadline == store.now + 5000)
  }

  @Test func changesCountTheETagUp() throws {
    try set("n", key("9"), etag: 4)
    #expect(etag("n") == 4)
    #expect(try increment("n", by: 1) == 10)
    #expect(etag("n") == 5)
    try store.grow(key("n"), to: 3, fill: 0x30)
    #expect(etag("n") == 6)
    // Beyond its room, so that it moves.
    try store.grow(key("n"), to: 5000, fill: 0x31)
    #expect(etag("n") == 7)
    #expect(try store.setExpiry(key("n"), store.now + 1000))
    #expect(etag("n") == 7)
    store.keyspace.checkInvariants()
  }

  @Test func replacingDropsTheETag() throws {
    try set("a", key("one"), etag: 1)
    try store.set(key("a"), key("two"), .clear)
    #expect(etag("a") == nil)
    #expect(text("a") == "two")
    store.keyspace.checkInvariants()
  }

  @Test func copiesCountOnTheirOwn() throws {
    try set("a", key("5"), etag: 7)
    _ = try store.move(key("a"), key("b"), copy: true)
    #expect(try increment("b", by: 1) == 6)
    try setETag("a", 20)
    #expect(etag("a") == 20)
    #expect(etag("b") == 8)
    _ = try store.move(key("b"), key("c"), copy: true)
    try setETag("c", nil)
    #expect(etag("b") == 8)
    #expect(etag("c") == nil)
    #expect(text("c") == "6")
    store.keyspace.checkInvariants()
  }

  @Test(arguments: [0, 1, 900, 1024, 5000])
  func givesAndTakesETags(count: Int) throws {
    let value = [UInt8](repeating: 0x61, count: count)
    try store.set(key("k"), value, .at(store.now + 1000))
    let before = store.get(key("k"))
    try setETag("k", 3)
    #expect(etag("k") == 3)
    try setETag("k", 9)
    #expect(etag("k") == 9)
    #expect(store.get(key("k")) == before)
    try setETag("k", nil)
    #expect(etag("k") == nil)
    #expect(store.get(key("k")) == before)
    store.keyspace.checkInvariants()
  }
}
