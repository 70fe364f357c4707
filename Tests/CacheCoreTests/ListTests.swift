import Bytes
import Platform
import SeededRandom
import Synchronization
import Testing

@testable import CacheCore

@Suite("Lists")
struct ListTests {
  /// A list beside an array that is changed in the same way.
  private struct Pair {
    let list: ListObject
    var model: [[UInt8]] = []
    var limits: ListLimits

    func read() -> [[UInt8]] {
      var all: [[UInt8]] = []
      list.forEachElement { all.append($0.withText { $0.array }) }
      return all
    }
  }

  private static func element(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4: return Array(String(Int.random(in: 0..<30, using: &random)).utf8)
    case 4..<8: return Array("element \(Int.random(in: 0..<30, using: &random))".utf8)
    case 8: return [UInt8](repeating: 120, count: Int.random(in: 0..<700, using: &random))
    default: return [UInt8](repeating: 121, count: Int.random(in: 0..<6000, using: &random))
    }
  }

  @Test(
    arguments: [1, 2, 7, 128, -1, -2, -5].map { ($0, 0) } + [
      (1, 1), (3, 1), (7, 2), (-1, 1), (2, 3),
    ])
  func agreesWithAnArray(listpackSize: Int, depth: Int) {
    var random = SeededGenerator(test: "Lists \(listpackSize) \(depth)")
    let test = TestMemory()
    var pair = Pair(
      list: .make(test.memory),
      limits: ListLimits(listpackSize: listpackSize, compressDepth: depth))
    for step in 0..<2500 {
      if step % 500 == 250 {
        pair.limits = ListLimits(
          listpackSize: listpackSize, plainBytesMin: 20, compressDepth: step > 2000 ? 0 : depth)
      } else if step % 500 == 499 {
        pair.limits = ListLimits(listpackSize: listpackSize, compressDepth: depth)
      }
      Self.change(&pair, &random)
      ListObject.checkInvariants(pair.list.object)
      #expect(pair.list.count == pair.model.count)
      if step % 10 == 0 {
        #expect(pair.read() == pair.model)
        let copy = pair.list.object.copy(into: test.memory)
        ListObject.checkInvariants(copy)
        #expect(copy.count == pair.model.count)
        copy.destroy()
      }
      #expect(test.bytesHeld == ListObject.usedBytes(pair.list.object, samples: 0))
    }
    pair.list.object.destroy()
    #expect(test.bytesHeld == 0)
  }

  /// Does the same random thing to both.
  private static func change(_ pair: inout Pair, _ random: inout SeededGenerator) {
    let list = pair.list
    let limits = pair.limits
    let new = element(&random)
    let count = pair.model.count
    new.withByteView { view in
      switch Int.random(in: 0..<16, using: &random) {
      case 0..<3:
        list.prepareToGrow(bytes: view.count, count: 1, limits)
        list.push(view, at: .head, limits)
        pair.model.insert(new, at: 0)
      case 3..<6:
        list.prepareToGrow(bytes: view.count, count: 1, limits)
        list.push(view, at: .tail, limits)
        pair.model.append(new)
      case 6 where count > 0:
        #expect(list.value(at: .head).withText { $0.array } == pair.model[0])
        list.removeEnd(.head)
        pair.model.removeFirst()
        list.settle(isShrinking: true, limits)
      case 7 where count > 0:
        #expect(list.value(at: .tail).withText { $0.array } == pair.model[count - 1])
        list.removeEnd(.tail)
        pair.model.removeLast()
        list.settle(isShrinking: true, limits)
      case 8..<10 where count > 0:
        let index = Int.random(in: 0..<count, using: &random)
        list.prepareToGrow(bytes: view.count, count: 1, limits)
        #expect(list.replace(at: index - count, with: view, limits))
        pair.model[index] = new
      case 10..<13 where count > 0:
        let pivot = pair.model[Int.random(in: 0..<count, using: &random)]
        let index = pair.model.firstIndex(of: pivot)!
        let after = Bool.random(using: &random)
        list.prepareToGrow(bytes: view.count, count: 1, limits)
        let isInserted = pivot.withByteView {
          list.insert(view, nextTo: $0, after: after, limits)
        }
        #expect(isInserted)
        pair.model.insert(new, at: after ? index + 1 : index)
      case 13: removeEqual(&pair, new, &random)
      case 14 where count > 40 || Int.random(in: 0..<10, using: &random) == 0:
        let from = Int.random(in: 0...count, using: &random)
        let length = Int.random(in: 0...(count - from), using: &random)
        list.removeRange(from: from, count: length, Bool.random(using: &random) ? limits : nil)
        pair.model.removeSubrange(from..<from + length)
        list.settle(isShrinking: true, limits)
      default: look(pair, &random)
      }
    }
  }

  private static func removeEqual(
    _ pair: inout Pair, _ needle: [UInt8], _ random: inout SeededGenerator
  ) {
    let backwards = Bool.random(using: &random)
    let limit = Int.random(in: 1...4, using: &random)
    let removed = needle.withByteView {
      pair.list.remove($0, limit: limit, backwards: backwards, pair.limits)
    }
    var left = limit
    var expected = 0
    var index = backwards ? pair.model.count - 1 : 0
    while left > 0, index >= 0, index < pair.model.count {
      if pair.model[index] == needle {
        pair.model.remove(at: index)
        left -= 1
        expected += 1
        if backwards { index -= 1 }
      } else {
        index += backwards ? -1 : 1
      }
    }
    #expect(removed == expected)
  }

  private static func look(_ pair: Pair, _ random: inout SeededGenerator) {
    let count = pair.model.count
    guard count > 0 else {
      #expect(pair.list.value(at: 0) == nil)
      return
    }
    let index = Int.random(in: 0..<count, using: &random)
    #expect(pair.list.value(at: index)?.withText { $0.array } == pair.model[index])
    #expect(pair.list.value(at: count) == nil)
    let needle = pair.model[index]
    let backwards = Bool.random(using: &random)
    var found: [Int] = []
    needle.withByteView {
      pair.list.find($0, backwards: backwards, limit: count) { position in
        found.append(position)
        return true
      }
    }
    let expected = pair.model.indices.filter { pair.model[$0] == needle }
    #expect(found == (backwards ? expected.reversed() : expected))
    let length = Int.random(in: 0...(index + 1), using: &random)
    var part: [[UInt8]] = []
    pair.list.forEach(from: index, count: length, backwards: true) {
      part.append($0.withText { $0.array })
    }
    #expect(part == pair.model[(index + 1 - length)..<(index + 1)].reversed())
  }

  /// A long list of text takes a fraction of the memory, and gives every element back.
  @Test func innerNodesAreCompressed() {
    let test = TestMemory()
    var held: [Int] = []
    var dumps: [[UInt8]] = []
    for depth in [0, 1, 3] {
      let limits = ListLimits(listpackSize: -2, compressDepth: depth)
      let list = ListObject.make(test.memory)
      for number in 0..<20_000 {
        Array("{\"user\": \(number), \"page\": \"/index.html\"}".utf8).withByteView { view in
          list.prepareToGrow(bytes: view.count, count: 1, limits)
          list.push(view, at: .tail, limits)
        }
      }
      ListObject.checkInvariants(list.object)
      held.append(ListObject.usedBytes(list.object, samples: 0))
      for index in stride(from: 0, to: 20_000, by: 997) {
        let text = list.value(at: index)?.withText { $0.string }
        #expect(text == "{\"user\": \(index), \"page\": \"/index.html\"}")
      }
      var writer = DumpWriter(compresses: true)
      writer.value(list.object, DumpClock(now: 0, wallStep: 0))
      dumps.append(writer.bytes)
      list.object.destroy()
    }
    #expect(held[1] * 2 < held[0])
    #expect(held[2] * 2 < held[0] && held[2] > held[1])
    // Compressed nodes go into payloads as they are: the same as when they are compressed there.
    #expect(dumps[0] == dumps[1] && dumps[1] == dumps[2])
    #expect(test.bytesHeld == 0)
  }

  @Test func smallNeighboursAreJoined() {
    let test = TestMemory()
    for depth in [0, 1] {
      let limits = ListLimits(listpackSize: 16, compressDepth: depth)
      let list = ListObject.make(test.memory)
      for number in 0..<1600 {
        Array((number % 16 == 0 ? "keep \(number)" : "go").utf8).withByteView { view in
          list.prepareToGrow(bytes: view.count, count: 1, limits)
          list.push(view, at: .tail, limits)
        }
      }
      #expect(list.nodeCount == 100)
      let removed = Array("go".utf8).withByteView {
        list.remove($0, limit: .max, backwards: depth == 1, limits)
      }
      #expect(removed == 1500)
      #expect(list.count == 100)
      #expect(list.nodeCount <= 20)
      ListObject.checkInvariants(list.object)
      var all: [String] = []
      list.forEachElement { all.append($0.withText { $0.string }) }
      #expect(all == stride(from: 0, to: 1600, by: 16).map { "keep \($0)" })
      list.object.destroy()
    }
    #expect(test.bytesHeld == 0)
  }

  @Test func becomesAListpackAgainAtHalf() {
    let test = TestMemory()
    let limits = ListLimits(listpackSize: 8)
    let list = ListObject.make(test.memory)
    for number in 0..<9 {
      Array("\(number)".utf8).withByteView { view in
        list.prepareToGrow(bytes: view.count, count: 1, limits)
        list.push(view, at: .tail, limits)
      }
      #expect(list.object.encoding == (number < 8 ? .listpack : .quicklist))
    }
    for left in (1..<9).reversed() {
      list.removeEnd(.tail)
      list.settle(isShrinking: true, limits)
      #expect(list.object.encoding == (left > 4 ? .quicklist : .listpack))
    }
    list.object.destroy()
    #expect(test.bytesHeld == 0)
  }

  /// Enough nodes for many segments, at both ends and in the middle.
  @Test func findsIndexesInManyNodes() {
    let test = TestMemory()
    let limits = ListLimits(listpackSize: 1)
    let list = ListObject.make(test.memory)
    var model: [Int] = []
    for number in 0..<3000 {
      Array("\(number)".utf8).withByteView { view in
        list.prepareToGrow(bytes: view.count, count: 1, limits)
        list.push(view, at: number % 3 == 0 ? .head : .tail, limits)
      }
      if number % 3 == 0 { model.insert(number, at: 0) } else { model.append(number) }
    }
    for index in stride(from: 0, to: 3000, by: 7) {
      let text = list.value(at: index)?.withText { $0.string }
      #expect(text == "\(model[index])")
    }
    for number in 5000..<5400 {
      let pivot = model[1234]
      Array("\(number)".utf8).withByteView { view in
        _ = Array("\(pivot)".utf8).withByteView {
          list.insert(view, nextTo: $0, after: true, limits)
        }
      }
      model.insert(number, at: 1235)
    }
    ListObject.checkInvariants(list.object)
    list.removeRange(from: 100, count: 2800)
    model.removeSubrange(100..<2900)
    ListObject.checkInvariants(list.object)
    var all: [Int] = []
    list.forEachElement { if case .integer(let number) = $0 { all.append(Int(number)) } }
    #expect(all == model)
    list.object.destroy()
    #expect(test.bytesHeld == 0)
  }
}
