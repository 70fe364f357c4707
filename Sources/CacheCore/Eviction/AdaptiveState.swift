internal import Synchronization

/// What the adaptive policy keeps beside the entries' bits: lanes of queues, and the judge.
///
/// All locks here are leaves: none is taken under another of them, and nothing is called back.
struct AdaptiveState: ~Copyable, @unchecked Sendable {
  private static let laneCountMax = 64
  private static let laneSmallMin = 64

  // A pointer rather than an array: a lane's lock must not move.
  private let lanes: UnsafeMutablePointer<LockedValue<AdaptiveLane>>
  private let laneMask = Atomic<Int>(0)
  private let judge = LockedValue(AdaptiveJudge())

  init() {
    lanes = .allocate(capacity: Self.laneCountMax)
    for lane in 0..<Self.laneCountMax {
      (lanes + lane).initialize(to: LockedValue(AdaptiveLane()))
    }
  }

  deinit { lanes.deinitialize(count: Self.laneCountMax).deallocate() }

  private static func mix(_ hash: UInt64) -> UInt64 {
    (hash ^ hash >> 29) &* 0xD6E8_FEB8_6659_FD93
  }

  /// Where a key stands in the sample: a slice holds the keys up to a limit.
  static func sampleKey(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: mix(hash) >> 32) }

  private func laneIndex(_ mixed: UInt64) -> Int {
    // In bounds: the mask is a power of two up to 64, less one.
    Int(truncatingIfNeeded: mixed) & laneMask.load(ordering: .relaxed)
  }

  /// Fits lanes and judge to a cache of `entries`; answers the judge's sample limit.
  ///
  /// A change of the number of lanes loses the small entries of lanes no longer used from the
  /// rings; they are evicted as main entries once old.
  func setCapacity(_ entries: Int) -> UInt32 {
    var count = 1
    while count < Self.laneCountMax, entries / 10 / (count * 2) >= Self.laneSmallMin {
      count *= 2
    }
    for lane in 0..<count {
      lanes[lane].withLock { $0.setCapacity(max(1, entries / count)) }
    }
    laneMask.store(count - 1, ordering: .relaxed)
    return judge.withLock {
      $0.setCapacity(entries)
      return $0.sampleLimit
    }
  }

  /// Replays a sampled request; answers the mode if it changed. Skipped while another thread
  /// is replaying: what is lost is a random part of the sample.
  func replay(_ key: UInt32) -> AdaptiveMode? {
    let changed = judge.withLockIfAvailable { $0.replay(key) ? $0.mode : nil } ?? nil
    if let changed {
      for lane in 0..<Self.laneCountMax { lanes[lane].withLock { $0.clearSmall() } }
      return changed
    }
    return nil
  }

  /// Enters a new key; answers whether it belongs to the small queue.
  func enqueue(_ hash: UInt64) -> Bool {
    let mixed = Self.mix(hash)
    return lanes[laneIndex(mixed)].withLock {
      !$0.ghosts.remove(mixed) && $0.push(SmallQueueWord(hash: hash))
    }
  }

  /// The oldest entry of a lane that holds enough of them (any at all, if
  /// `evenBelowLimit`), and the lane it came from.
  ///
  /// Looks at the lane of `hash` and at 3 more. A caller who passes the key that wants room
  /// takes from the lane that the key will enter; one who knows no key passes a random number,
  /// and four choices keep lanes even.
  func popSmall(_ hash: UInt64, evenBelowLimit: Bool) -> (word: SmallQueueWord, lane: Int)? {
    let mask = laneMask.load(ordering: .relaxed)
    let first = Int(truncatingIfNeeded: Self.mix(hash)) & mask
    for probe in 0...min(3, mask) {
      let lane = (first + probe) & mask
      let popped = lanes[lane].withLock {
        $0.isOverLimit || evenBelowLimit ? $0.pop() : nil
      }
      if let popped { return (popped, lane) }
    }
    return nil
  }

  /// Puts back a small entry that was busy.
  func pushBack(_ word: SmallQueueWord, lane: Int) {
    lanes[lane].withLock { _ = $0.push(word) }
  }

  /// A popped entry of a lane turned out to be gone.
  func noteAbsence(lane: Int) { lanes[lane].withLock { $0.noteAbsence() } }

  func noteDeparture(_ hash: UInt64) {
    lanes[laneIndex(Self.mix(hash))].withLock { $0.noteDeparture() }
  }

  /// Remembers an evicted key.
  func remember(_ hash: UInt64) {
    let mixed = Self.mix(hash)
    lanes[laneIndex(mixed)].withLock { $0.ghosts.insert(mixed) }
  }

  func checkInvariants() {
    for lane in 0..<Self.laneCountMax { lanes[lane].withLock { $0.checkInvariants() } }
    judge.withLock { $0.checkInvariants() }
  }
}
