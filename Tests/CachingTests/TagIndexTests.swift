import Bytes
import SeededRandom
import Testing

@testable import Caching

@Suite struct TagIndexTests {
  /// A view of a name during `body`.
  private func with<Result>(_ name: String, _ body: (ByteView) -> Result) -> Result {
    Array(name.utf8).withByteView(body)
  }

  /// Random changes against dictionaries of sets. Few hashes, so that names share them.
  @Test func behavesAsSetsDo() {
    var random = SeededGenerator(test: "TagIndexTests.behavesAsSetsDo")
    var index = TagIndex()
    var model: [String: Set<String>] = [:]
    for step in 0..<6000 {
      let name = "key\(Int.random(in: 0..<60, using: &random))"
      let hash = UInt64(name.utf8.last ?? 0) % 5
      let tag = "tag\(Int.random(in: 0..<12, using: &random))"
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<6:
        let isNew = with(name) { index.add(Array(tag.utf8), to: hash, $0) }
        #expect(isNew == model[name, default: []].insert(tag).inserted)
      case 6, 7:
        let had = with(name) { index.remove(Array(tag.utf8), from: hash, $0) }
        #expect(had == (model[name]?.remove(tag) != nil))
      case 8:
        let count = with(name) { index.removeKey(hash, $0) }
        #expect(count == model[name]?.count ?? 0)
        model[name] = nil
      default:
        var found: Set<String> = []
        index.forEachKey(ofTag: Array(tag.utf8), limit: .max) { key, _ in
          found.insert(String(decoding: key, as: UTF8.self))
        }
        #expect(found == Set(model.filter { $0.value.contains(tag) }.keys))
        #expect(index.count(ofTag: Array(tag.utf8)) == found.count)
      }
      let tags = with(name) { index.tags(of: hash, $0) }
      #expect(Set(tags.map { String(decoding: $0, as: UTF8.self) }) == model[name] ?? [])
      #expect(index.linkCount == model.values.reduce(0) { $0 + $1.count })
      if step % 16 == 0 { index.checkInvariants() }
    }
    for name in model.keys {
      let hash = UInt64(name.utf8.last ?? 0) % 5
      _ = with(name) { index.removeKey(hash, $0) }
      index.checkInvariants()
    }
    #expect(index.isEmpty)
    #expect(index.byteCount == 0)
  }

  @Test func aKeyHasSoManyTags() {
    var index = TagIndex()
    for number in 0..<TagIndex.tagsOfKeyMax {
      let isNew = with("k") { index.add(Array("t\(number)".utf8), to: 1, $0) }
      #expect(isNew)
    }
    let isOneMore = with("k") { index.add(Array("one more".utf8), to: 1, $0) }
    #expect(!isOneMore)
    index.checkInvariants()
  }

  /// Places of keys that went are used again.
  @Test func memoryIsBoundedByWhatIsThere() {
    var index = TagIndex()
    var largest = 0
    for round in 0..<200 {
      for number in 0..<50 {
        _ = with("key\(round)-\(number)") { index.add([1], to: UInt64(round * 50 + number), $0) }
      }
      for number in 1..<50 {
        _ = with("key\(round)-\(number)") { index.removeKey(UInt64(round * 50 + number), $0) }
      }
      if round > 0 {
        _ = with("key\(round - 1)-0") { index.removeKey(UInt64((round - 1) * 50), $0) }
      }
      if round == 20 { largest = index.byteCount }
      if round > 20 { #expect(index.byteCount <= largest * 2) }
    }
    index.checkInvariants()
    #expect(index.linkCount == 1)
  }
}

@Suite struct HashMapTests {
  /// Random changes against a dictionary; hashes that cluster, and 0.
  @Test func behavesAsADictionary() {
    var random = SeededGenerator(test: "HashMapTests.behavesAsADictionary")
    var map = HashMap()
    var model: [UInt64: UInt64] = [:]
    for step in 0..<20_000 {
      // Grows and shrinks in turn.
      let isGrowing = step / 4000 % 2 == 0
      var hash = UInt64.random(in: 0..<400, using: &random)
      if hash == 1 { hash = 2 }
      hash <<= UInt64(step % 2 * 50)
      if Int.random(in: 0..<10, using: &random) < (isGrowing ? 7 : 3) {
        map[hash] = UInt64(step)
        model[hash] = UInt64(step)
      } else {
        map[hash] = nil
        model[hash] = nil
      }
      #expect(map[hash] == model[hash])
      #expect(map.count == model.count)
      if step % 64 == 0 {
        map.checkInvariants()
        for (key, value) in model { #expect(map[key] == value) }
      }
    }
    for key in model.keys { map[key] = nil }
    map.checkInvariants()
    #expect(map.byteCount == 0)
  }

  /// So many that parts are split again and again, then removed in another order.
  @Test func partsAreSplit() {
    var random = SeededGenerator(test: "HashMapTests.partsAreSplit")
    var map = HashMap()
    var hashes: Set<UInt64> = []
    while hashes.count < 50_000 { hashes.insert(UInt64.random(in: 1 ... .max, using: &random)) }
    for hash in hashes { map[hash] = ~hash }
    map.checkInvariants()
    #expect(map.count == hashes.count)
    #expect(hashes.allSatisfy { map[$0] == ~$0 })
    // Between a third and three quarters full, and a little for the parts.
    #expect((16 * 50_000 * 4 / 3...16 * 50_000 * 3).contains(map.byteCount))
    var sum: UInt64 = 0
    map.visit { hash, _ in sum &+= hash }
    #expect(sum == hashes.reduce(0, &+))
    for hash in hashes.shuffled(using: &random).dropFirst(100) { map[hash] = nil }
    map.checkInvariants()
    #expect(map.count == 100)
    #expect(map.byteCount < 16 * 50_000 / 4)
    for hash in hashes { map[hash] = nil }
    map.checkInvariants()
    #expect(map.byteCount == 0)
  }
}

@Suite struct LeasePoolTests {
  @Test func leasesEndExactly() {
    var pool = LeasePool()
    let name = Array("k".utf8)
    _ = pool.add(
      Lease(token: 7, endsAt: 100, sequence: 0, hash: 9, name: name), capacity: 4, now: 50)
    name.withByteView { view in
      #expect(pool.find(9, view, now: 99)?.token == 7)
      #expect(pool.find(9, view, now: 100) == nil)
    }
    #expect(Array("other".utf8).withByteView { pool.find(9, $0, now: 60) } == nil)
    let had = pool.remove(9)
    let hadAgain = pool.remove(9)
    #expect(had && !hadAgain)
    #expect(pool.byteCount == 0)
  }

  /// Never more than the capacity, whatever is asked for.
  @Test func leasesAreBounded() {
    var random = SeededGenerator(test: "LeasePoolTests.leasesAreBounded")
    var pool = LeasePool()
    for step in 0..<5000 {
      let hash = UInt64.random(in: 0..<500, using: &random)
      let now = Int64(step)
      if Int.random(in: 0..<5, using: &random) == 0 {
        pool.remove(hash)
      } else {
        let lease = Lease(
          token: UInt64(step), endsAt: now + Int64.random(in: 1..<50, using: &random),
          sequence: 0, hash: hash, name: Array("key\(hash)".utf8))
        _ = pool.add(lease, capacity: 32, now: now)
        let found = Array("key\(hash)".utf8).withByteView { pool.find(hash, $0, now: now) }
        #expect(found?.token == UInt64(step))
      }
      #expect(pool.count <= 32)
      if step % 16 == 0 { pool.checkInvariants() }
    }
    _ = pool.removeAll { _ in true }
    pool.checkInvariants()
    #expect(pool.count == 0)
  }
}

@Suite struct RuleSetTests {
  @Test func longestPrefixHolds() {
    var random = SeededGenerator(test: "RuleSetTests.longestPrefixHolds")
    func word(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8(ascii: "a") + UInt8.random(in: 0..<3, using: &random) }
    }
    for _ in 0..<200 {
      let prefixes = Set((0..<20).map { _ in word(Int.random(in: 1..<6, using: &random)) })
      let set = RuleSet(prefixes.map { CacheRule(prefix: $0) }, after: nil)
      for _ in 0..<100 {
        let key = word(Int.random(in: 0..<8, using: &random))
        let expected = prefixes.filter { key.starts(with: $0) }.max { $0.count < $1.count }
        let found = key.withByteView { set.match($0) }.map { set.entries[$0].rule.prefix }
        #expect(found == expected, "\(prefixes) \(key)")
      }
    }
  }

  @Test func textIsReadBack() throws {
    let text = """
      session: SLIDING yes DEFAULTTTL 60 MAXTTL 3600; "odd \\" ;\\x00" QUOTA 64mb ; \
      q QUOTA 100keys NOPERSONALDATA yes; q:open NOPERSONALDATA no
      """
    let rules = try RuleSet.parse(text, canRedact: true)
    #expect(rules.count == 4)
    let set = RuleSet(rules, after: nil)
    let again = RuleSet(try RuleSet.parse(set.text, canRedact: true), after: nil)
    #expect(set.entries.map(\.rule) == again.entries.map(\.rule))
    let quotas = set.entries.map(\.rule.quota)
    #expect(quotas == [.bytes(64 << 20), .keys(100), nil, nil])
  }

  @Test(arguments: [
    "a", "a MAXTTL", "a MAXTTL 0", "a MAXTTL x", "a SLIDING yes", "a SLIDING maybe",
    "a DEFAULTTTL 10 MAXTTL 5", "a QUOTA 0", "a QUOTA -1keys", "a WHAT 1", "\"a MAXTTL 1",
    "\"\" MAXTTL 1", "a NOPERSONALDATA sometimes",
  ])
  func mistakesAreNamed(text: String) {
    #expect(throws: CacheRule.Mistake.self) { try RuleSet.parse(text, canRedact: true) }
  }

  /// It could be set, but not be read again.
  @Test func noRuleForASemicolon() {
    let options = [Array("MAXTTL".utf8), Array("1".utf8)]
    #expect(throws: CacheRule.Mistake.self) {
      try CacheRule(prefix: [UInt8(ascii: ";")], options: options, canRedact: true)
    }
  }
}

@Suite struct TagClockTests {
  @Test func olderLeasesAreRefused() {
    let clock = TagClock()
    let before = clock.now
    clock.note([1], database: 0)
    #expect(clock.isAnyNewer([[2], [1]], database: 0, than: before))
    #expect(!clock.isAnyNewer([[2]], database: 0, than: before))
    #expect(!clock.isAnyNewer([[1]], database: 1, than: before))
    #expect(!clock.isAnyNewer([[1]], database: 0, than: clock.now))
    for number in 0...TagClock.recentMax { clock.note(Array("\(number)".utf8), database: 0) }
    // What was forgotten counts as invalidated.
    #expect(clock.isAnyNewer([[2]], database: 0, than: before))
  }
}
