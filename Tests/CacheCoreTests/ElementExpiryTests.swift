import Bytes
import SeededRandom
import Testing

@testable import CacheCore

@Suite("Deadlines of elements")
struct ElementExpiryTests {
  /// A collection whose elements have deadlines, in hand.
  private enum Timed {
    case hash(HashObject)
    case sortedSet(SortedSet)

    private static let hashLimits = HashLimits(entriesMax: 8, valueBytesMax: 64)
    private static let sortedSetLimits = SortedSetLimits(
      listpackEntriesMax: 8, listpackValueBytesMax: 64)

    static func make(_ type: ValueType, _ memory: ObjectMemory, now: Int64) -> Timed {
      type == .hash
        ? .hash(HashObject.make(memory, now: now))
        : .sortedSet(SortedSet.make(limits: sortedSetLimits, memory))
    }

    init(_ object: ObjectReference, now: Int64) {
      self =
        object.type == .hash ? .hash(HashObject(object, now: now)) : .sortedSet(SortedSet(object))
    }

    var object: ObjectReference {
      switch self {
      case .hash(let hash): hash.object
      case .sortedSet(let set): set.object
      }
    }

    var count: Int {
      switch self {
      case .hash(let hash): hash.count
      case .sortedSet(let set): set.count
      }
    }

    func add(_ name: ByteView, score: Double, deadline: Int64?) {
      switch self {
      case .hash(let hash):
        _ = hash.set(name, to: name, Self.hashLimits)
        hash.setDeadline(of: name, to: deadline)
      case .sortedSet(let set):
        set.update(name, score: score, limits: Self.sortedSetLimits)
        set.setDeadline(of: name, to: deadline)
      }
    }

    func remove(_ name: ByteView) {
      switch self {
      case .hash(let hash): _ = hash.remove(name)
      case .sortedSet(let set): _ = set.remove(name)
      }
    }

    func deadline(of name: ByteView) -> FieldDeadline {
      switch self {
      case .hash(let hash): hash.deadline(of: name)
      case .sortedSet(let set): set.deadline(of: name)
      }
    }

    func forEachName(_ body: (ListpackValue) -> Void) {
      switch self {
      case .hash(let hash): hash.forEachField { field, _ in body(field) }
      case .sortedSet(let set):
        var cursor = set.cursor()
        while let element = cursor.next() { body(element.member) }
      }
    }
  }

  /// What collections are compared with: by key, by field, the deadline.
  private typealias Model = [String: [String: Int64?]]

  final class Events: KeyspaceObserver, @unchecked Sendable {
    var changes = 0
    var removedKeys = 0
    func keyspace(didExpire key: ByteView, in database: DatabaseIndex) {}
    func keyspace(didEvict key: ByteView, in database: DatabaseIndex) {}
    func keyspace(wake worker: Int) {}
    func keyspace(
      didExpireElementsOf key: ByteView, _ type: ValueType, in database: DatabaseIndex,
      isKeyRemoved: Bool
    ) {
      changes += 1
      if isKeyRemoved { removedKeys += 1 }
    }
  }

  /// Runs `body` with the collection at a key; makes one of type `makes` first if need be.
  private func withTimed(
    _ store: KeyspaceModel, _ key: String, makes: ValueType? = nil, _ body: (Timed) -> Void
  ) throws {
    try store.withKey([UInt8](key.utf8)) { key in
      let entry = store.keyspace.find(key, in: .zero, now: store.now, access: .write)
      if let entry {
        let timed = Timed(store.keyspace.object(of: entry, key), now: store.now)
        let old = timed.object.earliestDeadline
        body(timed)
        store.keyspace.noteElementDeadline(key, in: .zero, old: old, now: store.now)
        if timed.count == 0 { _ = store.keyspace.remove(key, in: .zero, now: store.now) }
      } else if let makes {
        let timed = Timed.make(makes, store.keyspace.objectMemory(for: key), now: store.now)
        body(timed)
        try store.keyspace.setObject(
          key, in: .zero, to: timed.object, expiry: .clear, now: store.now)
      }
    }
  }

  private func contents(_ store: KeyspaceModel, _ key: String) throws -> [String: Int64?]? {
    var found: [String: Int64?]?
    try withTimed(store, key) { timed in
      var fields: [String: Int64?] = [:]
      timed.forEachName { field in
        field.withText { name in
          let deadline: Int64? =
            if case .at(let time) = timed.deadline(of: name) { time } else { nil }
          fields[name.string] = .some(deadline)
        }
      }
      #expect(fields.count == timed.count)
      found = fields
    }
    return found
  }

  private func dropDue(_ model: inout Model, _ now: Int64) {
    for (key, fields) in model {
      let live = fields.filter { $0.value.map { $0 > now } ?? true }
      model[key] = live.isEmpty ? nil : live
    }
  }

  /// Lets time pass until nothing is due any more.
  private func settle(_ store: KeyspaceModel, workers: Int) {
    for _ in 0..<100 {
      KeyspaceExpiryTests.expireAll(store, workers: workers)
      if (0..<workers).allSatisfy({ store.keyspace.nextDeadline(worker: $0) > store.now }) {
        return
      }
      store.now += 1
    }
    Issue.record("something stays due")
  }

  @Test(
    "Elements go in time, whatever happens to their keys", arguments: [1, 3],
    [ValueType.hash, .sortedSet])
  func model(workers: Int, type: ValueType) throws {
    var random = SeededGenerator(test: "elementExpiry")
    let store = try KeyspaceModel(workers: workers)
    let events = Events()
    store.keyspace.observer = events
    var model: Model = [:]
    for step in 0..<3000 {
      let key = "hash:\(Int.random(in: 0..<40, using: &random))"
      let field = "f\(Int.random(in: 0..<20, using: &random))"
      let ttl = Int64.random(in: 1...400, using: &random)
      if step % 7 == 0 {
        try other(store, key, &model, &random)
      } else {
        try change(store, key, field, ttl, type, &model)
      }
      if step % 5 == 0 {
        store.now += Int64.random(in: 0...30, using: &random)
        dropDue(&model, store.now)
        #expect(try contents(store, key) == model[key])
      }
      if step % 40 == 0 {
        settle(store, workers: workers)
        dropDue(&model, store.now)
        // Not met by a lookup: the wheel has removed it.
        #expect(store.keyspace.count(in: .zero) == model.count)
        for worker in 0..<workers {
          while store.keyspace.maintain(worker: worker, now: store.now, isIdle: true) {}
        }
        store.keyspace.checkInvariants()
      }
    }
    store.now += 1000
    settle(store, workers: workers)
    dropDue(&model, store.now)
    #expect(store.keyspace.count(in: .zero) == model.count)
    for key in model.keys { #expect(try contents(store, key) == model[key]) }
    #expect(events.changes > 0)
    #expect(events.removedKeys > 0)
  }

  /// Sets a field, with or without a deadline, or takes it away.
  private func change(
    _ store: KeyspaceModel, _ key: String, _ field: String, _ ttl: Int64, _ type: ValueType,
    _ model: inout Model
  ) throws {
    let deadline = ttl % 4 == 0 ? nil : store.now + ttl
    let isRemoval = ttl % 9 == 0
    dropDue(&model, store.now)
    try withTimed(store, key, makes: isRemoval ? nil : type) { timed in
      Array(field.utf8).withByteView { name in
        if isRemoval {
          timed.remove(name)
        } else {
          timed.add(name, score: Double(ttl % 10), deadline: deadline)
        }
      }
    }
    if isRemoval {
      model[key]?[field] = nil
      if model[key]?.isEmpty == true { model[key] = nil }
    } else {
      model[key, default: [:]][field] = .some(deadline)
    }
  }

  /// Moves, copies, removes or expires a whole key.
  private func other(
    _ store: KeyspaceModel, _ key: String, _ model: inout Model, _ random: inout SeededGenerator
  ) throws {
    let target = "hash:\(Int.random(in: 0..<40, using: &random))"
    let from = [UInt8](key.utf8)
    dropDue(&model, store.now)
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      #expect(
        store.withKey(from) { store.keyspace.remove($0, in: .zero, now: store.now) }
          == (model[key] != nil))
      model[key] = nil
    case 1:
      // The entry grows by its expiry, so it moves.
      let deadline: Int64? = Bool.random(using: &random) ? store.now + 1 << 40 : nil
      _ = try store.withKey(from) {
        try store.keyspace.setExpiry($0, in: .zero, at: deadline, now: store.now)
      }
    case let kind:
      guard key != target else { return }
      let result = from.withByteView { source in
        [UInt8](target.utf8).withByteView { target in
          transfer(store, source, target, isCopy: kind == 2)
        }
      }
      let isFound = try result.get()
      #expect(isFound == (model[key] != nil))
      if isFound { model[target] = model[key] }
      if kind == 3 { model[key] = nil }
    }
  }

  private func transfer(
    _ store: KeyspaceModel, _ source: ByteView, _ target: ByteView, isCopy: Bool
  ) -> Result<Bool, CacheError> {
    let from = store.keyspace.hash(source)
    let to = store.keyspace.hash(target)
    var shards = ShardSet()
    shards.insert(from.hash.shard)
    shards.insert(to.hash.shard)
    store.keyspace.lock(shards)
    defer { store.keyspace.unlock(shards) }
    do throws(CacheError) {
      return .success(
        isCopy
          ? try store.keyspace.copy(from, in: .zero, to: to, in: .zero, now: store.now)
          : try store.keyspace.move(from, in: .zero, to: to, in: .zero, now: store.now))
    } catch {
      return .failure(error)
    }
  }

  @Test(
    "Thousands that are due at once go in bounded steps, and nobody sees them",
    arguments: [ValueType.hash, .sortedSet])
  func storm(type: ValueType) throws {
    let store = try KeyspaceModel()
    let due = store.now + 1000
    try withTimed(store, "many", makes: type) { timed in
      for number in 0..<20_000 {
        Array("f\(number)".utf8).withByteView { name in
          timed.add(name, score: 1, deadline: number > 0 ? due : nil)
        }
      }
    }
    store.now = due - 1
    KeyspaceExpiryTests.expireAll(store, workers: 1)
    #expect(try contents(store, "many")?.count == 20_000)
    store.now = due
    KeyspaceExpiryTests.expireAll(store, workers: 1)
    try store.withKey([UInt8]("many".utf8)) { key in
      let found = store.keyspace.find(key, in: .zero, now: due, access: .peek)
      let entry = try #require(found)
      let object = store.keyspace.object(of: entry, key)
      if type == .hash {
        // One step of the wheel and one of the lookup.
        #expect(HashObject(object, now: .min).count == 20_000 - 512 - 64)
        #expect(HashObject(object, now: due).count == 1)
      } else {
        // Its members are numbered: the lookup has removed all.
        #expect(SortedSet(object).count == 1)
      }
    }
    settle(store, workers: 1)
    #expect(store.now <= due + 45)
    store.keyspace.checkInvariants()
    #expect(try contents(store, "many")?.count == 1)
  }

  @Test(
    "A collection whose elements are all due is no key any more",
    arguments: [ValueType.hash, .sortedSet])
  func allDue(type: ValueType) throws {
    let store = try KeyspaceModel()
    try withTimed(store, "all", makes: type) { timed in
      for number in 0..<1000 {
        Array("f\(number)".utf8).withByteView { name in
          timed.add(name, score: 1, deadline: store.now + 10)
        }
      }
    }
    store.now += 10
    let isThere = store.withKey([UInt8]("all".utf8)) { key in
      store.keyspace.find(key, in: .zero, now: store.now, access: .peek) != nil
    }
    #expect(!isThere)
    #expect(store.keyspace.count(in: .zero) == 0)
  }
}
