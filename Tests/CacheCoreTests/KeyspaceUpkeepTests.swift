import Bytes
import Platform
import SeededRandom
import Testing

@testable import CacheCore

@Suite("Eviction, evacuation and freeing")
struct KeyspaceUpkeepTests {
  static func maintainFully(_ store: KeyspaceModel, workers: Int = 1) {
    for worker in 0..<workers {
      var calls = 0
      while store.keyspace.maintain(worker: worker, now: store.now, isIdle: true) {
        calls += 1
        if calls > 1_000_000 {
          Issue.record("upkeep does not end")
          return
        }
      }
    }
  }

  static func waitForReclaimer(_ store: KeyspaceModel) {
    while store.keyspace.statistics.pendingReclaims > 0 { Thread.yield() }
    // A table's structure goes after its last entry.
    store.keyspace.engine.stopReclaimer()
  }

  @Test("After 90% is deleted, most pages go back and everything left is found", arguments: [1, 2])
  func evacuation(workers: Int) throws {
    var random = SeededGenerator(test: "evacuation")
    let store = try KeyspaceModel(workers: workers)
    for number in 0..<60_000 {
      let count = number % 3 == 0 ? 64 : Int.random(in: 1...90, using: &random)
      let expiry: ExpiryUpdate = number % 2 == 0 ? .at(store.now + 100_000) : .clear
      try store.set(
        [UInt8]("key:\(number)".utf8), [UInt8](repeating: UInt8(number & 255), count: count),
        expiry)
    }
    let before = store.keyspace.statistics
    for number in 0..<60_000 where number % 10 != 0 {
      #expect(store.remove([UInt8]("key:\(number)".utf8)))
    }
    Self.maintainFully(store, workers: workers)
    let after = store.keyspace.statistics
    #expect(after.evacuatedEntries > 0)
    #expect(after.pageBytes < before.pageBytes / 2)
    #expect(after.returnedBytes > 0)
    for (key, value) in store.model { #expect(store.get(key) == value) }
    store.keyspace.checkInvariants()
    // What was moved still expires.
    store.now += 100_001
    KeyspaceExpiryTests.expireAll(store, workers: workers)
    store.dropDue()
    #expect(store.keyspace.count(in: .zero) == store.model.count)
    store.keyspace.checkInvariants()
  }

  @Test func moderatelyFullIsLeftAloneAndUpkeepEnds() throws {
    let store = try KeyspaceModel()
    for number in 0..<20_000 {
      try store.set([UInt8]("key:\(number)".utf8), [UInt8](repeating: 1, count: 64), .clear)
    }
    Self.maintainFully(store)
    let hasMore = store.keyspace.maintain(worker: 0, now: store.now, isIdle: true)
    #expect(!hasMore)
  }

  @Test("Every evicting policy stays within the limit", arguments: EvictionPolicy.allCases)
  func eviction(policy: EvictionPolicy) throws {
    var random = SeededGenerator(test: "eviction")
    let store = try KeyspaceModel()
    store.keyspace.setPolicy(policy)
    for number in 0..<12_000 {
      // The seconds pass, so that stamps differ.
      store.now += 1
      let key = [UInt8]("key:\(Int.random(in: 0..<8000, using: &random))".utf8)
      let expiry: ExpiryUpdate = number % 4 == 0 ? .at(store.now + 1_000_000) : .clear
      if number == 3000 { store.keyspace.setMaxMemory(store.keyspace.usedMemory) }
      let hasRoom = store.keyspace.makeRoom(worker: 0, now: store.now)
      if !hasRoom {
        #expect(policy == .noEviction || store.keyspace.expiringCount(in: .zero) == 0)
        break
      }
      if number % 100 == 0 { _ = store.keyspace.maintain(worker: 0, now: store.now) }
      try store.set(key, [UInt8](repeating: 1, count: 50), expiry)
    }
    store.keyspace.checkInvariants()
    let evicted = store.keyspace.statistics.evicted
    #expect(policy == .noEviction ? evicted == 0 : evicted > 0)
    if policy.evicts && !policy.isVolatile {
      #expect(store.keyspace.usedMemory <= store.keyspace.maxMemory + 1000)
    }
    // What is there has the value it was given.
    for (key, value) in store.model {
      if let found = store.get(key) { #expect(found.bytes == value.bytes) }
    }
  }

  @Test func flushingInTheBackground() throws {
    let store = try KeyspaceModel()
    for number in 0..<20_000 {
      try store.set([UInt8]("k\(number)".utf8), [UInt8](repeating: 1, count: number % 3000), .clear)
    }
    store.keyspace.flush(nil, asynchronously: true)
    #expect(store.keyspace.count(in: .zero) == 0)
    store.model = [:]
    for number in 0..<2000 { try store.set([UInt8]("k\(number)".utf8), [5], .clear) }
    for (key, value) in store.model { #expect(store.get(key) == value) }
    Self.waitForReclaimer(store)
    store.keyspace.checkInvariants()
    store.keyspace.flush(nil, asynchronously: false)
    #expect(store.keyspace.usedMemory == 0)
  }

  @Test func largeStringsAreFreedInTheBackground() throws {
    let store = try KeyspaceModel()
    let large = [UInt8](repeating: 9, count: 3 << 20)
    for number in 0..<20 { try store.set([UInt8(number)], large, .clear) }
    #expect(store.keyspace.usedMemory > 60 << 20)
    for number in 0..<10 { #expect(store.remove([UInt8(number)])) }
    #expect(store.keyspace.usedMemory < 31 << 20)
    for number in 10..<20 { try store.set([UInt8(number)], [1], .clear) }
    Self.waitForReclaimer(store)
    #expect(store.keyspace.usedMemory < 1 << 20)
    store.keyspace.checkInvariants()
  }

  @Test("A blob held by a reply is not changed in place")
  func sharedBlobs() throws {
    let store = try KeyspaceModel()
    try store.set([1], [UInt8](repeating: 7, count: 5000), .clear)
    let held = store.withKey([1]) { key -> Blob? in
      guard let entry = store.keyspace.find(key, in: .zero, now: store.now, access: .touch) else {
        return nil
      }
      let blob = store.keyspace.blob(of: entry)
      blob?.retain()
      return blob
    }
    let blob = try #require(held)
    try store.grow([1], to: 6000, fill: 1)
    #expect(blob.bytes.array == [UInt8](repeating: 7, count: 5000))
    try store.set([1], [2], .clear)
    #expect(blob.bytes.array == [UInt8](repeating: 7, count: 5000))
    blob.release()
    let adopted = try #require(Blob.allocate(count: 4096))
    for index in 0..<4096 { adopted.mutableBytes[index] = 3 }
    try store.withKey([2]) { key in
      try store.keyspace.setString(
        key, in: .zero, adopting: adopted, expiry: .clear, now: store.now)
    }
    #expect(store.get([2])?.bytes == [UInt8](repeating: 3, count: 4096))
    store.model[[2]] = .init(bytes: [UInt8](repeating: 3, count: 4096))
    #expect(try store.move([2], [3], copy: true))
    try store.grow([3], to: 4096, fill: 8)
    #expect(store.get([2])?.bytes == [UInt8](repeating: 3, count: 4096))
    store.keyspace.checkInvariants()
  }
}
