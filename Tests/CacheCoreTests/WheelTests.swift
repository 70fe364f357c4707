import CacheCore
import SeededRandom
import Testing

@Suite struct WheelTests {
  @Test func emptyWheelNeverWakes() {
    let wheel = TestWheel(now: 5)
    #expect(wheel.nextDeadline == .max)
    #expect(wheel.advance(to: .max, limit: 1) == .finished(0))
    #expect(wheel.nextDeadline == .max)
    #expect(wheel.heap.heldCount == 0)
  }

  @Test(arguments: [0, 1, 1000, 255, 256, 511, 16_384, 1 << 40] as [Int64])
  func firesExactlyOnTime(phase: Int64 = 0) {
    let wheel = TestWheel(now: 1_000, phase: phase >> 1)
    wheel.add(7, at: 1_000 + phase, now: 1_000)
    while wheel.nextDeadline < 1_000 + phase {
      let next = wheel.nextDeadline
      #expect(wheel.advance(to: next, limit: 512).processed == 1)
      #expect(wheel.entries.fired.isEmpty)
      #expect(wheel.nextDeadline > next)
    }
    #expect(wheel.nextDeadline == 1_000 + phase)
    _ = wheel.advance(to: 1_000 + phase, limit: 512)
    #expect(wheel.entries.fired.count == 1)
    #expect(wheel.entries.lookCount <= 2 + WheelSlot.levelCount)
    #expect(wheel.nextDeadline == .max)
  }

  @Test func pastDeadlinesFireAtOnce() {
    let wheel = TestWheel(now: 1_000_000)
    for (handle, deadline) in [(1, Int64.min), (2, -1), (3, 0), (4, 999_999), (5, 1_000_000)] {
      wheel.add(UInt32(handle), at: deadline, now: 1_000_000)
    }
    #expect(wheel.nextDeadline == 1_000_000)
    #expect(wheel.advance(to: 1_000_000, limit: 512) == .finished(5))
    #expect(wheel.entries.fired.count == 5)
  }

  @Test func deadlinesBeyondReachArePlacedAgain() {
    let wheel = TestWheel()
    wheel.add(1, at: .max, now: 0)
    wheel.add(2, at: 1 << 46, now: 0)
    var now: Int64 = 0
    while now < 1 << 46 {
      now = wheel.nextDeadline
      _ = wheel.advance(to: now, limit: 512)
    }
    #expect(wheel.entries.fired.map(\.handle) == [2])
    #expect(now == 1 << 46)
    #expect(wheel.entries.lookCount < 64)
    #expect(wheel.advance(to: .max, limit: 512).isFinished)
    #expect(wheel.entries.entries.isEmpty)
  }

  /// A jump of a century with entries all along is bounded by the entries, not by the time.
  @Test func jumpOfYearsGoesInBoundedSteps() {
    let wheel = TestWheel()
    for handle in 0..<UInt32(3000) {
      wheel.add(handle, at: Int64(handle) * 1_000_003_001, now: 0)
    }
    var calls = 0
    var looked = 0
    while true {
      let turn = wheel.advance(to: 3_200_000_000_000, limit: 100)
      #expect(turn.processed <= 100)
      looked += turn.processed
      calls += 1
      wheel.checkInvariants()
      if turn.isFinished { break }
    }
    #expect(wheel.entries.fired.count == 3000)
    #expect(looked <= 3000 * WheelSlot.levelCount)
    #expect(calls <= looked / 100 + 1)
  }

  @Test func manyInOneMillisecondGoInSteps() {
    let wheel = TestWheel()
    let count = 20_000
    for handle in 0..<UInt32(count) { wheel.add(handle, at: 100, now: 0) }
    #expect(wheel.chunkBytes <= count * 42 / 10)
    #expect(wheel.advance(to: 99, limit: 512) == .finished(0))
    var calls = 1
    while wheel.advance(to: 100, limit: 512).isFinished == false { calls += 1 }
    #expect(wheel.entries.fired.count == count)
    #expect(calls == (count + 511) / 512)
    #expect(wheel.heap.heldCount == 0)
  }

  @Test func preparingEmptiesTheNextCoarseSlot() {
    let wheel = TestWheel()
    for handle in 0..<UInt32(5000) { wheel.add(handle, at: 16_384 + 300, now: 0) }
    // The slot at 16,384 ms is the next one of its level: its members are one level below.
    #expect(wheel.nextDeadline == 16_640)
    #expect(wheel.prepare(now: 16_000, limit: 512) == .finished(0))
    #expect(wheel.prepare(now: 16_384 + 10, limit: 512) == .more(512))
    // What comes in between goes where the rest is going.
    wheel.add(9999, at: 16_384 + 300, now: 16_400)
    while wheel.prepare(now: 16_400, limit: 512).isFinished == false { wheel.checkInvariants() }
    #expect(wheel.nextDeadline == 16_684, "exact, as all references are in level 0")
    #expect(wheel.advance(to: 16_683, limit: 9000) == .finished(0))
    #expect(wheel.advance(to: 16_684, limit: 9000) == .finished(5001))
    #expect(wheel.entries.fired.count == 5001)
  }

  /// A slot falls due, or is emptied early, while it is being swept: its entries lose their marks,
  /// or the next sweep would take their only references for doubles.
  @Test(arguments: [false, true]) func interruptedSweepsLeaveNoMarks(early: Bool) {
    let wheel = TestWheel()
    for handle in 0..<UInt32(100) { wheel.add(handle, at: 1_030 + Int64(handle), now: 0) }
    #expect(wheel.sweep(now: 0, limit: 40) == .more(40))
    #expect(wheel.entries.markedCount == 40)
    if early {
      #expect(wheel.prepare(now: 800, limit: 512) == .finished(40))
    } else {
      #expect(wheel.advance(to: 1_024, limit: 512) == .finished(100))
    }
    #expect(wheel.entries.markedCount == 0)
    #expect(wheel.referenceCount == 100)
    for _ in 0..<2 {
      while !wheel.sweep(now: 1_024, limit: 7).isFinished { wheel.checkInvariants() }
    }
    #expect(wheel.referenceCount == 100)
    #expect(wheel.advance(to: 1_129, limit: 512).isFinished)
    #expect(wheel.entries.fired.count == 100)
  }

  /// The same in level 0, with entries that live on after their references fire.
  @Test func sweepInterruptedByFiringLeavesNoMarks() {
    let wheel = TestWheel()
    for handle in 0..<UInt32(10) { wheel.add(handle, at: 100, now: 0) }
    #expect(wheel.sweep(now: 0, limit: 6) == .more(6))
    #expect(wheel.entries.markedCount == 6)
    for handle in 0..<UInt32(10) { wheel.entries.entries[handle]?.deadline = 5_000 }
    #expect(wheel.advance(to: 100, limit: 512) == .finished(10))
    #expect(wheel.entries.markedCount == 0)
    #expect(wheel.referenceCount == 10)
  }

  @Test func refreshingMakesNoReferences() {
    let wheel = TestWheel()
    wheel.add(1, at: 10_000, now: 0)
    var deadline: Int64 = 10_000
    for now in stride(from: Int64(0), to: 1_000_000, by: 100) {
      #expect(!wheel.needsReference(old: deadline, new: now + 10_000))
      deadline = now + 10_000
      wheel.entries.entries[1]?.deadline = deadline
      _ = wheel.advance(to: now, limit: 512)
      #expect(wheel.referenceCount == 1)
    }
    #expect(wheel.entries.fired.isEmpty)
    #expect(wheel.entries.lookCount < 1_000)
  }

  @Test func needsReferenceOnlyForShorterInAnotherSlot() {
    let wheel = TestWheel()
    #expect(wheel.needsReference(old: nil, new: 5))
    #expect(!wheel.needsReference(old: 5, new: 5))
    #expect(!wheel.needsReference(old: 5, new: .max))
    #expect(wheel.needsReference(old: 5, new: 4))
    // 600 s and 590 s fall in one slot of 16 s or in two.
    #expect(!wheel.needsReference(old: 600_000, new: 599_000))
    #expect(wheel.needsReference(old: 600_000, new: 570_000))
  }

  @Test func sparseSlotsTakeSmallNodes() {
    let wheel = TestWheel()
    for handle in 0..<UInt32(100) {
      wheel.add(handle, at: Int64(handle) * 5, now: 0)
    }
    #expect(wheel.chunkBytes == 100 * 16)
    wheel.wheel.removeAll()
    wheel.checkInvariants()
    #expect(wheel.nextDeadline == .max)
    #expect(wheel.heap.heldCount == 0)
  }

  /// The figures in the wheel's essay.
  @Test(arguments: [(1, 16.0), (100, 12.0), (1_000, 6.0), (15_625, 4.45)])
  func memoryPerReference(keys: Int, bytesMax: Double) {
    let random = TestWheel()
    // Evenly spread deadlines, in an order that jumps about.
    for key in 0..<keys {
      let deadline = (key * 7_919 % keys * 3_600_000 + 1_800_000) / keys
      #expect(random.insert(UInt32(key), at: Int64(deadline), now: 0))
    }
    #expect(Double(random.chunkBytes) <= bytesMax * Double(keys))
    guard keys == 15_625 else { return }
    let steady = TestWheel()
    for key in 0..<2 * keys {
      let now = Int64(key) * 3_600_000 / Int64(keys)
      while steady.nextDeadline <= now { _ = steady.advance(to: now, limit: 512) }
      steady.add(UInt32(key % keys), at: now + 3_600_000, now: now)
      if key > keys, key % 64 == 0 {
        #expect(Double(steady.chunkBytes) <= bytesMax * Double(steady.referenceCount))
      }
    }
    #expect(steady.referenceCount == keys)
  }

  @Test func exhaustedMemoryIsReportedAndCounted() {
    let wheel = TestWheel()
    wheel.heap.remaining = 2
    for handle in 0..<UInt32(7) { wheel.add(handle, at: 100_000, now: 0) }
    #expect(!wheel.insert(7, at: 100_000, now: 0))
    wheel.checkInvariants()
    #expect(wheel.referenceCount == 7)
    // Cascading needs a node and gets none.
    _ = wheel.advance(to: 99_000, limit: 512)
    wheel.checkInvariants()
    #expect(wheel.referenceCount + wheel.lostReferenceCount == 7)
    #expect(wheel.lostReferenceCount > 0)
  }

  @Test func refusingDelegateCannotStopTheWheel() {
    struct Refusing: WheelDelegate {
      func prefetch(_ handle: UInt32) {}
      mutating func deadline(of handle: UInt32) -> Int64? { 0 }
      mutating func fire(_ handle: UInt32, now: Int64) -> FireResult { .reinsert(at: 0) }
      mutating func mark(_ handle: UInt32) -> Bool { false }
      mutating func unmark(_ handle: UInt32) {}
    }
    let wheel = TestWheel()
    var refusing = Refusing()
    #expect(wheel.insert(1, at: 5, now: 0))
    for now in 5..<Int64(1000) {
      let turn = Turn(wheel.wheel.advance(to: now, limit: 10, &refusing))
      #expect(turn == .finished(1))
      #expect(wheel.nextDeadline == now + 1)
    }
  }

  @Test func clockThatStandsOrStepsBackDoesNoHarm() {
    let wheel = TestWheel(now: 1_000)
    wheel.add(1, at: 2_000, now: 1_000)
    #expect(wheel.advance(to: 2_000, limit: 10).isFinished)
    wheel.add(2, at: 1_500, now: 1_400)
    wheel.checkInvariants()
    #expect(wheel.advance(to: 1_500, limit: 10).processed <= 1)
    #expect(wheel.advance(to: 2_000, limit: 10).isFinished)
    #expect(wheel.entries.entries.isEmpty)
  }

  @Test func phasesKeepBordersApart() {
    for level in 1...4 {
      let span = Int64(1) << Int64(WheelSlot.shift(ofLevel: level))
      let borders = Set((0..<64).map { TimingWheel<TestChunks>.phase(ofShard: $0) % span })
      #expect(borders.count == 64)
      let sorted = borders.sorted()
      let gaps = zip(sorted, sorted.dropFirst()).map { $1 - $0 }
      #expect(gaps.allSatisfy { $0 >= span / 64 && $0 <= span / 64 + span / 2048 + 1 })
    }
  }

  @Test func dumpDrawsTheSlots() {
    let wheel = TestWheel()
    wheel.add(1, at: 2, now: 0)
    for handle in 2..<UInt32(6) { wheel.add(handle, at: 1_024, now: 0) }
    let lines = wheel.wheel.dump().split(separator: "\n")
    #expect(lines.count == 8)
    #expect(lines[1].hasPrefix("level 0 ..0..."))
    #expect(lines[2].hasPrefix("level 1 ....2..."))
  }
}

@Suite struct WheelSlotTests {
  @Test func boundsOfLevels() {
    #expect(WheelSlot(rawValue: 511).level == 0)
    for level in 1..<WheelSlot.levelCount {
      let first = WheelSlot.firstNumber(ofLevel: level)
      #expect(WheelSlot(rawValue: first).level == level)
      #expect(WheelSlot(rawValue: first + 127).level == level)
    }
    #expect(WheelSlot.firstNumber(ofLevel: 6) + 128 == WheelSlot.count)
  }

  /// A slot contains the time it was chosen for, and never is the current or next coarse one.
  @Test func slotsContainTheirTimes() {
    var random = SeededGenerator(test: "WheelSlotTests.slotsContainTheirTimes")
    for _ in 0..<20_000 {
      let elapsed = UInt64(random.logUniform(bits: 62))
      let time = elapsed + UInt64(random.logUniform(bits: 44))
      let slot = WheelSlot(for: time, elapsed: elapsed)
      let start = slot.start(elapsed: elapsed)
      let shift = WheelSlot.shift(ofLevel: slot.level)
      #expect(start <= time)
      #expect(time - start < 1 << shift)
      if slot.level > 0 { #expect(start >> shift > elapsed >> shift + 1) }
      // No coarser than need be.
      let above = WheelSlot.shift(ofLevel: slot.level + 1)
      #expect(time >> above - elapsed >> above <= 1)
    }
  }
}

@Suite struct LagHistogramTests {
  @Test func percentilesAreCloseAndMaximumExact() {
    var random = SeededGenerator(test: "LagHistogramTests")
    var histogram = LagHistogram()
    var other = LagHistogram()
    var values: [Int64] = []
    for index in 0..<10_000 {
      let value = random.logUniform(bits: 39)
      values.append(value)
      if index & 1 == 0 { histogram.record(value) } else { other.record(due: 5, now: 5 + value) }
    }
    histogram.merge(other)
    values.sort()
    #expect(histogram.count == 10_000)
    #expect(histogram.maximum == values.last)
    for share in [0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = values[Int((10_000 * share).rounded(.up)) - 1]
      let given = histogram.percentile(share)
      #expect(given >= exact)
      #expect(Double(given) <= Double(exact) * 1.125)
    }
  }

  @Test func edges() {
    var histogram = LagHistogram()
    #expect(histogram.percentile(0.5) == 0)
    histogram.record(due: 10, now: 5)
    #expect(histogram.maximum == 0)
    histogram.record(.max)
    histogram.record(due: .min, now: .max)
    histogram.record(due: .max, now: .min)
    #expect(histogram.count == 4)
    #expect(histogram.percentile(1) == .max)
    #expect(histogram.percentile(0.5) == 0)
    histogram.reset()
    #expect(histogram.count == 0)
  }
}
