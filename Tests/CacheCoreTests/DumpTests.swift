import Bytes
import SeededRandom
import Testing

@testable import CacheCore

@Suite("Dump payloads")
struct DumpTests {
  private static let limits = DumpLimits(
    list: ListLimits(listpackSize: -2), hash: HashLimits(entriesMax: 128, valueBytesMax: 64),
    set: SetLimits(intsetEntriesMax: 512, listpackEntriesMax: 128, listpackValueBytesMax: 64),
    sortedSet: SortedSetLimits(listpackEntriesMax: 128, listpackValueBytesMax: 64),
    clock: DumpClock(now: 1_000_000, wallStep: 5))

  @Test func checksumIsJones() {
    let checksum = Array("123456789".utf8).withByteView { CRC64.checksum($0) }
    #expect(checksum == 0xE9C6_D914_C4B8_D9CA)
    let parts = Array("This is a test".utf8)
    let whole = parts.withByteView { CRC64.checksum($0) }
    let half = parts.withByteView { view in
      CRC64.checksum(view.dropFirst(5), startingFrom: CRC64.checksum(view[0..<5]))
    }
    #expect(whole == half)
  }

  @Test func compressionComesBack() {
    var random = SeededGenerator()
    for _ in 0..<500 {
      let count = Int.random(in: 21..<3000, using: &random)
      let letters = UInt8.random(in: 0...40, using: &random)
      var text = (0..<count).map { _ in UInt8.random(in: 0...letters, using: &random) }
      if Bool.random(using: &random) { text += text }
      var packed = [UInt8](repeating: 0, count: text.count - 4)
      let length = packed.withUnsafeMutableBufferPointer { target in
        text.withByteView { LZF.compress($0, to: target) }
      }
      guard let length else { continue }
      var back = [UInt8](repeating: 0, count: text.count)
      let isSound = back.withUnsafeMutableBufferPointer { target in
        packed.withByteView { LZF.decompress($0[0..<length], to: target) }
      }
      #expect(isSound)
      #expect(back == text)
    }
  }

  /// Whatever bytes are changed, a payload is refused or gives a sound value, and nothing leaks.
  @Test func damagedPayloadsDoNoHarm() {
    var random = SeededGenerator()
    let test = TestMemory()
    let payloads = Self.payloads(test.memory)
    #expect(test.bytesHeld == 0)
    for round in 0..<4000 {
      var bytes = payloads[round % payloads.count]
      if round >= payloads.count {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
            in: 0...255, using: &random)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        }
      }
      bytes.withByteView { view in
        var decoder = DumpDecoder(view, test.memory, Self.limits)
        guard case .object(let object)? = try? decoder.value() else {
          #expect(round >= payloads.count)
          return
        }
        object.type.kind.checkInvariants(object)
        var writer = DumpWriter(compresses: true)
        writer.value(object, Self.limits.clock)
        object.destroy()
      }
      #expect(test.bytesHeld == 0)
    }
  }

  /// One payload of each form that is written, without version and checksum.
  private static func payloads(_ memory: ObjectMemory) -> [[UInt8]] {
    var all: [[UInt8]] = []
    func add(_ object: ObjectReference) {
      var writer = DumpWriter(compresses: all.count % 2 == 0)
      writer.value(object, limits.clock)
      all.append(writer.bytes)
      object.destroy()
    }
    for count in [3, 200] {
      let list = ListObject.make(memory)
      let hash = HashObject.make(memory, now: limits.clock.now)
      let timed = HashObject.make(memory, now: limits.clock.now)
      let set = SetObject.make(
        for: .integer(1), count: count, limits.set, memory, now: limits.clock.now)
      let sorted = SortedSet.make(limits: limits.sortedSet, memory)
      let timedSorted = SortedSet.make(limits: limits.sortedSet, memory)
      for number in 0..<count {
        Array("element \(number)".utf8).withByteView { text in
          list.prepareToGrow(bytes: text.count, count: 1, limits.list)
          list.push(text, at: .tail, limits.list)
          _ = hash.set(text, to: text, limits.hash)
          _ = timed.set(text, to: text, limits.hash)
          if number % 2 == 0 { timed.setDeadline(of: text, to: 2_000_000 + Int64(number)) }
          _ = set.add(count == 3 ? .integer(Int64(number)) : .bytes(text), limits.set)
          sorted.update(text, score: Double(number) / 4, limits: limits.sortedSet)
          timedSorted.update(text, score: Double(number) / 4, limits: limits.sortedSet)
          if number % 3 == 0 { timedSorted.setDeadline(of: text, to: 2_000_000 + Int64(number)) }
        }
      }
      add(list.object)
      add(hash.object)
      add(timed.object)
      add(set.object)
      add(sorted.object)
      add(timedSorted.object)
    }
    return all
  }
}
