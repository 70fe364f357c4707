/// Exact caches to compare with, written on their own so that they also check the library.
///
/// Object ids are dense (0..<idCount), so every structure is a plain array over ids. All count
/// objects, not bytes, and answer `access` with whether the request hit.
protocol ReferenceCache {
  init(capacity: Int, idCount: Int)
  mutating func access(_ id: Int) -> Bool
}

/// A doubly linked list over ids, newest at the head.
struct IDList {
  private var newer: [Int32]
  private var older: [Int32]
  private(set) var newest: Int32 = -1
  private(set) var oldest: Int32 = -1
  private(set) var count = 0

  init(idCount: Int) {
    newer = Array(repeating: -1, count: idCount)
    older = Array(repeating: -1, count: idCount)
  }

  mutating func pushNewest(_ id: Int) {
    newer[id] = -1
    older[id] = newest
    if newest >= 0 { newer[Int(newest)] = Int32(id) } else { oldest = Int32(id) }
    newest = Int32(id)
    count += 1
  }

  mutating func remove(_ id: Int) {
    let after = newer[id]
    let before = older[id]
    if after >= 0 { older[Int(after)] = before } else { newest = before }
    if before >= 0 { newer[Int(before)] = after } else { oldest = after }
    count -= 1
  }

  /// The neighbour one step newer; -1 at the end.
  func newer(than id: Int) -> Int32 { newer[id] }

  mutating func popOldest() -> Int {
    let id = Int(oldest)
    remove(id)
    return id
  }
}

struct ExactLRU: ReferenceCache {
  private var list: IDList
  private var isCached: [Bool]
  private let capacity: Int

  init(capacity: Int, idCount: Int) {
    self.capacity = capacity
    list = IDList(idCount: idCount)
    isCached = Array(repeating: false, count: idCount)
  }

  mutating func access(_ id: Int) -> Bool {
    let hit = isCached[id]
    if hit {
      list.remove(id)
    } else {
      if list.count == capacity { isCached[list.popOldest()] = false }
      isCached[id] = true
    }
    list.pushNewest(id)
    return hit
  }
}

/// Yang et al., SOSP 2023, algorithm 1: small 10%, main 90%, ghosts as many as main, two hits
/// in the small queue for promotion.
struct ExactS3FIFO: ReferenceCache {
  private enum Place: UInt8 { case nowhere, small, main, ghost }
  private var small: IDList
  private var main: IDList
  private var ghost: IDList
  private var place: [Place]
  private var frequency: [UInt8]
  private let capacity: Int
  private let smallLimit: Int
  private let ghostLimit: Int

  init(capacity: Int, idCount: Int) {
    self.capacity = capacity
    smallLimit = max(1, capacity / 10)
    ghostLimit = max(1, capacity - smallLimit)
    small = IDList(idCount: idCount)
    main = IDList(idCount: idCount)
    ghost = IDList(idCount: idCount)
    place = Array(repeating: .nowhere, count: idCount)
    frequency = Array(repeating: 0, count: idCount)
  }

  mutating func access(_ id: Int) -> Bool {
    if place[id] == .small || place[id] == .main {
      frequency[id] = min(3, frequency[id] + 1)
      return true
    }
    while small.count + main.count >= capacity { look() }
    frequency[id] = 0
    // Its own eviction may just have pushed the key out of the ghost queue; ask afterwards.
    if place[id] == .ghost {
      ghost.remove(id)
      main.pushNewest(id)
      place[id] = .main
    } else {
      small.pushNewest(id)
      place[id] = .small
    }
    return false
  }

  private mutating func look() {
    if small.count >= smallLimit || main.count == 0 {
      let id = small.popOldest()
      if frequency[id] > 1 {
        frequency[id] = 0
        main.pushNewest(id)
        place[id] = .main
        return
      }
      if ghost.count == ghostLimit { place[ghost.popOldest()] = .nowhere }
      ghost.pushNewest(id)
      place[id] = .ghost
    } else {
      let id = main.popOldest()
      if frequency[id] > 0 {
        frequency[id] -= 1
        main.pushNewest(id)
      } else {
        place[id] = .nowhere
      }
    }
  }
}

/// Zhang et al., "SIEVE is simpler than LRU", NSDI 2024.
struct ExactSIEVE: ReferenceCache {
  private var list: IDList
  private var isCached: [Bool]
  private var isVisited: [Bool]
  private var hand: Int32 = -1
  private let capacity: Int

  init(capacity: Int, idCount: Int) {
    self.capacity = capacity
    list = IDList(idCount: idCount)
    isCached = Array(repeating: false, count: idCount)
    isVisited = Array(repeating: false, count: idCount)
  }

  mutating func access(_ id: Int) -> Bool {
    if isCached[id] {
      isVisited[id] = true
      return true
    }
    if list.count == capacity { evict() }
    isCached[id] = true
    isVisited[id] = false
    list.pushNewest(id)
    return false
  }

  private mutating func evict() {
    if hand < 0 { hand = list.oldest }
    while isVisited[Int(hand)] {
      isVisited[Int(hand)] = false
      hand = list.newer(than: Int(hand))
      if hand < 0 { hand = list.oldest }
    }
    let victim = Int(hand)
    hand = list.newer(than: victim)
    list.remove(victim)
    isCached[victim] = false
  }
}

/// Einziger, Friedman, Manes, "TinyLFU", ToS 2017, as in Caffeine without the climber: a 1% LRU
/// window, a main segmented LRU (80% protected), admission by a count-min sketch of 4-bit
/// counters that are halved after 10 times the capacity in requests.
struct ExactWTinyLFU: ReferenceCache {
  private enum Place: UInt8 { case nowhere, window, probation, protected }
  private var window: IDList
  private var probation: IDList
  private var protected: IDList
  private var place: [Place]
  private var sketch: [UInt8]
  private let rowMask: Int
  private var additions = 0
  private let capacity: Int
  private let windowLimit: Int
  private let protectedLimit: Int

  init(capacity: Int, idCount: Int) {
    self.capacity = capacity
    windowLimit = max(1, capacity / 100)
    protectedLimit = (capacity - windowLimit) * 8 / 10
    window = IDList(idCount: idCount)
    probation = IDList(idCount: idCount)
    protected = IDList(idCount: idCount)
    place = Array(repeating: .nowhere, count: idCount)
    var width = 16
    while width < capacity * 4 { width *= 2 }
    rowMask = width - 1
    sketch = Array(repeating: 0, count: width * 4)
  }

  private func cell(_ id: Int, _ row: Int) -> Int {
    Int(truncatingIfNeeded: mix64(UInt64(id) &* 4 &+ UInt64(row))) & rowMask
      + row * (rowMask + 1)
  }

  private func estimate(_ id: Int) -> UInt8 {
    var least = UInt8.max
    for row in 0..<4 { least = min(least, sketch[cell(id, row)]) }
    return least
  }

  private mutating func count(_ id: Int) {
    var grew = false
    for row in 0..<4 {
      let index = cell(id, row)
      if sketch[index] < 15 {
        sketch[index] += 1
        grew = true
      }
    }
    if grew { additions += 1 }
    if additions >= capacity * 10 {
      for index in sketch.indices { sketch[index] >>= 1 }
      additions /= 2
    }
  }

  mutating func access(_ id: Int) -> Bool {
    count(id)
    switch place[id] {
    case .window:
      window.remove(id)
      window.pushNewest(id)
      return true
    case .protected:
      protected.remove(id)
      protected.pushNewest(id)
      return true
    case .probation:
      probation.remove(id)
      protected.pushNewest(id)
      place[id] = .protected
      if protected.count > protectedLimit {
        let demoted = protected.popOldest()
        probation.pushNewest(demoted)
        place[demoted] = .probation
      }
      return true
    case .nowhere:
      window.pushNewest(id)
      place[id] = .window
      if window.count > windowLimit { admit(window.popOldest()) }
      return false
    }
  }

  private mutating func admit(_ candidate: Int) {
    place[candidate] = .probation
    probation.pushNewest(candidate)
    if window.count + probation.count + protected.count <= capacity { return }
    probation.remove(candidate)
    let victim = Int(probation.oldest >= 0 ? probation.oldest : protected.oldest)
    if victim < 0 || estimate(candidate) <= estimate(victim) {
      place[candidate] = .nowhere
      return
    }
    if probation.oldest >= 0 { probation.remove(victim) } else { protected.remove(victim) }
    place[victim] = .nowhere
    probation.pushNewest(candidate)
  }
}

/// A bijective mix of 64 bits (SplitMix64's finaliser).
func mix64(_ value: UInt64) -> UInt64 {
  var word = value &+ 0x9E37_79B9_7F4A_7C15
  word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
  word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
  return word ^ (word >> 31)
}
