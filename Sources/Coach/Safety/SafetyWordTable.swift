internal import Bytes

/// The words of the rules with their numbers: open addressing at a quarter of its load. A word of
/// up to 32 letters is four machine words with zeros behind it, so a look-up is one hash and mostly
/// one comparison, without a loop over letters:
///
///     "myself"  →  [ 0x00_00_66_6C_65_73_79_6D | 0 | 0 | 0 ]  →  place  →  number
///
/// Beside it are the words long enough to be recognised with a mistake, by first letter and length,
/// each with the set of its letters in 32 bits: one letter more or less changes one bit of that at
/// most, so hardly any has to be compared.
///
/// Words that are looked up stand in memory of `SafetyReader`, which can be read for 32 bytes from
/// each of their bytes on.
struct SafetyWordTable: ~Copyable {
  private struct Entry {
    var key = SIMD4<UInt64>.zero
    /// 0: the place is free.
    var number: UInt16 = 0
  }

  private struct Resembled {
    var text: SIMD32<UInt8>
    var count: Int32
    var number: UInt16
  }

  private let entries: UnsafeMutablePointer<Entry>
  private let mask: Int
  private let shift: UInt64

  private let resembled: UnsafeMutablePointer<Resembled>
  private let letterSets: UnsafeMutablePointer<UInt32>
  /// Where the words with a first letter and a length begin, at letter · 34 + length.
  private let bucketStarts: UnsafeMutablePointer<Int32>

  /// Longest word.
  static let wordByteCountMax = 32

  /// Shortest word that is recognised with a mistake.
  static let resembledByteCountMin = 6

  private static let lengths = wordByteCountMax + 2

  /// Makes a table.
  ///
  /// - Complexity: O(words), allocates.
  init(_ numbers: [[UInt8]: UInt16]) {
    var bits: UInt64 = 6
    while 1 << bits < numbers.count * 4 { bits += 1 }
    mask = 1 << Int(bits) - 1
    shift = 64 - bits
    entries = .allocate(capacity: mask + 1)
    entries.initialize(repeating: Entry(), count: mask + 1)
    let sorted = numbers.sorted { $0.value < $1.value }
    for (word, number) in sorted {
      precondition(!word.isEmpty && word.count <= Self.wordByteCountMax && number != 0)
      let padded = word + [UInt8](repeating: 0, count: Self.wordByteCountMax)
      let key = padded.withByteView { Self.key($0[0..<word.count]) }
      var place = Self.place(key, shift)
      while entries[place].number != 0 { place = (place + 1) & mask }
      entries[place] = Entry(key: key, number: number)
    }
    let long = sorted.filter {
      $0.key.count >= Self.resembledByteCountMin && $0.key[0] &- 0x61 < 26
    }.sorted {
      ($0.key[0], $0.key.count, $0.value) < ($1.key[0], $1.key.count, $1.value)
    }
    resembled = .allocate(capacity: long.count + 1)
    letterSets = .allocate(capacity: long.count + 1)
    bucketStarts = .allocate(capacity: 27 * Self.lengths)
    bucketStarts.initialize(repeating: 0, count: 27 * Self.lengths)
    for (index, (word, number)) in long.enumerated() {
      var text = SIMD32<UInt8>.zero
      for (place, byte) in word.enumerated() { text[place] = byte }
      (resembled + index).initialize(
        to: Resembled(text: text, count: Int32(word.count), number: number))
      (letterSets + index).initialize(to: word.withByteView { Self.letterSet($0) })
      bucketStarts[Self.bucket(word[0], word.count) + 1] += 1
    }
    for bucket in 1..<27 * Self.lengths { bucketStarts[bucket] += bucketStarts[bucket - 1] }
  }

  deinit {
    entries.deallocate()
    resembled.deallocate()
    letterSets.deallocate()
    bucketStarts.deallocate()
  }

  /// A word as four numbers.
  @inline(__always)
  private static func key(_ word: ByteView) -> SIMD4<UInt64> {
    let start = UnsafeRawPointer(word.base)
    @inline(__always)
    func part(_ offset: Int) -> UInt64 {
      let rest = word.count - offset
      if rest <= 0 { return 0 }
      // In bounds: 32 bytes can be read.
      let bytes = start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      return rest >= 8 ? bytes : bytes & (1 &<< UInt64(truncatingIfNeeded: 8 &* rest) &- 1)
    }
    if word.count <= 8 { return SIMD4(part(0), 0, 0, 0) }
    return SIMD4(part(0), part(8), part(16), part(24))
  }

  @inline(__always)
  private static func place(_ key: SIMD4<UInt64>, _ shift: UInt64) -> Int {
    var hash = key[0] &* 0x9E37_79B9_7F4A_7C15
    hash ^= key[1] &* 0xD6E8_FEB8_6659_FD93
    hash ^= (key[2] ^ key[3] &* 3) &* 0xA076_1D64_78BD_642F
    hash ^= hash >> 29
    return Int(truncatingIfNeeded: (hash &* 0xE703_7ED1_A0B4_28DB) &>> shift)
  }

  /// The number of a word; 0 when it is not there.
  @inline(__always)
  func number(of word: ByteView) -> UInt16 {
    guard word.count > 0, word.count <= Self.wordByteCountMax else { return 0 }
    let key = Self.key(word)
    var place = Self.place(key, shift)
    // Bounded: three quarters of the places are free.
    while entries[place].number != 0 {
      if entries[place].key == key { return entries[place].number }
      place = (place + 1) & mask
    }
    return 0
  }

  // MARK: Mistakes

  private static func bucket(_ letter: UInt8, _ count: Int) -> Int {
    Int(letter &- 0x61) * lengths + count
  }

  @inline(__always)
  private static func letterSet(_ word: ByteView) -> UInt32 {
    var set: UInt32 = 0
    for index in 0..<word.count { set |= 1 &<< UInt32(word[index] & 31) }
    return set
  }

  /// The number of a word that differs by a missing letter, one too many, or two swapped; of
  /// several the least.
  ///
  /// - Complexity: O(words with the same first letter and about as long)
  func number(resembling word: ByteView) -> UInt16 {
    guard word.count >= Self.resembledByteCountMin - 1, word.count <= Self.wordByteCountMax,
      word[0] &- 0x61 < 26
    else { return 0 }
    let first = Int(bucketStarts[Self.bucket(word[0], word.count - 1)])
    let end = Int(
      bucketStarts[Self.bucket(word[0], min(word.count + 1, Self.wordByteCountMax)) + 1])
    if first == end { return 0 }
    let set = Self.letterSet(word)
    var found: UInt16 = 0
    for index in first..<end where (letterSets[index] ^ set).nonzeroBitCount <= 1 {
      let number = resembled[index].number
      if found != 0, number > found { continue }
      let known = ByteView(
        base: UnsafeRawPointer(resembled + index).assumingMemoryBound(to: UInt8.self),
        count: Int(resembled[index].count))
      if Self.differ(word, known) { found = number }
    }
    return found
  }

  private static func differ(_ word: ByteView, _ known: ByteView) -> Bool {
    var start = 0
    while start < min(word.count, known.count), word[start] == known[start] { start += 1 }
    // A final "s" is no slip.
    if start == min(word.count, known.count) { return false }
    if word.count == known.count {
      return start + 1 < word.count && word[start] == known[start + 1]
        && word[start + 1] == known[start]
        && word.dropFirst(start + 2) == known.dropFirst(start + 2)
    }
    return word.count < known.count
      ? word.dropFirst(start) == known.dropFirst(start + 1)
      : word.dropFirst(start + 1) == known.dropFirst(start)
  }
}
