import SeededRandom
import Testing

@testable import CacheCore

@Suite struct EvictionStructureTests {
  @Test func policyNames() {
    for policy in EvictionPolicy.allCases {
      #expect(EvictionPolicy(name: policy.name) == policy)
      #expect(EvictionPolicy(name: policy.name.uppercased()) == policy)
    }
    #expect(EvictionPolicy(name: "allkeys") == nil)
    #expect(EvictionPolicy.allCases.filter(\.isVolatile).count == 4)
    #expect(!EvictionPolicy.noEviction.evicts)
  }

  @Test func adaptiveBitsKeepAllElevenBits() {
    for value in 0..<UInt16(AccessBits.valueCount) {
      let bits = AccessBits(rawValue: value)
      #expect(AdaptiveBits(bits).accessBits == bits)
      #expect(FrequencyCounter(bits).accessBits == bits)
    }
  }

  @Test func frequencyCounterGrowsLogarithmically() {
    var generator = SeededGenerator(test: #function)
    // Redis documents 10 after 100 hits and 18 after 1,000 at factor 10 (starting from 5).
    var sum = 0
    for _ in 0..<50 {
      var counter = FrequencyCounter(epoch: 0)
      for _ in 0..<1000 {
        counter = counter.incremented(
          random: UInt32.random(in: 0 ... .max, using: &generator), logFactor: 10)
      }
      sum += Int(counter.counter)
    }
    #expect((15...21).contains(sum / 50))
    let full = FrequencyCounter(counter: 255, epoch: 0)
    #expect(full.incremented(random: 0, logFactor: 0).counter == 255)
    let every = FrequencyCounter(counter: 9, epoch: 0)
    #expect(every.incremented(random: .max, logFactor: 0).counter == 10)
    #expect(every.incremented(random: .max, logFactor: .max).counter == 9)
  }

  @Test func frequencyCounterDecays() {
    let counter = FrequencyCounter(counter: 4, epoch: 6)
    #expect(counter.decayed(to: 6).counter == 4)
    #expect(counter.decayed(to: 1).counter == 1)
    #expect(counter.decayed(to: 5).counter == 0)
    #expect(counter.decayed(to: 1).epoch == 1)
  }

  @Test func ghostTableRemembersAboutItsSize() {
    var generator = SeededGenerator(test: #function)
    var table = GhostTable()
    let early = table.remove(1)
    #expect(!early)
    table.reset(entries: 1600)
    let keys = (0..<3200).map { _ in generator.next() }
    for key in keys { table.insert(key) }
    let recent = keys.suffix(800).filter { table.remove($0) }.count
    #expect(recent > 760)
    let old = keys.prefix(800).filter { table.remove($0) }.count
    #expect(old < 60)
    let again = keys.suffix(800).filter { table.remove($0) }.count
    #expect(again < 20)
  }

  @Test func laneIsAQueue() {
    var generator = SeededGenerator(test: #function)
    var lane = AdaptiveLane()
    let early = lane.push(SmallQueueWord(hash: 1))
    #expect(!early)
    lane.setCapacity(200)
    var model: [SmallQueueWord] = []
    for step in 0..<4000 {
      switch UInt8.random(in: 0..<10, using: &generator) {
      case 0..<5:
        let word = SmallQueueWord(hash: generator.next())
        if lane.push(word) { model.append(word) }
      case 5..<9:
        let popped = lane.pop()
        let wanted = model.isEmpty ? nil : model.removeFirst()
        #expect(popped == wanted)
      default:
        if step % 7 == 0 { lane.setCapacity(Int.random(in: 1...400, using: &generator)) }
        lane.noteDeparture()
        lane.noteAbsence()
      }
      lane.checkInvariants()
      #expect(lane.count == model.count)
    }
  }

  @Test func linkedTableMatchesAModel() {
    var generator = SeededGenerator(test: #function)
    var table = LinkedTable(capacity: 40)
    var queues: [[UInt32]] = [[], [], []]  // oldest first
    for step in 0..<3000 {
      let key = UInt32.random(in: 0..<80, using: &generator)
      let queue = UInt8.random(in: 0..<3, using: &generator)
      let node = table.find(key)
      let place = queues.firstIndex { $0.contains(key) }
      #expect((node == LinkedTable.none) == (place == nil))
      if let place {
        queues[place].removeAll { $0 == key }
        if step % 3 == 0 {
          table.remove(node)
        } else {
          table.move(node, to: queue)
          queues[Int(queue)].append(key)
        }
      } else if table.insert(key, into: queue) {
        queues[Int(queue)].append(key)
      } else {
        #expect(queues.map(\.count).reduce(0, +) == 40)
      }
      if step % 500 == 499 {
        table.removeAll(above: 60)
        for index in 0..<3 { queues[index].removeAll { $0 > 60 } }
      }
      table.checkInvariants()
      for index in 0..<3 {
        let oldest = table.oldest(in: UInt8(index))
        let oldestKey = oldest == LinkedTable.none ? nil : table.key(of: oldest)
        #expect(oldestKey == queues[index].first)
        #expect(table.count(in: UInt8(index)) == queues[index].count)
      }
    }
  }

  @Test func miniLRUIsExact() {
    var generator = SeededGenerator(test: #function)
    var cache = MiniLRU(capacity: 20, capacityMax: 30)
    var model: [UInt32] = []
    for _ in 0..<4000 {
      let spread = UInt32.random(in: 1...60, using: &generator)
      let key = UInt32.random(in: 0..<spread, using: &generator)
      let hit = model.contains(key)
      model.removeAll { $0 == key }
      if !hit && model.count == 20 { model.removeFirst() }
      model.append(key)
      let ours = cache.access(key)
      #expect(ours == hit)
    }
    cache.table.checkInvariants()
  }

  @Test(arguments: [UInt8(1), 2]) func miniS3FIFOIsExact(threshold: UInt8) {
    var generator = SeededGenerator(test: #function)
    var cache = MiniS3FIFO(capacity: 30, capacityMax: 40, promotionThreshold: threshold)
    var model = PlainS3FIFO(capacity: 30, threshold: Int(threshold))
    for _ in 0..<4000 {
      let spread = UInt32.random(in: 1...120, using: &generator)
      let key = UInt32.random(in: 0..<spread, using: &generator)
      let ours = cache.access(key)
      let wanted = model.access(key)
      #expect(ours == wanted)
      #expect(cache.count == model.small.count + model.main.count)
      cache.checkInvariants()
    }
  }
}

/// S3-FIFO on arrays, oldest first, as the paper tells it.
struct PlainS3FIFO {
  let capacity: Int
  let threshold: Int
  var small: [UInt32] = []
  var main: [UInt32] = []
  var ghost: [UInt32] = []
  var hits: [UInt32: Int] = [:]

  init(capacity: Int, threshold: Int) {
    self.capacity = capacity
    self.threshold = threshold
  }

  mutating func access(_ key: UInt32) -> Bool {
    if let count = hits[key] {
      hits[key] = min(3, count + 1)
      return true
    }
    let wasGhost = ghost.contains(key)
    ghost.removeAll { $0 == key }
    while small.count + main.count >= capacity {
      if small.count >= max(1, capacity / 10) || main.isEmpty {
        let oldest = small.removeFirst()
        if hits[oldest, default: 0] >= threshold {
          hits[oldest] = 0
          main.append(oldest)
        } else {
          hits[oldest] = nil
          ghost.append(oldest)
          if ghost.count > capacity { ghost.removeFirst() }
        }
      } else {
        let oldest = main.removeFirst()
        let count = hits[oldest, default: 0]
        if count > 0 {
          hits[oldest] = count - 1
          main.append(oldest)
        } else {
          hits[oldest] = nil
        }
      }
    }
    hits[key] = 0
    if wasGhost { main.append(key) } else { small.append(key) }
    return false
  }
}
