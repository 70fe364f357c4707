import Bytes
import SeededRandom
import Synchronization
import Testing

@testable import CacheCore

/// Streams against an array of entries and a dictionary of pending ones.
@Suite struct StreamTests {
  /// An account that must be even at the end.
  private func withMemory(_ body: (ObjectMemory) throws -> Void) rethrows {
    let total = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
    total.initialize(to: Atomic(0))
    let memory = ObjectMemory(total: total, .shard)
    try body(memory)
    memory.close()
    #expect(total.pointee.load(ordering: .relaxed) == 0)
    total.deinitialize(count: 1)
    total.deallocate()
  }

  @Test func indexAgreesWithASortedArray() {
    var random = SeededGenerator()
    withMemory { memory in
      var index = StreamIndex<Int>()
      var model: [StreamID: Int] = [:]
      for step in 0..<20_000 {
        // It grows at the end, shrinks at the front, and both anywhere.
        let grows = (step / 4000) % 2 == 0
        let number = UInt64.random(in: 0..<2000, using: &random)
        let id =
          Bool.random(using: &random) ? StreamID(number, 0) : StreamID(UInt64(step) + 2000, 0)
        if Int.random(in: 0..<10, using: &random) < (grows ? 8 : 3) {
          #expect(index.insert(id, step, memory) == (model[id] == nil))
          if model[id] == nil { model[id] = step }
        } else if Bool.random(using: &random), let first = index.first {
          model[index[first].pointee.id] = nil
          index.remove(at: first, memory)
        } else {
          #expect(index.remove(id, memory) == (model.removeValue(forKey: id) != nil))
        }
        #expect(index.find(id)?.pointee.value == model[id])
        if step % 200 == 0 {
          index.checkInvariants()
          let sorted = model.keys.sorted()
          #expect(index.count == sorted.count)
          let after = index.position(atOrAfter: id).map { index[$0].pointee.id }
          #expect(after == sorted.first { $0 >= id })
          let before = index.position(atOrBefore: id).map { index[$0].pointee.id }
          #expect(before == sorted.last { $0 <= id })
        }
      }
      index.checkInvariants()
      index.destroy(memory)
    }
  }

  private struct Model {
    var entries: [(id: StreamID, values: [[UInt8]])] = []
    var added = 0
  }

  @Test func streamAgreesWithAnArray() throws {
    var random = SeededGenerator()
    try withMemory { memory in
      for limits in [
        StreamLimits(nodeBytesMax: 4096, nodeEntriesMax: 5),
        StreamLimits(nodeBytesMax: 200, nodeEntriesMax: 100),
        StreamLimits(nodeBytesMax: 0, nodeEntriesMax: 0),
      ] {
        let stream = StreamObject.make(memory)
        var model = Model()
        for step in 0..<1500 {
          try change(stream, &model, limits, UInt64(step), &random)
          StreamKind.checkInvariants(stream.object)
          #expect(stream.count == model.entries.count)
          #expect(stream.entriesAdded == model.added)
          #expect(stream.lastEntryID == model.entries.last?.id)
          if step % 50 == 0 { compare(stream, model, &random) }
        }
        let copy = StreamObject(stream.object.copy(into: memory))
        StreamKind.checkInvariants(copy.object)
        compare(copy, model, &random)
        stream.object.destroy()
        copy.object.destroy()
      }
    }
  }

  private func change(
    _ stream: StreamObject, _ model: inout Model, _ limits: StreamLimits, _ step: UInt64,
    _ random: inout SeededGenerator
  ) throws {
    let choice = Int.random(in: 0..<20, using: &random)
    if choice < 14 {
      let names = choice < 10 ? ["a", "b"] : ["a", "17", "c"]
      let fields = names.map { name in
        let length = Int.random(in: 0..<(choice == 9 ? 300 : 8), using: &random)
        let value = choice < 4 ? Array("\(step)".utf8) : [UInt8](repeating: 7, count: length)
        return (field: Array(name.utf8), value: value)
      }
      let id = try stream.append(at: step / 3 + 1, fields, limits)
      model.entries.append((id, fields.flatMap { [$0.field, $0.value] }))
      model.added += 1
    } else if choice < 18, let victim = model.entries.indices.randomElement(using: &random) {
      let id = model.entries.remove(at: victim).id
      #expect(stream.contains(id))
      #expect(stream.remove(id))
      #expect(!stream.remove(id))
    } else if choice == 18 {
      let most = Int.random(in: 0...(model.entries.count + 3), using: &random)
      let removed = stream.trim(.maxLength(most))
      #expect(removed == max(0, model.entries.count - most))
      model.entries.removeFirst(removed)
    } else if let some = model.entries.prefix(9).randomElement(using: &random) {
      let removed = stream.trim(.minID(some.id))
      #expect(model.entries.dropFirst(removed).first?.id == some.id)
      model.entries.removeFirst(removed)
    }
  }

  private func compare(
    _ stream: StreamObject, _ model: Model, _ random: inout SeededGenerator
  ) {
    let bounds = (0..<2).map { _ in
      StreamID(UInt64.random(in: 0...600, using: &random), UInt64.random(in: 0...2, using: &random))
    }.sorted()
    let wanted = model.entries.filter { $0.id >= bounds[0] && $0.id <= bounds[1] }
    for isReversed in [false, true] {
      var found: [(id: StreamID, values: [[UInt8]])] = []
      var cursor = stream.cursor(from: bounds[0], through: bounds[1], isReversed: isReversed)
      while let entry = cursor.next() {
        var values: [[UInt8]] = []
        entry.forEachField { field, value in
          for part in [field, value] { values.append(part.withText { $0.array }) }
        }
        found.append((entry.id, values))
      }
      if isReversed { found.reverse() }
      #expect(found.map(\.id) == wanted.map(\.id))
      #expect(found.map(\.values) == wanted.map(\.values))
    }
  }

  @Test func groupsAgreeWithADictionary() {
    var random = SeededGenerator()
    withMemory { memory in
      let stream = StreamObject.make(memory)
      let name = ByteView("workers")
      guard let group = stream.addGroup(name, lastID: .zero, entriesRead: 0) else {
        Issue.record("no group")
        return
      }
      #expect(stream.addGroup(name, lastID: .zero, entriesRead: nil) == nil)
      let names: [StaticString] = ["cid", "ann", "bob"]
      let consumers = names.compactMap { group.addConsumer(ByteView($0), now: 1) }
      var model: [StreamID: (owner: Int, count: Int64)] = [:]
      for step in 0..<4000 {
        let id = StreamID(UInt64.random(in: 1...500, using: &random), 0)
        if Int.random(in: 0..<3, using: &random) > 0 {
          let owner = Int.random(in: 0..<3, using: &random)
          group.setPending(id, of: consumers[owner], time: 5, count: Int64(step))
          model[id] = (owner, Int64(step))
        } else {
          #expect(group.acknowledge(id) == (model.removeValue(forKey: id) != nil))
        }
        #expect(group.pending(id)?.deliveryCount == model[id]?.count)
      }
      StreamKind.checkInvariants(stream.object)
      #expect(group.consumer(at: 0).name == "ann")
      for owner in 0..<3 {
        let own = model.filter { $0.value.owner == owner }.keys.sorted()
        var found: [StreamID] = []
        group.forEachPending(of: consumers[owner]) {
          found.append($0.id)
          return true
        }
        #expect(found == own)
      }
      let copy = stream.object.copy(into: memory)
      StreamKind.checkInvariants(copy)
      copy.destroy()
      let left = model.filter { $0.value.owner != 0 }.count
      #expect(group.removeConsumer(consumers[0]) == model.count - left)
      #expect(group.pendingCount == left)
      StreamKind.checkInvariants(stream.object)
      stream.object.destroy()
    }
  }

  @Test func nodesTravelAndDamagedOnesDoNot() throws {
    var random = SeededGenerator()
    try withMemory { memory in
      let limits = StreamLimits(nodeBytesMax: 4096, nodeEntriesMax: 10)
      let stream = StreamObject.make(memory)
      for step in 0..<35 {
        try stream.append(at: UInt64(step + 1), [(Array("a".utf8), Array("\(step)".utf8))], limits)
      }
      stream.remove(StreamID(12, 0))
      let loaded = StreamObject.make(memory)
      stream.forEachNode { id, bytes in
        #expect(loaded.appendNode(id, bytes))
        #expect(!loaded.appendNode(id, bytes))
        for _ in 0..<300 {
          var damaged = bytes.array
          let place = Int.random(in: damaged.indices, using: &random)
          damaged[place] = UInt8.random(in: 0...255, using: &random)
          // Never a trap; what passes is walked without one.
          damaged.withByteView { view in
            let other = StreamObject.make(memory)
            if other.appendNode(id, view) {
              var cursor = other.cursor(from: .zero, through: .max)
              while let entry = cursor.next() { entry.forEachField { _, _ in } }
            }
            other.object.destroy()
          }
        }
      }
      loaded.setFacts(lastID: stream.lastID, entriesAdded: 35, maxDeletedID: stream.maxDeletedID)
      StreamKind.checkInvariants(loaded.object)
      #expect(loaded.count == 34)
      stream.object.destroy()
      loaded.object.destroy()
    }
  }
}
