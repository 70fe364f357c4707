/// A map from a key's 64-bit hash to a word, in small tables of open addressing.
///
///     directory   part | part | part | …         by the first bits of the mixed hash
///     part        hash | word      hash | word      0 | 0      …        16 bytes each
///
/// What the module knows of single keys (when they turn stale, what they count for) is one word a
/// key, and there may be millions of them, so the keys' names are not stored again. Hashes are
/// keyed by the process's secret and spread over shards and databases: two of ten million keys
/// share one with a probability of about 10^-6, and then one key's note is taken for the other's.
/// Nothing that must never be wrong is kept here.
///
/// One table of a million slots would stand still for milliseconds when it grows, with the shard
/// locked. So a part doubles up to `capacityMax` slots, 16 KB, and is split in two beyond: no
/// change moves more than that. The directory tells the part of a hash by as many of its first bits
/// as the deepest part needs (Fagin and others, *Extendible Hashing*, 1979); it doubles by copying
/// a few bytes for each part.
///
/// Within a part probing is linear; a removal moves what follows back instead of leaving a mark, so
/// a table that is filled and emptied for ever stays as quick as it was. A part doubles at three
/// quarters and halves below an eighth; parts are not joined again, and an empty one has no slots.
/// An empty map owns nothing.
struct HashMap {
  fileprivate struct Slot {
    var hash: UInt64 = 0
    var word: UInt64 = 0
  }

  private var parts: [HashMapPart] = []
  private var directory: [Int32] = []
  /// First bits that the directory tells parts by.
  private var depth = 0
  private var slotCount = 0
  /// Keys that it has.
  private(set) var count = 0

  /// Slots of a part, and bits of the deepest one.
  fileprivate static var capacityMax: Int { 1024 }
  private static var depthMax: Int { 24 }

  /// Bytes held.
  var byteCount: Int {
    slotCount * MemoryLayout<Slot>.stride + parts.capacity * MemoryLayout<HashMapPart>.stride
      + directory.capacity * MemoryLayout<Int32>.stride
  }

  /// 0 marks a slot as free. One key in 2^64 has that hash; it shares the place of hash 1.
  private static func stored(_ hash: UInt64) -> UInt64 { hash == 0 ? 1 : hash }

  /// A shard's hashes agree in their top bits and a bucket's in the low ones: all of them decide.
  fileprivate static func mixed(_ hash: UInt64) -> UInt64 { hash &* 0x9E37_79B9_7F4A_7C15 }

  private func part(_ hash: UInt64) -> Int {
    Int(directory[Int(truncatingIfNeeded: Self.mixed(hash) >> UInt64(64 - depth))])
  }

  /// The word of a key; setting nil removes it.
  ///
  /// - Complexity: O(1) expected; O(`capacityMax`) where a part grows or is split.
  subscript(hash: UInt64) -> UInt64? {
    get {
      guard count > 0 else { return nil }
      let hash = Self.stored(hash)
      return parts[part(hash)].word(hash)
    }
    set {
      let hash = Self.stored(hash)
      if let newValue { set(hash, newValue) } else { remove(hash) }
    }
  }

  /// Forgets all and gives the memory back.
  mutating func removeAll() { self = HashMap() }

  private mutating func set(_ hash: UInt64, _ word: UInt64) {
    if parts.isEmpty {
      parts = [HashMapPart(depth: 0)]
      directory = [0]
    }
    var part = part(hash)
    if parts[part].replace(hash, word) { return }
    while parts[part].isFull {
      let before = parts[part].capacity
      if before < Self.capacityMax || parts[part].depth == Self.depthMax {
        parts[part].grow()
        slotCount += parts[part].capacity - before
      } else {
        split(part, of: hash)
        part = self.part(hash)
      }
    }
    parts[part].insert(Slot(hash: hash, word: word))
    count += 1
  }

  private mutating func remove(_ hash: UInt64) {
    guard count > 0 else { return }
    let part = part(hash)
    let before = parts[part].capacity
    guard parts[part].remove(hash) else { return }
    count -= 1
    slotCount += parts[part].capacity - before
    if count == 0 { removeAll() }
  }

  /// Splits a part by the next bit of its hashes, of which `hash` is one.
  private mutating func split(_ number: Int, of hash: UInt64) {
    let old = parts[number].depth
    if old == depth {
      directory = directory.flatMap { [$0, $0] }
      depth += 1
    }
    slotCount -= parts[number].capacity
    let upper = parts[number].split()
    slotCount += parts[number].capacity + upper.capacity
    parts.append(upper)
    // All entries that begin with the part's bits are its own; the second half are now the other's.
    let entries = 1 << (depth - old)
    let first = Int(truncatingIfNeeded: Self.mixed(hash) >> UInt64(64 - old)) * entries
    for entry in first + entries / 2..<first + entries {
      directory[entry] = Int32(truncatingIfNeeded: parts.count - 1)
    }
  }

  /// Calls `body` with every hash and word.
  func visit(_ body: (UInt64, UInt64) -> Void) { for part in parts { part.visit(body) } }

  /// Checks that every key is found where it is, and the counts, the load and the directory.
  func checkInvariants() {
    var found = 0
    var slots = 0
    for (number, part) in parts.enumerated() {
      part.checkInvariants()
      part.visit { hash, _ in
        precondition(self.part(hash) == number, "a key is not in its part")
        found += 1
      }
      slots += part.capacity
      let entries = directory.count { $0 == number }
      precondition(entries == 1 << (depth - part.depth), "a part has other entries")
    }
    precondition(found == count, "the count is wrong")
    precondition(slots == slotCount, "the count of slots is wrong")
    precondition(parts.isEmpty || directory.count == 1 << depth, "the directory has another depth")
    precondition(count > 0 || parts.isEmpty, "an empty map holds memory")
  }
}

/// One table of a map.
private struct HashMapPart {
  /// First bits that all its hashes share.
  private(set) var depth: Int
  private var slots: [HashMap.Slot] = []
  private var count = 0

  private static var capacityMin: Int { 8 }

  init(depth: Int) { self.depth = depth }

  var capacity: Int { slots.count }

  /// Whether it has to grow before another key comes.
  var isFull: Bool { (count + 1) * 4 > slots.count * 3 }

  private var mask: Int { slots.count - 1 }

  private func home(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: HashMap.mixed(hash) &>> 20) & mask
  }

  private func position(_ hash: UInt64) -> Int? {
    guard count > 0 else { return nil }
    var index = home(hash)
    while slots[index].hash != 0 {
      if slots[index].hash == hash { return index }
      index = (index + 1) & mask
    }
    return nil
  }

  func word(_ hash: UInt64) -> UInt64? { position(hash).map { slots[$0].word } }

  /// Gives a key another word; false when it is not there.
  mutating func replace(_ hash: UInt64, _ word: UInt64) -> Bool {
    guard let index = position(hash) else { return false }
    slots[index].word = word
    return true
  }

  /// Adds a key that is not there; there is room.
  mutating func insert(_ slot: HashMap.Slot) {
    place(slot)
    count += 1
  }

  private mutating func place(_ slot: HashMap.Slot) {
    var index = home(slot.hash)
    while slots[index].hash != 0 { index = (index + 1) & mask }
    slots[index] = slot
  }

  /// Removes a key; false when it is not there.
  mutating func remove(_ hash: UInt64) -> Bool {
    guard var hole = position(hash) else { return false }
    count -= 1
    if count == 0 {
      slots = []
      return true
    }
    var index = hole
    while true {
      index = (index + 1) & mask
      let slot = slots[index]
      if slot.hash == 0 { break }
      // It may fill the hole unless its home lies behind the hole, up to where it stands.
      let home = home(slot.hash)
      if (index - home) & mask >= (index - hole) & mask {
        slots[hole] = slot
        hole = index
      }
    }
    slots[hole] = HashMap.Slot()
    if slots.count > Self.capacityMin, count * 8 < slots.count { resize(to: slots.count / 2) }
    return true
  }

  mutating func grow() { resize(to: max(Self.capacityMin, slots.count * 2)) }

  private mutating func resize(to capacity: Int) {
    let old = slots
    slots = [HashMap.Slot](repeating: HashMap.Slot(), count: capacity)
    for slot in old where slot.hash != 0 { place(slot) }
  }

  /// Keeps the hashes whose next bit is 0.
  ///
  /// - Returns: a part with the others.
  mutating func split() -> HashMapPart {
    var lower = HashMapPart(depth: depth + 1)
    var upper = HashMapPart(depth: depth + 1)
    for slot in slots where slot.hash != 0 {
      if HashMap.mixed(slot.hash) & (1 << UInt64(63 - depth)) == 0 {
        lower.add(slot)
      } else {
        upper.add(slot)
      }
    }
    self = lower
    return upper
  }

  private mutating func add(_ slot: HashMap.Slot) {
    if isFull { grow() }
    insert(slot)
  }

  func visit(_ body: (UInt64, UInt64) -> Void) {
    for slot in slots where slot.hash != 0 { body(slot.hash, slot.word) }
  }

  func checkInvariants() {
    var found = 0
    for (index, slot) in slots.enumerated() where slot.hash != 0 {
      found += 1
      precondition(position(slot.hash) == index, "a key is not found at its place")
    }
    precondition(found == count, "the count of a part is wrong")
    precondition(count > 0 || slots.isEmpty, "an empty part holds memory")
    precondition(count * 4 <= slots.count * 3, "a part is too full")
  }
}
