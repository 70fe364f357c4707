/// A part of the adaptive policy's queues: a small FIFO ring and a ghost table.
///
/// There are 1 to 64 lanes, so many that each holds 64 small entries or more: cut finer, a
/// small cache would lose hits to uneven shares; cut coarser, a large one would contend for the
/// lock. A key's lane is chosen by its hash and is independent of shards.
///
/// The ring holds 4 bytes of each key's hash, oldest at `head`. Entries that leave the small
/// queue otherwise (deleted, expired) stay in the ring until popped and are counted in `dead`.
///
/// ```
/// ring   | . . . h h h h h h . . |     head → oldest, count entries, wraps round
/// ```
///
/// Invariants: `count <= ringCapacity`, `dead <= count`.
struct AdaptiveLane: ~Copyable {
  private var ring: UnsafeMutablePointer<UInt32>?
  private var ringCapacity = 0
  private var head = 0
  private(set) var count = 0
  private var dead = 0
  private var entriesSized = 0
  /// How many small entries the lane may hold before evictions come from here.
  private(set) var smallLimit = 1

  var ghosts = GhostTable()

  init() {}

  deinit { ring?.deallocate() }

  /// Entries in the small queue that still exist, as far as known.
  var liveCount: Int { count - dead }

  /// Whether evictions should come from the small queue.
  var isOverLimit: Bool { liveCount >= smallLimit }

  /// Fits the lane to `entries` cached entries, 10% of them small.
  ///
  /// Ring contents survive; ghosts are forgotten when the size changes by more than a quarter
  /// (a fingerprint does not say in which bucket of the new size it belongs).
  mutating func setCapacity(_ entries: Int) {
    smallLimit = max(1, (entries + 5) / 10)
    let isNear = entries * 4 <= entriesSized * 5 && entries * 5 >= entriesSized * 4
    if isNear { return }
    entriesSized = entries
    ghosts.reset(entries: entries)
    let capacity = max(smallLimit + smallLimit / 2 + 4, count)
    let fresh = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
    for index in 0..<count {
      guard let ring else { break }
      var slot = head + index
      if slot >= ringCapacity { slot -= ringCapacity }
      (fresh + index).initialize(to: ring[slot])
    }
    (fresh + count).initialize(repeating: 0, count: capacity - count)
    ring?.deallocate()
    ring = fresh
    ringCapacity = capacity
    head = 0
  }

  /// Appends an entry; `false` when the ring is full, and the entry belongs to the main queue.
  mutating func push(_ word: SmallQueueWord) -> Bool {
    guard let ring, count < ringCapacity else { return false }
    var slot = head + count
    if slot >= ringCapacity { slot -= ringCapacity }
    ring[slot] = word.rawValue
    count += 1
    return true
  }

  /// Takes the oldest entry.
  mutating func pop() -> SmallQueueWord? {
    guard let ring, count > 0 else { return nil }
    let word = SmallQueueWord(rawValue: ring[head])
    head += 1
    if head == ringCapacity { head = 0 }
    count -= 1
    dead = min(dead, count)
    return word
  }

  /// An entry of the small queue has gone otherwise than by `pop`.
  mutating func noteDeparture() { dead = min(dead + 1, count) }

  /// A popped entry had gone before.
  mutating func noteAbsence() { dead = max(dead - 1, 0) }

  /// Empties the small queue; its entries go on as main entries once they are old.
  mutating func clearSmall() {
    head = 0
    count = 0
    dead = 0
  }

  func checkInvariants() {
    precondition(count <= ringCapacity)
    precondition(dead >= 0)
    precondition(dead <= count)
    precondition(head >= 0)
    precondition(head < max(1, ringCapacity))
  }
}
