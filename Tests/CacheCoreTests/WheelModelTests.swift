import CacheCore
import SeededRandom
import Testing

/// The wheel against a dictionary of deadlines, with random operations.
private final class WheelModel {
  let wheel: TestWheel
  var now: Int64
  var nextHandle: UInt32 = 0
  /// Handles of deleted entries, so that they are used again.
  var freeHandles: [UInt32] = []
  /// Live handles in an array, so that one is found at random; dead ones are skipped.
  var handles: [UInt32] = []
  var checkedCount = 0

  init(now: Int64, phase: Int64) {
    wheel = TestWheel(now: now, phase: phase)
    self.now = now
  }

  func makeHandle(_ random: inout SeededGenerator) -> UInt32 {
    if !freeHandles.isEmpty, Bool.random(using: &random) {
      return freeHandles.remove(at: Int.random(in: 0..<freeHandles.count, using: &random))
    }
    nextHandle += 1
    return nextHandle
  }

  func set(_ handle: UInt32, to deadline: Int64) {
    let old = wheel.entries.entries[handle]?.deadline
    if wheel.needsReference(old: old, new: deadline) {
      #expect(wheel.insert(handle, at: deadline, now: now))
      wheel.entries.entries[handle] = .init(deadline: deadline)
    } else {
      wheel.entries.entries[handle]?.deadline = deadline
    }
    if old == nil { handles.append(handle) }
  }

  func randomLive(_ random: inout SeededGenerator) -> UInt32? {
    while let index = handles.indices.randomElement(using: &random) {
      if wheel.entries.entries[handles[index]] != nil { return handles[index] }
      handles.swapAt(index, handles.count - 1)
      freeHandles.append(handles.removeLast())
    }
    return nil
  }

  func randomDeadline(_ random: inout SeededGenerator) -> Int64 {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: now - random.logUniform(bits: 20)
    case 1: now &+ random.logUniform(bits: 62)
    case 2: .max
    case 3: now + Int64.random(in: 0..<4, using: &random) << 18
    default: now + random.logUniform(bits: 30)
    }
  }

  /// Entries are removed in time and never early, and nobody is woken for nothing.
  func advance(limit: Int) {
    let mustWork = wheel.nextDeadline <= now
    let lookCount = wheel.entries.lookCount
    let turn = wheel.advance(to: now, limit: limit)
    let processed = turn.processed
    #expect(processed <= limit)
    #expect(wheel.entries.lookCount - lookCount <= 2 * processed)
    #expect(mustWork == (processed > 0), "awake exactly when there is something to do")
    #expect(turn.isFinished == (wheel.nextDeadline > now))
    for (_, due, firedAt) in wheel.entries.fired { #expect(due <= firedAt, "never early") }
    wheel.entries.fired.removeAll(keepingCapacity: true)
  }

  func finishAdvancing(limit: Int) {
    repeat { advance(limit: limit) } while wheel.nextDeadline <= now
    #expect(wheel.entries.countDue(at: now) == 0, "all that is due is gone")
  }

  func step(_ random: inout SeededGenerator) {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<35:
      let handle = makeHandle(&random)
      if wheel.entries.entries[handle] == nil { set(handle, to: randomDeadline(&random)) }
    case 35..<50:
      if let handle = randomLive(&random) { set(handle, to: randomDeadline(&random)) }
    case 50..<60:
      if let handle = randomLive(&random) { wheel.entries.entries[handle] = nil }
    case 60..<65:
      if let handle = randomLive(&random), let entry = wheel.entries.entries[handle] {
        // The entry moves; its old reference is stale.
        wheel.entries.entries[handle] = nil
        let moved = makeHandle(&random)
        if wheel.entries.entries[moved] == nil { set(moved, to: entry.deadline) }
      }
    case 65..<80:
      now += random.logUniform(bits: [4, 9, 15, 20, 28].randomElement(using: &random) ?? 4)
      advance(limit: [1, 2, 31, 512].randomElement(using: &random) ?? 1)
    case 80..<88:
      _ = wheel.prepare(now: now, limit: Int.random(in: 1...40, using: &random))
    case 88..<98:
      _ = wheel.sweep(now: now, limit: Int.random(in: 1...40, using: &random))
    default:
      finishAdvancing(limit: Int.random(in: 1...100, using: &random))
    }
  }

  /// What no step may break: each live entry will be looked at by its deadline.
  func check() {
    wheel.checkInvariants()
    checkedCount += 1
    let earliest = wheel.entries.entries.values.lazy.map(\.deadline).min() ?? .max
    #expect(wheel.nextDeadline <= max(earliest, now))
    #expect(wheel.lostReferenceCount == 0)
  }
}

@Suite struct WheelModelTests {
  @Test(arguments: [0, 1, 63]) func randomOperations(shard: Int) {
    var random = SeededGenerator(test: "WheelModelTests.randomOperations(\(shard))")
    for _ in 0..<6 {
      let start = Bool.random(using: &random) ? 0 : random.logUniform(bits: 50)
      let model = WheelModel(
        now: start, phase: TimingWheel<TestChunks>.phase(ofShard: shard))
      for _ in 0..<1500 {
        model.step(&random)
        model.check()
      }
      while !model.wheel.sweep(now: model.now, limit: 100).isFinished {}
      #expect(model.wheel.entries.markedCount == 0, "no mark outlasts a sweep")
      // Nothing is left behind: jump to the last deadline but the ones that never come.
      for handle in Array(model.wheel.entries.entries.keys) where Bool.random(using: &random) {
        model.wheel.entries.entries[handle] = nil
      }
      let last = model.wheel.entries.entries.values.map(\.deadline).filter { $0 < .max }.max() ?? 0
      model.now = max(model.now, last)
      model.finishAdvancing(limit: 512)
      model.check()
    }
  }

  /// Few keys, deadlines shortened and extended all the time: the garbage that sweeps are for.
  @Test func sweepsLeaveOneReferenceEach() {
    var random = SeededGenerator(test: "WheelModelTests.sweepsLeaveOneReferenceEach")
    for _ in 0..<10 {
      let model = WheelModel(now: 1_000_000, phase: 0)
      for handle in 0..<UInt32(200) { model.set(handle, to: model.now + 3_600_000) }
      for round in 0..<3000 {
        let handle = UInt32.random(in: 0..<200, using: &random)
        if model.wheel.entries.entries[handle] != nil {
          let bits = round & 1 == 0 ? 22 : 32
          model.set(handle, to: model.now + 50_000 + random.logUniform(bits: bits))
        }
        if round % 30 == 0 {
          model.now += random.logUniform(bits: 8)
          model.finishAdvancing(limit: 100)
          _ = model.wheel.sweep(now: model.now, limit: 7)
          model.check()
        }
      }
      for handle in 0..<UInt32(50) { model.wheel.entries.entries[handle] = nil }
      let before = model.wheel.referenceCount
      // The first sweep ends the one under way; the second gathers, the third finds the doubles.
      for _ in 0..<3 {
        while model.wheel.sweep(now: model.now, limit: 13).isFinished == false {
          model.wheel.checkInvariants()
        }
      }
      model.check()
      #expect(model.wheel.referenceCount == model.wheel.entries.entries.count, "was \(before)")
      #expect(model.wheel.entries.markedCount == 0, "no mark outlasts a sweep")
    }
  }
}
