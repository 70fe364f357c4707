import Bytes
import SeededRandom
import Testing

@testable import CacheCore

extension String {
  /// Calls `body` with a view of the text.
  fileprivate func withView<Result>(_ body: (ByteView) -> Result) -> Result {
    Array(utf8).withByteView(body)
  }
}

@Suite("HashObject")
struct HashObjectTests {
  private func text(_ value: ListpackValue) -> String { value.withText { $0.string } }

  private func contents(_ hash: HashObject) -> [String: String] {
    var found: [String: String] = [:]
    hash.forEachField { field, value in
      #expect(found.updateValue(text(value), forKey: text(field)) == nil)
    }
    return found
  }

  /// What a hash is compared with.
  private struct Model {
    var values: [String: String] = [:]
    var deadlines: [String: Int64] = [:]

    mutating func removeDue(_ now: Int64) {
      for (field, deadline) in deadlines where deadline <= now {
        deadlines[field] = nil
        values[field] = nil
      }
    }
  }

  @Test(
    "It holds what a Dictionary holds, deadlines included",
    arguments: [(5, 128), (40, 16), (300, 128), (2000, 0)])
  func model(fields: Int, entriesMax: Int) {
    var random = SeededGenerator()
    let holder = TestMemory()
    let limits = HashLimits(entriesMax: entriesMax, valueBytesMax: 64)
    let object = HashObject.make(holder.memory, now: 0).object
    var model = Model()
    var now: Int64 = 1
    for step in 0..<3000 {
      let hash = HashObject(object, now: now)
      let field = "f\(Int.random(in: 0..<fields, using: &random))"
      let value = Self.value(&random)
      field.withView { name in
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<5:
          let keeps = Bool.random(using: &random)
          let isNew = value.withView {
            hash.set(name, to: $0, limits, keepsDeadline: keeps)
          }
          #expect(isNew == (model.values.updateValue(value, forKey: field) == nil))
          if !keeps || isNew { model.deadlines[field] = nil }
        case 5..<8:
          #expect(hash.remove(name) == (model.values.removeValue(forKey: field) != nil))
          model.deadlines[field] = nil
        case 8:
          guard hash.contains(name) else { break }
          let deadline: Int64? =
            Bool.random(using: &random) ? now + Int64.random(in: 1...200, using: &random) : nil
          hash.setDeadline(of: name, to: deadline)
          model.deadlines[field] = deadline
        case 9: _ = hash.removeDue(limit: 3)
        case 10:
          now += Int64.random(in: 0...30, using: &random)
          model.removeDue(now)
        default: #expect(hash.value(of: name).map(text) == model.values[field])
        }
      }
      let later = HashObject(object, now: now)
      #expect(later.count == model.values.count)
      HashKind.checkInvariants(object)
      if step % 50 == 0 { #expect(contents(later) == model.values) }
      field.withView {
        let expected: FieldDeadline =
          model.values[field] == nil
          ? .absent : model.deadlines[field].map { .at($0) } ?? .none
        #expect(later.deadline(of: $0) == expected)
      }
    }
    let copy = object.copy(into: holder.memory)
    #expect(contents(HashObject(copy, now: now)) == model.values)
    HashKind.checkInvariants(copy)
    copy.destroy()
    object.destroy()
    #expect(holder.bytesHeld == 0)
  }

  private static func value(_ random: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<8: return String(Int.random(in: -100_000...100_000, using: &random))
    case 8..<19: return "value \(Int.random(in: 0..<1000, using: &random))"
    default: return String(repeating: "x", count: Int.random(in: 0..<64, using: &random))
    }
  }

  @Test("Samples are different fields, draws may repeat", arguments: [3, 100, 5000])
  func samples(size: Int) {
    var random = SeededGenerator()
    let holder = TestMemory()
    let hash = HashObject.make(holder.memory, now: 0)
    let limits = HashLimits(entriesMax: 128, valueBytesMax: 64)
    for number in 0..<size {
      "f\(number)".withView { _ = hash.set($0, to: $0, limits) }
    }
    for count in [0, 1, 2, size / 4, size / 2, size, size * 2] {
      var seen: Set<String> = []
      var total = 0
      hash.sampleFields(count, seed: random.next()) { field, value in
        #expect(text(field) == text(value))
        seen.insert(text(field))
        total += 1
      }
      #expect(total == min(count, size))
      #expect(seen.count == total)
      var draws = 0
      hash.drawFields(count, seed: random.next()) { _, _ in
        draws += 1
        return true
      }
      #expect(draws == count)
    }
    hash.object.destroy()
    #expect(holder.bytesHeld == 0)
  }
}
