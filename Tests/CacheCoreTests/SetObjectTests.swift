import Bytes
import SeededRandom
import Testing

@testable import CacheCore

extension String {
  /// Calls `body` with the text as a set has it.
  fileprivate func withMember<Result>(_ body: (ListpackValue) -> Result) -> Result {
    Array(utf8).withByteView { body(ListpackValue(encoding: $0)) }
  }
}

@Suite("SetObject")
struct SetObjectTests {
  private static let limits = SetLimits(
    intsetEntriesMax: 64, listpackEntriesMax: 32, listpackValueBytesMax: 20)

  private func text(_ value: ListpackValue) -> String { value.withText { $0.string } }

  private func members(_ set: SetObject) -> Set<String> {
    var found: Set<String> = []
    set.forEachMember { #expect(found.insert(text($0)).inserted) }
    return found
  }

  private func make(_ members: [String], _ memory: ObjectMemory) -> SetObject {
    let set = (members.first ?? "").withMember {
      SetObject.make(for: $0, Self.limits, memory, now: 0)
    }
    for member in members { member.withMember { _ = set.add($0, Self.limits) } }
    return set
  }

  private static func member(_ kind: Int, _ random: inout SeededGenerator) -> String {
    let small = Int.random(in: -50...50, using: &random)
    switch kind {
    case 0: return String(small)
    case 1: return String([small, small * 1000, small << 40].randomElement(using: &random)!)
    case 2: return Bool.random(using: &random) ? String(small) : "m\(small)"
    default: return "member \(Int.random(in: 0..<500, using: &random))"
    }
  }

  @Test("It holds what a Set holds", arguments: 0..<4)
  func model(kind: Int) {
    var random = SeededGenerator()
    let holder = TestMemory()
    for _ in 0..<20 {
      let first = Self.member(kind, &random)
      let set = make([first], holder.memory)
      var model: Set<String> = [first]
      for step in 0..<300 {
        let member = Self.member(kind, &random)
        if Int.random(in: 0..<3, using: &random) > 0 {
          #expect(
            member.withMember { set.add($0, Self.limits) } == model.insert(member).inserted)
        } else if model.count > 1 || !model.contains(member) {
          #expect(member.withMember { set.remove($0) } == (model.remove(member) != nil))
        }
        #expect(member.withMember { set.contains($0) } == model.contains(member))
        #expect(set.count == model.count)
        SetKind.checkInvariants(set.object)
        if step % 20 == 0 { #expect(members(set) == model) }
      }
      let copy = SetObject(set.object.copy(into: holder.memory), now: 0)
      #expect(members(copy) == model)
      var popped: Set<String> = []
      let count = model.count / 2
      copy.popMembers(count, seed: random.next()) { popped.insert(text($0)) }
      #expect(popped.count == count)
      #expect(members(copy) == model.subtracting(popped))
      copy.object.destroy()
      set.object.destroy()
    }
    #expect(holder.bytesHeld == 0)
  }

  @Test("Encodings change where Redis changes them")
  func encodings() {
    let holder = TestMemory()
    let numbers = make((0..<64).map(String.init), holder.memory)
    #expect(numbers.encoding == .intset)
    "64".withMember { _ = numbers.add($0, Self.limits) }
    #expect(numbers.encoding == .hashtable)
    let mixed = make((0..<20).map(String.init) + ["a"], holder.memory)
    #expect(mixed.encoding == .listpack)
    "a member that is too long".withMember { _ = mixed.add($0, Self.limits) }
    #expect(mixed.encoding == .hashtable)
    let many = make((0..<40).map(String.init) + ["a"], holder.memory)
    #expect(many.encoding == .hashtable)
    let words = make((0..<32).map { "w\($0)" }, holder.memory)
    #expect(words.encoding == .listpack)
    "w32".withMember { _ = words.add($0, Self.limits) }
    #expect(words.encoding == .hashtable)
    for set in [numbers, mixed, many, words] { set.object.destroy() }
    #expect(holder.bytesHeld == 0)
  }

  @Test("Intersections, unions and differences are those of Set")
  func algebra() {
    var random = SeededGenerator()
    let holder = TestMemory()
    for _ in 0..<200 {
      var models: [Set<String>] = []
      var sets: [SetObject] = []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let kind = Int.random(in: 0..<4, using: &random)
        let size = Int.random(in: 1...80, using: &random)
        let members = (0..<size).map { _ in Self.member(kind, &random) }
        models.append(Set(members))
        sets.append(make(members, holder.memory))
      }
      var result: [String] = []
      var order = sets
      order.withUnsafeMutableBufferPointer { buffer in
        SetAlgebra.intersect(buffer) {
          result.append(text($0))
          return true
        }
      }
      #expect(
        result.sorted() == models.dropFirst().reduce(models[0]) { $0.intersection($1) }.sorted())
      result = []
      order = sets
      order.withUnsafeMutableBufferPointer { buffer in
        SetAlgebra.unite(buffer) { result.append(text($0)) }
      }
      #expect(result.sorted() == models.reduce(Set<String>()) { $0.union($1) }.sorted())
      result = []
      order = Array(sets.dropFirst())
      order.withUnsafeMutableBufferPointer { buffer in
        SetAlgebra.subtract(buffer, from: sets[0]) { result.append(text($0)) }
      }
      #expect(
        result.sorted() == models.dropFirst().reduce(models[0]) { $0.subtracting($1) }.sorted())
      for set in sets { set.object.destroy() }
    }
    #expect(holder.bytesHeld == 0)
  }

  @Test("Damaged intsets are refused")
  func intsetValidation() {
    let good: [UInt8] = [2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 5, 0]
    #expect(good.withByteView { Intset.isValid($0) })
    for (index, byte) in [(0, 3), (4, 3), (4, 1), (8, 5), (8, 9)] as [(Int, UInt8)] {
      var bad = good
      bad[index] = byte
      #expect(!bad.withByteView { Intset.isValid($0) })
    }
    #expect(![UInt8]([2, 0, 0]).withByteView { Intset.isValid($0) })
  }
}
