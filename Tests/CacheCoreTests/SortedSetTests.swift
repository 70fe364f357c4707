import Bytes
import SeededRandom
import Testing

@testable import CacheCore

/// A sorted set against arrays.
@Suite struct SortedSetTests {
  static let limits = SortedSetLimits(listpackEntriesMax: 128, listpackValueBytesMax: 64)
  static let alwaysTree = SortedSetLimits(listpackEntriesMax: 0, listpackValueBytesMax: 64)

  struct Element: Equatable, Comparable {
    var score: Double
    var member: [UInt8]

    static func < (left: Element, right: Element) -> Bool {
      left.score == right.score
        ? left.member.lexicographicallyPrecedes(right.member) : left.score < right.score
    }
  }

  /// The same set as a sorted array and a dictionary.
  struct Model {
    var elements: [Element] = []
    var scores: [[UInt8]: Double] = [:]

    func lowerBound(_ element: Element) -> Int {
      var low = 0
      var high = elements.count
      while low < high {
        let middle = (low + high) / 2
        if elements[middle] < element { low = middle + 1 } else { high = middle }
      }
      return low
    }

    mutating func set(_ member: [UInt8], _ score: Double) {
      remove(member)
      let element = Element(score: score, member: member)
      elements.insert(element, at: lowerBound(element))
      scores[member] = score
    }

    @discardableResult
    mutating func remove(_ member: [UInt8]) -> Bool {
      guard let old = scores.removeValue(forKey: member) else { return false }
      elements.remove(at: lowerBound(Element(score: old, member: member)))
      return true
    }
  }

  static func elements(of cursor: SortedSetCursor) -> [Element] {
    var cursor = cursor
    var all: [Element] = []
    while let element = cursor.next() {
      all.append(Element(score: element.score, member: element.member.withText { $0.array }))
    }
    return all
  }

  static func randomMember(_ random: inout SeededGenerator, space: Int) -> [UInt8] {
    let number = Int.random(in: 0..<space, using: &random)
    switch number % 7 {
    case 0: return Array("\(number)".utf8)
    case 1: return Array("-\(number)".utf8)
    case 2 where number % 5 == 0: return Array(repeating: UInt8(number & 255), count: 40)
    case 3 where number % 50 == 3:
      return Array("long-\(number)-".utf8) + Array(repeating: 7, count: 300)
    case 4 where number == 4: return []
    default: return Array("member:\(number)".utf8)
    }
  }

  static func randomScore(_ random: inout SeededGenerator) -> Double {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: return .infinity
    case 1: return -.infinity
    case 2: return Double.random(in: -1...1, using: &random)
    case 3: return 1e20
    default: return Double(Int.random(in: -20...20, using: &random))
    }
  }

  /// One random change of both; expects the same outcome.
  static func change(
    _ set: SortedSet, _ model: inout Model, _ random: inout SeededGenerator, space: Int,
    limits: SortedSetLimits, removing: Int
  ) {
    let member = randomMember(&random, space: space)
    let kind = Int.random(in: 0..<100, using: &random)
    if kind < removing {
      #expect(member.withByteView { set.remove($0) } == model.remove(member))
    } else if kind == 99, model.elements.count > 3 {
      let start = Int.random(in: 0..<model.elements.count, using: &random)
      let lengthMax = min(5 + space / 20, model.elements.count - start)
      let length = Int.random(in: 0...lengthMax, using: &random)
      set.remove(start..<start + length)
      for element in model.elements[start..<start + length] { model.scores[element.member] = nil }
      model.elements.removeSubrange(start..<start + length)
    } else {
      let score = randomScore(&random)
      let all: [SortedSet.UpdateOptions] = [
        [], [], [], [], .ifAbsent, .ifPresent, .ifGreater, .ifLess, .increment,
        [.increment, .ifGreater], [.ifPresent, .ifLess],
      ]
      let options = all[Int.random(in: 0..<all.count, using: &random)]
      let result = member.withByteView { set.update($0, score: score, options, limits: limits) }
      expectOutcome(result, of: member, score, options, &model)
    }
  }

  private static func expectOutcome(
    _ result: (outcome: SortedSet.UpdateOutcome, score: Double), of member: [UInt8],
    _ score: Double, _ options: SortedSet.UpdateOptions, _ model: inout Model
  ) {
    guard let old = model.scores[member] else {
      #expect(result.outcome == (options.contains(.ifPresent) ? .refused : .added))
      if !options.contains(.ifPresent) { model.set(member, score) }
      return
    }
    let wanted = options.contains(.increment) ? old + score : score
    if wanted.isNaN {
      #expect(result.outcome == .notANumber)
    } else if options.contains(.ifAbsent) || options.contains(.ifGreater) && wanted <= old
      || options.contains(.ifLess) && wanted >= old
    {
      #expect(result.outcome == .refused)
    } else {
      #expect(result.outcome == (wanted == old ? .same : .changed))
      #expect(result.score == wanted)
      if wanted != old { model.set(member, wanted) }
    }
  }

  static func expectSame(
    _ set: SortedSet, _ model: Model, _ random: inout SeededGenerator, space: Int
  ) {
    #expect(set.count == model.elements.count)
    let member = randomMember(&random, space: space)
    #expect(member.withByteView { set.score(of: $0) } == model.scores[member])
    let rank = model.scores[member].map { model.lowerBound(Element(score: $0, member: member)) }
    #expect(member.withByteView { set.rank(of: $0, reversed: false)?.rank } == rank)
    #expect(
      member.withByteView { set.rank(of: $0, reversed: true)?.rank }
        == rank.map { model.elements.count - 1 - $0 })
    let range = ScoreRange(
      min: randomScore(&random), excludesMin: Bool.random(using: &random),
      max: randomScore(&random), excludesMax: Bool.random(using: &random))
    let ranks = set.ranks(of: range)
    let wanted = model.elements.filter {
      (range.excludesMin ? $0.score > range.min : $0.score >= range.min)
        && (range.excludesMax ? $0.score < range.max : $0.score <= range.max)
    }
    #expect(elements(of: set.cursor(over: ranks)) == wanted)
    #expect(elements(of: set.cursor(over: ranks, reversed: true)) == wanted.reversed())
  }

  @Test(arguments: [8, 60, 300])
  func randomOperations(space: Int) {
    let account = TestMemory()
    var random = SeededGenerator(test: "SortedSetTests.randomOperations(\(space))")
    for limits in [Self.limits, Self.alwaysTree] {
      let set = SortedSet.make(countHint: 1, limits: limits, account.memory)
      var model = Model()
      var removing = 30
      for step in 0..<400 {
        if step % 80 == 0 { removing = removing == 30 ? 70 : 30 }
        Self.change(set, &model, &random, space: space, limits: limits, removing: removing)
        SortedSetKind.checkInvariants(set.object)
        Self.expectSame(set, model, &random, space: space)
      }
      set.object.destroy()
    }
    #expect(account.bytesHeld == 0)
  }

  @Test func largeTree() {
    let account = TestMemory()
    var random = SeededGenerator(test: "SortedSetTests.largeTree")
    let set = SortedSet.make(countHint: 1, limits: Self.alwaysTree, account.memory)
    var model = Model()
    for (steps, removing) in [(9000, 5), (3000, 50), (9000, 90)] {
      for step in 0..<steps {
        Self.change(
          set, &model, &random, space: 12000, limits: Self.alwaysTree, removing: removing)
        if step % 500 == 0 {
          SortedSetKind.checkInvariants(set.object)
          Self.expectSame(set, model, &random, space: 12000)
        }
      }
      SortedSetKind.checkInvariants(set.object)
      #expect(Self.elements(of: set.cursor()) == model.elements)
    }
    let copy = set.object.copy(into: account.memory)
    SortedSetKind.checkInvariants(copy)
    #expect(Self.elements(of: SortedSet(copy).cursor()) == model.elements)
    copy.destroy()
    set.remove(0..<set.count)
    SortedSetKind.checkInvariants(set.object)
    set.object.destroy()
    #expect(account.bytesHeld == 0)
  }

  @Test(arguments: [true, false])
  func inOrder(ascending: Bool) {
    let account = TestMemory()
    let set = SortedSet.make(countHint: 1, limits: Self.alwaysTree, account.memory)
    for number in 0..<20000 {
      let score = Double(ascending ? number : -number)
      Array("m\(number)".utf8).withByteView {
        _ = set.update($0, score: score, limits: Self.alwaysTree)
      }
    }
    SortedSetKind.checkInvariants(set.object)
    // Leaves stay full where members come in order: 323 are needed.
    #expect(set.tree.root.pointee.leafCount < 330)
    // Emptied from the front and from the back.
    while set.count > 100 {
      set.remove(0..<7)
      set.remove(set.count - 30..<set.count)
    }
    SortedSetKind.checkInvariants(set.object)
    set.object.destroy()
    #expect(account.bytesHeld == 0)
  }

  @Test func bytesInOrder() {
    let account = TestMemory()
    for limits in [Self.limits, Self.alwaysTree] {
      let set = SortedSet.make(countHint: 1, limits: limits, account.memory)
      let words = ["", "a", "aa", "ab", "b", "ba", "c", "zz"]
      for word in words.shuffled() {
        Array(word.utf8).withByteView { _ = set.update($0, score: 3, limits: limits) }
      }
      func range(_ low: String, _ high: String) -> [String] {
        Array(low.utf8).withByteView { low in
          Array(high.utf8).withByteView { high in
            LexRange(min: low, max: high).map { range in
              Self.elements(of: set.cursor(over: set.ranks(of: range)))
                .map { String(decoding: $0.member, as: UTF8.self) }
            } ?? ["no range"]
          }
        }
      }
      #expect(range("-", "+") == words)
      #expect(range("+", "-") == [])
      #expect(range("[aa", "(ba") == ["aa", "ab", "b"])
      #expect(range("(aa", "[ba") == ["ab", "b", "ba"])
      #expect(range("[c", "[a") == [])
      #expect(range("[", "(a") == [""])
      #expect(range("aa", "[b") == ["no range"])
      #expect(range("-x", "+") == ["no range"])
      set.object.destroy()
    }
    #expect(account.bytesHeld == 0)
  }

  @Test func scanMeetsAllThatStay() {
    let account = TestMemory()
    var random = SeededGenerator(test: "SortedSetTests.scanMeetsAllThatStay")
    let set = SortedSet.make(countHint: 1, limits: Self.alwaysTree, account.memory)
    func add(_ name: String) {
      Array(name.utf8).withByteView { _ = set.update($0, score: 0, limits: Self.alwaysTree) }
    }
    for number in 0..<500 { add("stays:\(number)") }
    var seen: Set<[UInt8]> = []
    var cursor: UInt64 = 0
    var extra = 0
    var isGrowing = true
    repeat {
      cursor = set.scan(cursor, count: 10) { member, _ in
        _ = seen.insert(member.withText { $0.array })
      }
      for _ in 0..<Int.random(in: 0..<200, using: &random) {
        if isGrowing {
          add("extra:\(extra)")
          extra += 1
        } else if extra > 0 {
          extra -= 1
          _ = Array("extra:\(extra)".utf8).withByteView { set.remove($0) }
        }
      }
      if extra > 3000 { isGrowing = false }
      if extra == 0 { isGrowing = true }
    } while cursor != 0
    for number in 0..<500 { #expect(seen.contains(Array("stays:\(number)".utf8))) }
    SortedSetKind.checkInvariants(set.object)
    set.object.destroy()
    #expect(account.bytesHeld == 0)
  }

  @Test func listpackBytesAreRedis() {
    let account = TestMemory()
    let set = SortedSet.make(countHint: 3, limits: Self.limits, account.memory)
    for (member, score) in [("b", 2.0), ("7", 1.5), ("c", -1e300)] {
      Array(member.utf8).withByteView { _ = set.update($0, score: score, limits: Self.limits) }
    }
    // What DUMP of Redis 7.2 carries for ZADD k 2 b 1.5 7 -1e300 c.
    let text = Array("-1e+300".utf8)
    let wanted: [UInt8] =
      [32, 0, 0, 0, 6, 0, 0x81, 0x63, 2, 0x87] + text + [8, 7, 1, 0x83, 0x31, 0x2E, 0x35, 4]
      + [0x81, 0x62, 2, 2, 1, 0xFF]
    #expect(set.pack.bytes.array.dropFirst(4) == wanted.dropFirst(4))
    #expect(set.pack.byteCount == set.pack.bytes.count)
    set.object.destroy()
    #expect(account.bytesHeld == 0)
  }

  @Test func scoreRangesAreReadAsRedisDoes() {
    func range(_ low: String, _ high: String) -> ScoreRange? {
      Array(low.utf8).withByteView { low in
        Array(high.utf8).withByteView { ScoreRange(min: low, max: $0) }
      }
    }
    #expect(range("-inf", "+inf")?.min == -.infinity)
    #expect(range("(1.5", "(2")?.excludesMin == true)
    #expect(range("(1.5", "(2")?.min == 1.5)
    #expect(range("(", "")?.min == 0)
    #expect(range(" 1", "1e400")?.max == .infinity)
    #expect(range("nan", "1") == nil)
    #expect(range("1x", "1") == nil)
    #expect(range("1 ", "1") == nil)
  }
}
