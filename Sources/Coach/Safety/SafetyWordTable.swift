internal import Bytes

/// The words of the rules with their numbers: open addressing at a quarter of its load, 24 bytes a
/// word inside the table, so that a look-up is one hash and mostly one comparison.
struct SafetyWordTable: ~Copyable {
  private struct Entry {
    /// The word, padded with zeros.
    var text: SIMD32<UInt8> = .zero
    var length: UInt8 = 0
    var number: UInt16 = 0
  }

  private let entries: UnsafeMutablePointer<Entry>
  private let mask: Int
  private let stems: [(stem: [UInt8], number: UInt16)]
  private let firstLetters: UInt32
  /// Words long enough to be recognised with a mistake, by their first letter.
  private let resembled: [[(word: [UInt8], number: UInt16)]]

  /// Longest word.
  static let wordByteCountMax = 32

  /// Shortest word that is recognised with a mistake.
  static let resembledByteCountMin = 6

  init(_ numbers: [[UInt8]: UInt16], stems: [(stem: [UInt8], number: UInt16)]) {
    self.stems = stems
    var letters: UInt32 = 0
    for stem in stems { letters |= 1 << UInt32(stem.stem[0] & 31) }
    firstLetters = letters
    var capacity = 64
    while capacity < numbers.count * 4 { capacity *= 2 }
    mask = capacity - 1
    entries = .allocate(capacity: capacity)
    entries.initialize(repeating: Entry(), count: capacity)
    var resembled = [[(word: [UInt8], number: UInt16)]](repeating: [], count: 32)
    for (word, number) in numbers.sorted(by: { $0.value < $1.value }) {
      var place = word.withByteView { Self.hash($0) } & mask
      while entries[place].length != 0 { place = (place + 1) & mask }
      var entry = Entry()
      for (index, byte) in word.enumerated() { entry.text[index] = byte }
      entry.length = UInt8(word.count)
      entry.number = number
      entries[place] = entry
      if word.count >= Self.resembledByteCountMin {
        resembled[Int(word[0] & 31)].append((word, number))
      }
    }
    self.resembled = resembled
  }

  deinit { entries.deallocate() }

  @inline(__always)
  private static func hash(_ word: ByteView) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in 0..<word.count { hash = (hash ^ UInt64(word[index])) &* 0x0000_0100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 29)
  }

  /// The number of a word; 0 when it is not there.
  @inline(__always)
  func number(of word: ByteView) -> UInt16 {
    guard word.count > 0, word.count <= Self.wordByteCountMax else { return 0 }
    var place = Self.hash(word) & mask
    // Bounded: three quarters of the places are free.
    while entries[place].length != 0 {
      if Int(entries[place].length) == word.count {
        var index = 0
        while index < word.count, entries[place].text[index] == word[index] { index += 1 }
        if index == word.count { return entries[place].number }
      }
      place = (place + 1) & mask
    }
    return firstLetters >> UInt32(word[0] & 31) & 1 == 1 ? stemNumber(of: word) : 0
  }

  private func stemNumber(of word: ByteView) -> UInt16 {
    for (stem, number) in stems where word.count >= stem.count {
      if stem.withByteView({ word[0..<$0.count] == $0 }) { return number }
    }
    return 0
  }

  /// The number of a word that differs by a missing letter, one too many, or two swapped.
  ///
  /// - Complexity: O(words with the same first letter)
  func number(resembling word: ByteView) -> UInt16 {
    guard word.count >= Self.resembledByteCountMin - 1, word.count <= Self.wordByteCountMax,
      word[0] &- 0x61 < 26
    else { return 0 }
    for (known, number) in resembled[Int(word[0] & 31)]
    where abs(known.count - word.count) <= 1 && known[0] == word[0] {
      if known.withByteView({ Self.differ(word, $0) }) { return number }
    }
    return 0
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
