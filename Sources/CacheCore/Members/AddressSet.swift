import Glibc

/// A scratch set of words that are not 0, such as members drawn already: open addressing in one
/// block of twice as many places as words, linear probing. The owner calls `destroy`.
///
/// The words are addresses or numbers of our own choosing, so no secret is needed against flooding.
struct AddressSet {
  private let places: UnsafeMutablePointer<UInt>
  private let mask: Int
  private(set) var count = 0

  /// Room for `capacity` words; no more may be inserted.
  init(capacity: Int) {
    var room = 8
    while room < capacity &* 2 { room &*= 2 }
    places = .allocate(capacity: room)
    places.initialize(repeating: 0, count: room)
    mask = room &- 1
  }

  /// Adds a word.
  ///
  /// - Returns: false when it was there.
  mutating func insert(_ word: UInt) -> Bool {
    assert(word != 0)
    precondition(count <= mask / 2)
    var mixed = UInt64(word) &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed &>> 32
    var index = Int(truncatingIfNeeded: mixed) & mask
    // Half the places are free, so this ends.
    while places[index] != 0 {
      if places[index] == word { return false }
      index = (index &+ 1) & mask
    }
    places[index] = word
    count &+= 1
    return true
  }

  /// Frees the block.
  func destroy() { places.deallocate() }
}
