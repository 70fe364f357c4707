import Bytes
import Glibc
import SeededRandom
import Testing

@testable import CacheCore

/// A key space beside a dictionary: random operations on both, compared after every step.
final class KeyspaceModel {
  struct Value: Equatable {
    var bytes: [UInt8]
    var deadline: Int64?
  }

  let keyspace: Keyspace
  var model: [[UInt8]: Value] = [:]
  var now: Int64 = 1_700_000_000_000
  let database = DatabaseIndex.zero

  init(workers: Int = 1) throws {
    var configuration = KeyspaceConfiguration()
    configuration.workerCount = workers
    configuration.databaseCount = 2
    configuration.regionBytesMax = 1 << 30
    keyspace = try Keyspace(configuration: configuration)
  }

  /// Runs `body` with the key hashed and its shard locked.
  func withKey<Result>(_ key: [UInt8], _ body: (HashedKey) throws -> Result) rethrows -> Result {
    try key.withUnsafeBytes { raw in
      let hashed = keyspace.hash(ByteView(raw))
      keyspace.lock(hashed.hash.shard)
      defer { keyspace.unlock(hashed.hash.shard) }
      return try body(hashed)
    }
  }

  func set(_ key: [UInt8], _ value: [UInt8], _ expiry: ExpiryUpdate) throws {
    try withKey(key) { hashed in
      try value.withUnsafeBytes {
        try keyspace.setString(hashed, in: database, to: ByteView($0), expiry: expiry, now: now)
      }
    }
    var deadline: Int64?
    switch expiry {
    case .clear: deadline = nil
    case .keep: deadline = live(key)?.deadline
    case .at(let time): deadline = time
    }
    model[key] = Value(bytes: value, deadline: deadline)
    if let deadline, deadline <= now { model[key] = nil }
  }

  func live(_ key: [UInt8]) -> Value? {
    guard let value = model[key] else { return nil }
    if let deadline = value.deadline, deadline <= now { return nil }
    return value
  }

  func get(_ key: [UInt8]) -> Value? {
    withKey(key) { hashed in
      guard let entry = keyspace.find(hashed, in: database, now: now, access: .touch) else {
        return nil
      }
      return Value(bytes: keyspace.string(of: entry).array, deadline: keyspace.expiry(of: entry))
    }
  }

  func remove(_ key: [UInt8]) -> Bool {
    let wasLive = live(key) != nil
    let removed = withKey(key) { keyspace.remove($0, in: database, now: now) }
    model[key] = nil
    return wasLive == removed
  }

  func setExpiry(_ key: [UInt8], _ deadline: Int64?) throws -> Bool {
    let expected = live(key) != nil
    let done = try withKey(key) {
      try keyspace.setExpiry($0, in: database, at: deadline, now: now)
    }
    if expected {
      model[key]?.deadline = deadline
      if let deadline, deadline <= now { model[key] = nil }
    }
    return done == expected
  }

  func grow(_ key: [UInt8], to count: Int, fill: UInt8) throws {
    let old = live(key)
    try withKey(key) { hashed in
      let bytes = try keyspace.mutableString(hashed, in: database, count: count, now: now)
      #expect(bytes.count == max(count, old?.bytes.count ?? 0))
      if bytes.count > 0 { bytes[bytes.count - 1] = fill }
    }
    var value = old ?? Value(bytes: [], deadline: nil)
    if value.bytes.count < count {
      value.bytes += [UInt8](repeating: 0, count: count - value.bytes.count)
    }
    if value.bytes.count > 0 { value.bytes[value.bytes.count - 1] = fill }
    model[key] = value
  }

  func move(_ source: [UInt8], _ target: [UInt8], copy: Bool) throws -> Bool {
    let value = live(source)
    let done = try source.withUnsafeBytes { left in
      try target.withUnsafeBytes { right in
        let from = keyspace.hash(ByteView(left))
        let to = keyspace.hash(ByteView(right))
        var shards = ShardSet()
        shards.insert(from.hash.shard)
        shards.insert(to.hash.shard)
        keyspace.lock(shards)
        defer { keyspace.unlock(shards) }
        if copy {
          return try keyspace.copy(from, in: database, to: to, in: database, now: now)
        }
        return try keyspace.move(from, in: database, to: to, in: database, now: now)
      }
    }
    if let value {
      if !copy { model[source] = nil }
      model[target] = value
    }
    return done == (value != nil)
  }

  func dropDue() {
    model = model.filter { $0.value.deadline.map { $0 > now } ?? true }
  }
}

@Suite("Keyspace against a dictionary")
struct KeyspaceModelTests {
  /// Mostly small values, some at every border of the entry's format.
  static func randomCount(_ random: inout SeededGenerator) -> Int {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: Int.random(in: 120...136, using: &random)
    case 1: Int.random(in: 700...1100, using: &random)
    case 2: Int.random(in: 1000...5000, using: &random)
    case 3: 0
    default: Int.random(in: 1...100, using: &random)
    }
  }

  static func randomKey(_ random: inout SeededGenerator, space: Int) -> [UInt8] {
    let number = Int.random(in: 0..<space, using: &random)
    switch number % 50 {
    case 0: return [UInt8](repeating: 0x6B, count: 200 + number)
    case 1: return [UInt8](String(number).utf8)
    case 2 where number == 2: return []
    default: return [UInt8]("key:\(number)".utf8)
    }
  }

  static func randomExpiry(_ random: inout SeededGenerator, now: Int64) -> Int64 {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: now + Int64.random(in: -5...5, using: &random)
    case 1: now + Int64.random(in: 1...(100 * 86_400_000), using: &random)
    default: now + Int64.random(in: 1...5000, using: &random)
    }
  }

  @Test(arguments: [1, 3])
  func randomOperations(workers: Int) throws {
    var random = SeededGenerator(test: "randomOperations")
    let store = try KeyspaceModel(workers: workers)
    for step in 0..<6000 {
      let space = step < 3000 ? 2000 : 200
      let key = Self.randomKey(&random, space: space)
      switch Int.random(in: 0..<16, using: &random) {
      case 0...4:
        let value = (0..<Self.randomCount(&random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        let expiry: ExpiryUpdate =
          switch Int.random(in: 0..<3, using: &random) {
          case 0: .clear
          case 1: .keep
          default: .at(Self.randomExpiry(&random, now: store.now))
          }
        try store.set(key, value, expiry)
      case 5...6: #expect(store.remove(key))
      case 7:
        let deadline = Self.randomExpiry(&random, now: store.now)
        #expect(try store.setExpiry(key, Bool.random(using: &random) ? deadline : nil))
      case 8...9:
        try store.grow(key, to: Self.randomCount(&random), fill: UInt8(step & 255))
      case 10:
        let target = Self.randomKey(&random, space: space)
        #expect(try store.move(key, target, copy: Bool.random(using: &random)))
      case 11: store.now += Int64.random(in: 0...200, using: &random)
      case 12:
        let worker = Int.random(in: 0..<workers, using: &random)
        _ = store.keyspace.expireDue(worker: worker, now: store.now)
      default: break
      }
      #expect(store.get(key) == store.live(key))
      if step % 64 == 0 { store.keyspace.checkInvariants() }
    }
    store.keyspace.checkInvariants()
    store.dropDue()
    for (key, value) in store.model { #expect(store.get(key) == value) }
    for key in Array(store.model.keys) { #expect(store.remove(key)) }
    store.keyspace.checkInvariants()
    store.keyspace.flush(nil, asynchronously: false)
    store.keyspace.checkInvariants()
    #expect(store.keyspace.count(in: .zero) == 0)
  }

  @Test("SCAN returns whatever is present throughout, while the table grows and shrinks")
  func scanGuarantee() throws {
    var random = SeededGenerator(test: "scanGuarantee")
    for round in 0..<4 {
      let store = try KeyspaceModel()
      let growing = round & 1 == 0
      let start = growing ? 300 : 20_000
      for number in 0..<start { try store.set([UInt8]("k\(number)".utf8), [1], .clear) }
      // These stay; others come or go meanwhile.
      let lasting = Set(
        (0..<start).filter { $0 % 10 == 0 || growing }.map { [UInt8]("k\($0)".utf8) })
      var seen: Set<[UInt8]> = []
      var cursor: UInt64 = 0
      var calls = 0
      repeat {
        cursor = store.keyspace.scan(
          in: .zero, cursor: cursor, count: 10, now: store.now
        ) { key, _ in seen.insert(key.array) }
        calls += 1
        for _ in 0..<(growing ? 60 : 40) {
          let number = Int.random(in: 0..<(growing ? 30_000 : start), using: &random)
          let key = [UInt8]("k\(number)".utf8)
          if lasting.contains(key) { continue }
          if growing { try store.set(key, [2], .clear) } else { _ = store.remove(key) }
        }
      } while cursor != 0 && calls < 100_000
      #expect(cursor == 0)
      #expect(lasting.isSubset(of: seen))
      store.keyspace.checkInvariants()
    }
  }

  @Test func idleTimeRunsWhileNothingIsUsed() throws {
    let store = try KeyspaceModel()
    try store.set([65], [66], .clear)
    func idleSeconds(after access: AccessMode) throws -> Int {
      try store.withKey([65]) { key in
        let entry = store.keyspace.find(key, in: .zero, now: store.now, access: access)
        return store.keyspace.idleSeconds(of: try #require(entry), now: store.now)
      }
    }
    store.now += 3000
    #expect(try idleSeconds(after: .inspect) == 3)
    #expect(try idleSeconds(after: .peek) == 3)
    #expect(try idleSeconds(after: .touch) == 0)
    store.now += 100_000
    #expect(try idleSeconds(after: .inspect) == 100)
    #expect(try idleSeconds(after: .write) == 0)
  }

  @Test func randomKeyFindsTheOnlyOne() throws {
    let store = try KeyspaceModel()
    #expect(store.keyspace.randomKey(in: .zero, now: store.now) == nil)
    try store.set([65], [66], .clear)
    #expect(store.keyspace.randomKey(in: .zero, now: store.now) == [65])
  }

  @Test func swappedAndFlushedDatabases() throws {
    let store = try KeyspaceModel()
    for number in 0..<1000 { try store.set([UInt8]("k\(number)".utf8), [1], .at(store.now + 50)) }
    store.keyspace.swapDatabases(.zero, DatabaseIndex(rawValue: 1))
    #expect(store.keyspace.count(in: .zero) == 0)
    #expect(store.keyspace.expiringCount(in: DatabaseIndex(rawValue: 1)) == 1000)
    store.keyspace.flush(DatabaseIndex(rawValue: 1), asynchronously: false)
    #expect(store.keyspace.count(in: DatabaseIndex(rawValue: 1)) == 0)
    store.keyspace.checkInvariants()
  }

  @Test func encodings() throws {
    let store = try KeyspaceModel()
    func encoding(_ text: String) throws -> StringEncoding? {
      try store.set([1], [UInt8](text.utf8), .clear)
      return store.withKey([1]) { key in
        store.keyspace.find(key, in: .zero, now: store.now, access: .peek)
          .map { store.keyspace.stringEncoding(of: $0) }
      }
    }
    #expect(try encoding("0") == .int)
    #expect(try encoding("-1") == .int)
    #expect(try encoding("-0") == .embstr)
    #expect(try encoding("01") == .embstr)
    #expect(try encoding("9223372036854775807") == .int)
    #expect(try encoding("9223372036854775808") == .embstr)
    #expect(try encoding("-9223372036854775808") == .int)
    #expect(try encoding("-9223372036854775809") == .embstr)
    #expect(try encoding("") == .embstr)
    #expect(try encoding(String(repeating: "a", count: 44)) == .embstr)
    #expect(try encoding(String(repeating: "a", count: 45)) == .raw)
    #expect(try encoding(String(repeating: "a", count: 4500)) == .raw)
    try store.grow([1], to: 1, fill: 0x31)
    let grown = store.withKey([1]) { key in
      store.keyspace.find(key, in: .zero, now: store.now, access: .peek)
        .map { store.keyspace.stringEncoding(of: $0) }
    }
    #expect(grown == .raw)
  }

  @Test func layoutsThatRacingReadersRelyOn() {
    #expect(MemoryLayout<Table>.offset(of: \.directory) == Table.directoryOffset)
    #expect(MemoryLayout<Table>.offset(of: \.bucketCount) == Table.bucketCountOffset)
    #expect(MemoryLayout<Table>.offset(of: \.count) == Table.countOffset)
    #expect(MemoryLayout<Table>.offset(of: \.expiringCount) == Table.expiringCountOffset)
    #expect(MemoryLayout<Page>.size == 16)
    #expect(MemoryLayout<Blob.Header>.size == 32)
  }
}
