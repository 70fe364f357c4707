import Bytes
import SeededRandom
import Testing

@testable import CacheCore

@Suite("MemberTable")
struct MemberTableTests {
  private typealias Table = MemberTable<SetMember>
  private typealias Block = MemberBlock<SetMember>

  private func insert(_ name: String, into table: inout Table, _ memory: ObjectMemory) {
    Array(name.utf8).withByteView { key in
      let block = Block.make(key, .empty, memory)
      table.insert(block.base, hash: MemberHash.hash(key), memory)
    }
  }

  /// Removes a member; false when it is not there.
  private func remove(
    _ name: String, from table: inout Table, _ memory: ObjectMemory
  ) -> Bool {
    Array(name.utf8).withByteView { key in
      guard let place = table.place(of: key, hash: MemberHash.hash(key)) else { return false }
      let pointer = place.pointer
      table.remove(at: place, memory)
      memory.release(pointer)
      return true
    }
  }

  private func destroy(_ table: inout Table, _ memory: ObjectMemory) {
    var members = table.members
    while let pointer = members.next() { memory.release(pointer) }
    table.destroy(memory)
  }

  private func names(_ table: Table) -> [String] {
    var names: [String] = []
    var members = table.members
    while let pointer = members.next() { names.append(SetMember.key(of: pointer).string) }
    return names
  }

  @Test("It holds what a Set holds, growing and shrinking", arguments: [20, 300, 9000, 50000])
  func model(size: Int) {
    var random = SeededGenerator()
    let holder = TestMemory()
    var table = Table()
    var model: Set<String> = []
    for phase in 0..<4 {
      for step in 0..<size {
        let name = "member:\(Int.random(in: 0..<size, using: &random))"
        let isAdding = Int.random(in: 0..<10, using: &random) < (phase % 2 == 0 ? 8 : 2)
        if isAdding, model.insert(name).inserted {
          insert(name, into: &table, holder.memory)
        } else if !isAdding {
          #expect(remove(name, from: &table, holder.memory) == (model.remove(name) != nil))
        }
        if size < 1000 || step % 10000 == 0 { table.checkInvariants() }
      }
      #expect(table.count == model.count)
      #expect(Set(names(table)) == model)
    }
    for name in model { #expect(remove(name, from: &table, holder.memory)) }
    table.checkInvariants()
    table.destroy(holder.memory)
    #expect(holder.bytesHeld == 0)
  }

  @Test("A walk by cursors meets whatever is there throughout")
  func scan() {
    var random = SeededGenerator()
    let holder = TestMemory()
    var table = Table()
    let kept = (0..<500).map { "kept:\($0)" }
    for name in kept { insert(name, into: &table, holder.memory) }
    var others: Set<String> = []
    for _ in 0..<20 {
      var seen: Set<String> = []
      var cursor: UInt64 = 0
      var rounds = 0
      let isGrowing = Bool.random(using: &random)
      repeat {
        cursor = table.scan(from: cursor, count: 10) { seen.insert(SetMember.key(of: $0).string) }
        for _ in 0..<40 {
          let name = "other:\(Int.random(in: 0..<5000, using: &random))"
          if isGrowing, others.insert(name).inserted {
            insert(name, into: &table, holder.memory)
          } else if !isGrowing, let name = others.popFirst() {
            #expect(remove(name, from: &table, holder.memory))
          }
        }
        rounds += 1
      } while cursor != 0 && rounds < 100_000
      #expect(cursor == 0)
      #expect(seen.isSuperset(of: kept))
    }
    destroy(&table, holder.memory)
    #expect(holder.bytesHeld == 0)
  }

  @Test("Random members are equally likely", arguments: [1, 7, 9, 100, 777])
  func fairness(size: Int) {
    var random = SeededGenerator()
    let holder = TestMemory()
    var table = Table()
    for number in 0..<size { insert("m\(number)", into: &table, holder.memory) }
    var draws: [String: Int] = [:]
    var source = MemberRandom(seed: random.next())
    let total = 200 * size
    for _ in 0..<total {
      draws[SetMember.key(of: table.randomMember(&source)).string, default: 0] += 1
    }
    // Chi-square: mean size - 1, variance 2 (size - 1). Six deviations are a chance of 10^-7 or so.
    var chiSquare = 0.0
    for number in 0..<size {
      let difference = Double(draws["m\(number)", default: 0] - 200)
      chiSquare += difference * difference / 200
    }
    #expect(chiSquare < Double(size - 1) + 6 * (2 * Double(size)).squareRoot() + 6)
    destroy(&table, holder.memory)
  }

  @Test("Deadlines come in order, however they are changed")
  func deadlines() {
    var random = SeededGenerator()
    let holder = TestMemory()
    var heap = DeadlineHeap<SetMember>()
    var model: [Int: Int64] = [:]
    var blocks: [Int: UnsafeMutableRawPointer] = [:]
    for number in 0..<200 {
      Array("m\(number)".utf8).withByteView { key in
        blocks[number] = Block.make(key, .empty, isTimed: true, holder.memory).base
      }
    }
    for _ in 0..<4000 {
      let number = Int.random(in: 0..<200, using: &random)
      let deadline = Int64.random(in: 0..<1000, using: &random)
      guard let block = blocks[number] else { continue }
      if model[number] == nil {
        heap.insert(block, at: deadline, holder.memory)
        model[number] = deadline
      } else if Bool.random(using: &random) {
        heap.update(block, to: deadline)
        model[number] = deadline
      } else {
        heap.remove(block, holder.memory)
        model[number] = nil
      }
      heap.checkInvariants()
      #expect(heap.count == model.count)
      #expect(heap.earliest == model.values.min())
      #expect(heap.dueCount(at: 300) == model.values.filter { $0 <= 300 }.count)
    }
    heap.destroy(holder.memory)
    for block in blocks.values { holder.memory.release(block) }
    #expect(holder.bytesHeld == 0)
  }

  @Test("A block keeps key and value of any length")
  func blocks() {
    let holder = TestMemory()
    let lengths = [0, 1, 62, 63, 64, 255, 256, 70000]
    for keyCount in lengths {
      for valueCount in lengths {
        let key = [UInt8](repeating: 7, count: keyCount)
        let value = (0..<valueCount).map { UInt8(truncatingIfNeeded: $0) }
        key.withByteView { keyView in
          value.withByteView { valueView in
            var block = MemberBlock<HashField>.make(keyView, valueView, holder.memory)
            #expect(block.key == keyView)
            #expect(block.value == valueView)
            block = block.setTimed(true, holder.memory)
            block.heapIndex = 77
            for count in lengths {
              let other = [UInt8](repeating: 9, count: count)
              other.withByteView { block = block.setValue($0, holder.memory) }
              #expect(block.value.array == other)
              #expect(block.key == keyView)
              #expect(block.heapIndex == 77)
            }
            holder.memory.release(block.base)
          }
        }
      }
    }
    #expect(holder.bytesHeld == 0)
  }
}
