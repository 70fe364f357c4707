/// A small exact LRU cache of keys.
struct MiniLRU: ~Copyable {
  private(set) var table: LinkedTable
  /// How many keys it holds at most; may change at any time.
  var capacity: Int

  init(capacity: Int, capacityMax: Int) {
    self.capacity = capacity
    table = LinkedTable(capacity: capacityMax + 1)
  }

  /// One request; answers whether it hit. A miss inserts.
  mutating func access(_ key: UInt32) -> Bool {
    let node = table.find(key)
    if node != LinkedTable.none {
      table.move(node, to: 0)
      return true
    }
    while table.count(in: 0) >= capacity { table.remove(table.oldest(in: 0)) }
    table.insert(key, into: 0)
    return false
  }

  mutating func removeAll(above limit: UInt32) { table.removeAll(above: limit) }
}

/// A small exact S3-FIFO cache of keys.
///
/// New keys enter the small queue (10% of the capacity); one that has `promotionThreshold` hits
/// or more when its turn comes moves on to the main queue, another leaves and is remembered
/// in the ghost queue, as many as the capacity. A key remembered there enters the main queue,
/// which gives a second chance per hit, up to 3.
///
/// Credits: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction",
/// SOSP 2023, which has threshold 2 and ghosts for 90% of the capacity.
struct MiniS3FIFO: ~Copyable {
  private static let small: UInt8 = 0
  private static let main: UInt8 = 1
  private static let ghost: UInt8 = 2

  private(set) var table: LinkedTable
  /// How many keys it holds at most; may change at any time.
  var capacity: Int
  private let promotionThreshold: UInt8

  init(capacity: Int, capacityMax: Int, promotionThreshold: UInt8) {
    self.capacity = capacity
    self.promotionThreshold = promotionThreshold
    table = LinkedTable(capacity: capacityMax * 2 + 2)
  }

  private var smallLimit: Int { max(1, capacity / 10) }
  var count: Int { table.count(in: Self.small) + table.count(in: Self.main) }

  /// One request; answers whether it hit. A miss inserts.
  mutating func access(_ key: UInt32) -> Bool {
    let node = table.find(key)
    var queue = Self.small
    if node != LinkedTable.none {
      if table.queue(of: node) != Self.ghost {
        let frequency = table.frequency(of: node)
        if frequency < AdaptiveBits.frequencyMax { table.setFrequency(frequency + 1, of: node) }
        return true
      }
      table.remove(node)
      queue = Self.main
    }
    while count >= capacity { step() }
    table.insert(key, into: queue)
    return false
  }

  /// Looks at one entry: promotes it, gives it a second chance, or evicts it.
  ///
  /// Ends since each look lowers a frequency or shortens the small queue.
  private mutating func step() {
    let smallCount = table.count(in: Self.small)
    let fromSmall = smallCount >= smallLimit || table.count(in: Self.main) == 0
    let node = table.oldest(in: fromSmall ? Self.small : Self.main)
    let frequency = table.frequency(of: node)
    if fromSmall {
      table.setFrequency(0, of: node)
      table.move(node, to: frequency >= promotionThreshold ? Self.main : Self.ghost)
      while table.count(in: Self.ghost) > capacity { table.remove(table.oldest(in: Self.ghost)) }
    } else if frequency > 0 {
      table.setFrequency(frequency - 1, of: node)
      table.move(node, to: Self.main)
    } else {
      table.remove(node)
    }
  }

  mutating func removeAll(above limit: UInt32) { table.removeAll(above: limit) }

  func checkInvariants() {
    table.checkInvariants()
    precondition(table.count(in: Self.ghost) <= capacity)
  }
}
