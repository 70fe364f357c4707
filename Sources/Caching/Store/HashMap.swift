/// A map from a key's 64-bit hash to a word: open addressing in one array.
///
///     slots   hash | word      hash | word      0 | 0      …        16 bytes each, a power of two
///
/// What the module knows of single keys (when they turn stale, what they count for) is one word a
/// key, and there may be millions of them, so the keys' names are not stored again. Hashes are
/// keyed by the process's secret and spread over shards and databases: two of ten million keys
/// share one with a probability of about 10^-6, and then one key's note is taken for the other's.
/// Nothing that must never be wrong is kept here.
///
/// Probing is linear; a removal moves what follows back instead of leaving a mark, so a table that
/// is filled and emptied for ever stays as quick as it was. It doubles at three quarters and halves
/// below an eighth, and owns nothing when empty.
struct HashMap {
  private struct Slot {
    var hash: UInt64 = 0
    var word: UInt64 = 0
  }

  private var slots: [Slot] = []
  /// Keys that it has.
  private(set) var count = 0

  private static var capacityMin: Int { 8 }

  /// Bytes held.
  var byteCount: Int { slots.capacity * MemoryLayout<Slot>.stride }

  private var mask: Int { slots.count - 1 }

  /// 0 marks a slot as free. One key in 2^64 has that hash; it shares the place of hash 1.
  private static func stored(_ hash: UInt64) -> UInt64 { hash == 0 ? 1 : hash }

  private func home(_ hash: UInt64) -> Int {
    // A shard's hashes agree in their top bits and a bucket's in the low ones.
    Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) &>> 20) & mask
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

  /// The word of a key; setting nil removes it.
  ///
  /// - Complexity: O(1) expected.
  subscript(hash: UInt64) -> UInt64? {
    get { position(Self.stored(hash)).map { slots[$0].word } }
    set {
      let hash = Self.stored(hash)
      guard let newValue else { return remove(hash) }
      if let index = position(hash) {
        slots[index].word = newValue
        return
      }
      if (count + 1) * 4 > slots.count * 3 {
        resize(to: max(Self.capacityMin, slots.count * 2))
      }
      insert(Slot(hash: hash, word: newValue))
      count += 1
    }
  }

  /// Forgets all and gives the memory back.
  mutating func removeAll() { self = HashMap() }

  private mutating func insert(_ slot: Slot) {
    var index = home(slot.hash)
    while slots[index].hash != 0 { index = (index + 1) & mask }
    slots[index] = slot
  }

  private mutating func remove(_ hash: UInt64) {
    guard var hole = position(hash) else { return }
    count -= 1
    if count == 0 { return removeAll() }
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
    slots[hole] = Slot()
    if slots.count > Self.capacityMin, count * 8 < slots.count { resize(to: slots.count / 2) }
  }

  private mutating func resize(to capacity: Int) {
    let old = slots
    slots = [Slot](repeating: Slot(), count: capacity)
    for slot in old where slot.hash != 0 { insert(slot) }
  }

  /// Calls `body` with every hash and word.
  func visit(_ body: (UInt64, UInt64) -> Void) {
    for slot in slots where slot.hash != 0 { body(slot.hash, slot.word) }
  }

  /// Checks that every key is found where it is, and the count and the load.
  func checkInvariants() {
    var found = 0
    for (index, slot) in slots.enumerated() where slot.hash != 0 {
      found += 1
      precondition(position(slot.hash) == index, "a key is not found at its place")
    }
    precondition(found == count, "the count is wrong")
    precondition(count > 0 || slots.isEmpty, "an empty map holds memory")
    precondition(count * 4 <= slots.count * 3, "the map is too full")
  }
}
