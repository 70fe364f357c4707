import Bytes
import Platform
import SeededRandom
import Synchronization
import Testing

@testable import CacheCore

/// An account of its own for structures that are tested outside a key space.
struct TestMemory: ~Copyable {
  let total: UnsafeMutablePointer<Atomic<Int>>
  let memory: ObjectMemory

  init() {
    total = .allocate(capacity: 1)
    total.initialize(to: Atomic(0))
    memory = ObjectMemory(total: total, .shard)
  }

  /// Bytes allocated and not released.
  var bytesHeld: Int {
    memory.settle()
    return total.pointee.load(ordering: .relaxed)
  }

  deinit {
    memory.close()
    total.deallocate()
  }
}

@Suite("Listpack")
struct ListpackTests {
  private func text(_ value: ListpackValue) -> [UInt8] { value.withText { $0.array } }

  /// Elements of every encoding and the borders between them.
  private static func element(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return Array(String(Int.random(in: -200...200, using: &random)).utf8)
    case 1: return Array(String(Int.random(in: -5000...5000, using: &random)).utf8)
    case 2:
      let shift = Int.random(in: 0..<63, using: &random)
      return Array(String(Int64.random(in: .min ... .max, using: &random) >> shift).utf8)
    case 3: return [UInt8](repeating: 120, count: Int.random(in: 60...70, using: &random))
    case 4: return [UInt8](repeating: 121, count: Int.random(in: 120...130, using: &random))
    case 5: return [UInt8](repeating: 122, count: Int.random(in: 4090...4100, using: &random))
    case 6: return [UInt8](repeating: 48, count: Int.random(in: 0...3, using: &random))
    default: return Array("field\(Int.random(in: 0..<50, using: &random))".utf8)
    }
  }

  @Test func agreesWithAnArray() {
    var random = SeededGenerator(test: "Listpack")
    let test = TestMemory()
    var pack = Listpack.make(test.memory)
    var model: [[UInt8]] = []
    for _ in 0..<3000 {
      let new = Self.element(&random)
      let choice = Int.random(in: 0..<10, using: &random)
      new.withByteView { view in
        let value = ListpackValue(encoding: view)
        if choice < 3 || model.isEmpty {
          pack.append(value, test.memory)
          model.append(new)
        } else if choice == 3 {
          pack.prepend(value, test.memory)
          model.insert(new, at: 0)
        } else {
          let index = Int.random(in: 0..<model.count, using: &random)
          let position = pack.position(at: index)!
          if choice < 6 {
            pack.insert(value, before: position, test.memory)
            model.insert(new, at: index)
          } else if choice < 8 {
            pack.replace(position, with: value, test.memory)
            model[index] = new
          } else {
            let count = min(Int.random(in: 1...4, using: &random), model.count - index)
            let next = pack.remove(position, count: count, test.memory)
            model.removeSubrange(index..<index + count)
            #expect((next == nil) == (index == model.count))
          }
        }
      }
      pack.checkInvariants()
      #expect(pack.count == model.count)
    }
    var read: [[UInt8]] = []
    var position = pack.first
    while let present = position {
      read.append(text(pack.value(at: present)))
      position = pack.next(present)
    }
    #expect(read == model)
    var backwards: [[UInt8]] = []
    position = pack.last
    while let present = position {
      backwards.append(text(pack.value(at: present)))
      position = pack.previous(present)
    }
    #expect(backwards == model.reversed())
    for needle in model {
      let found = needle.withByteView { pack.find($0, from: pack.first) }
      #expect(found == pack.position(at: model.firstIndex(of: needle)!))
    }
    pack.destroy(test.memory)
    #expect(test.bytesHeld == 0)
  }

  @Test func countsBeyondWhatTheHeaderHolds() {
    let test = TestMemory()
    var pack = Listpack.make(test.memory)
    for number in 0..<70_000 { pack.append(.integer(Int64(number)), test.memory) }
    #expect(pack.count == 70_000)
    pack.remove(pack.first!, count: 10_000, test.memory)
    #expect(pack.count == 60_000)
    pack.checkInvariants()
    pack.destroy(test.memory)
  }

  @Test func hasRedisBytes() {
    let test = TestMemory()
    var pack = Listpack.make(test.memory)
    for element in ["1", "-1", "300", "ab", "70000", "9000000000"] {
      Array(element.utf8).withByteView { pack.append(ListpackValue(encoding: $0), test.memory) }
    }
    let expected: [UInt8] = [
      39, 0, 0, 0, 6, 0, 0x01, 1, 0xDF, 0xFF, 2, 0xC1, 0x2C, 2, 0x82, 0x61, 0x62, 3,
      0xF2, 0x70, 0x11, 0x01, 4, 0xF4, 0x00, 0x1A, 0x71, 0x18, 2, 0, 0, 0, 9, 0xFF,
    ]
    var shown = expected
    shown[0] = UInt8(expected.count)
    #expect(pack.bytes.array == shown)
    pack.destroy(test.memory)
  }

  @Test func refusesDamage() {
    var random = SeededGenerator(test: "Listpack")
    let test = TestMemory()
    var pack = Listpack.make(test.memory)
    for _ in 0..<20 {
      Self.element(&random).withByteView { pack.append(ListpackValue(encoding: $0), test.memory) }
    }
    let good = pack.bytes.array
    for _ in 0..<5000 {
      var bad = good
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bad[Int.random(in: 0..<bad.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        bad.removeLast(Int.random(in: 0...bad.count, using: &random))
      }
      bad.withByteView { view in
        // Whatever is accepted can be walked.
        guard Listpack.isValid(view, deeply: true) else { return }
        let copy = Listpack.make(copying: view, test.memory)
        var position = copy.first
        while let present = position {
          _ = text(copy.value(at: present))
          position = copy.next(present)
        }
        copy.destroy(test.memory)
      }
    }
    pack.destroy(test.memory)
    #expect(test.bytesHeld == 0)
  }
}
