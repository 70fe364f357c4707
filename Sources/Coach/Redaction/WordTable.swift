internal import Bytes

/// A set of lower-case words, each with flags: the cues and lists of the redactor and of the
/// safety rules.
///
/// Open addressing over 32-bit places at half load; the words themselves lie one after another in
/// static text and are not copied:
///
///     places [ 0 | 17 | 0 | 4 | ... ]  →  entries [ (offset, length, flags) ]  →  text
///
/// A look-up is one hash over the word, eight bytes at a time, and mostly one comparison. Where
/// only a few of the flags matter, `mayHold` says of most words without a look-up that they have
/// none of them: a set of 4,096 bits, one for the hash of each word that has.
struct WordTable: ~Copyable, @unchecked Sendable {
  // Sendable: written by the initialiser alone.
  private let places: UnsafeMutablePointer<UInt32>
  private let mask: Int
  private let entries: UnsafeMutablePointer<Entry>

  private let filter: UnsafeMutablePointer<UInt64>

  private struct Entry {
    var start: UnsafePointer<UInt8>
    var length: Int32
    var flags: UInt32
    var hash: UInt64
  }

  private static let filterBits = 12

  /// Longest word in a table; longer ones are in none.
  static let wordByteCountMax = 32

  /// Makes a table of lists of words separated by spaces or newlines. A word in several lists has
  /// the flags of all.
  ///
  /// - Parameter triggers: the flags that `mayHold` is asked for.
  /// - Complexity: O(bytes), allocates.
  init(_ lists: [(flags: UInt32, words: StaticString)], triggers: UInt32 = 0) {
    var found: [Entry] = []
    for list in lists {
      let text = ByteView(list.words)
      var start = 0
      while start < text.count {
        var end = start
        while end < text.count, text[end] > 0x20 { end += 1 }
        if end > start {
          precondition(end - start <= Self.wordByteCountMax)
          let hash = Self.hash(text.base + start, end - start, readable: text.count - start)
          found.append(
            Entry(
              start: text.base + start, length: Int32(end - start), flags: list.flags, hash: hash))
        }
        start = end + 1
      }
    }
    var capacity = 16
    while capacity < found.count * 2 { capacity *= 2 }
    mask = capacity - 1
    places = .allocate(capacity: capacity)
    places.initialize(repeating: 0, count: capacity)
    entries = .allocate(capacity: found.count + 1)
    filter = .allocate(capacity: 1 << (Self.filterBits - 6))
    filter.initialize(repeating: 0, count: 1 << (Self.filterBits - 6))
    var count = 0
    for entry in found {
      let word = ByteView(base: entry.start, count: Int(entry.length))
      if entry.flags & triggers != 0 {
        let bit = entry.hash >> UInt64(64 - Self.filterBits)
        filter[Int(bit >> 6)] |= 1 << (bit & 63)
      }
      var place = Int(truncatingIfNeeded: entry.hash) & mask
      while places[place] != 0 {
        let other = entries + Int(places[place])
        if ByteView(base: other.pointee.start, count: Int(other.pointee.length)) == word { break }
        place = (place + 1) & mask
      }
      if places[place] == 0 {
        count += 1
        (entries + count).initialize(to: entry)
        places[place] = UInt32(count)
      } else {
        entries[Int(places[place])].flags |= entry.flags
      }
    }
  }

  deinit {
    places.deallocate()
    entries.deallocate()
    filter.deallocate()
  }

  /// The hash of a word without regard to case.
  ///
  /// - Parameter readable: bytes that can be read from `start` on, the word's among them.
  @inline(__always)
  private static func hash(
    _ start: UnsafePointer<UInt8>, _ count: Int, readable: Int
  ) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: count)
    if count <= 8, readable >= 8 {
      var bytes = UnsafeRawPointer(start).loadUnaligned(as: UInt64.self)
      if count < 8 { bytes &= 1 &<< UInt64(truncatingIfNeeded: 8 &* count) &- 1 }
      hash = (hash ^ (bytes | 0x2020_2020_2020_2020)) &* 0x9E37_79B9_7F4A_7C15
      return (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
    }
    var offset = 0
    while offset < count {
      let rest = count - offset
      var bytes: UInt64 = 0
      if readable - offset >= 8 {
        bytes = UnsafeRawPointer(start + offset).loadUnaligned(as: UInt64.self)
        if rest < 8 { bytes &= 1 &<< UInt64(truncatingIfNeeded: 8 &* rest) &- 1 }
      } else {
        for index in 0..<rest {
          bytes |= UInt64(start[offset + index]) &<< UInt64(truncatingIfNeeded: 8 &* index)
        }
      }
      // Letters of both cases, and some signs, become one.
      hash = (hash ^ (bytes | 0x2020_2020_2020_2020)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
      offset += 8
    }
    return hash &* 0xD6E8_FEB8_6659_FD93
  }

  /// Whether a word may have one of the flags that the table was made with as triggers; false is
  /// certain.
  ///
  /// - Parameter readable: bytes that can be read from its first on.
  @inline(__always)
  func mayHold(_ word: ByteView, readable: Int) -> Bool {
    guard word.count <= Self.wordByteCountMax else { return false }
    let bit =
      Self.hash(word.base, word.count, readable: readable) >> UInt64(64 - Self.filterBits)
    return filter[Int(truncatingIfNeeded: bit >> 6)] >> (bit & 63) & 1 == 1
  }

  /// The flags of a word, ASCII letters of either case being equal; 0 for a word of no list.
  ///
  /// - Parameter readable: bytes that can be read from its first on.
  /// - Complexity: O(length)
  @inline(__always)
  func flags(_ word: ByteView, readable: Int) -> UInt32 {
    guard word.count > 0, word.count <= Self.wordByteCountMax else { return 0 }
    let hash = Self.hash(word.base, word.count, readable: readable)
    var place = Int(truncatingIfNeeded: hash) & mask
    // Bounded: half of the places are free.
    while places[place] != 0 {
      let entry = entries[Int(places[place])]
      if entry.hash == hash,
        ByteView(base: entry.start, count: Int(entry.length)).equalsIgnoringCase(word)
      {
        return entry.flags
      }
      place = (place + 1) & mask
    }
    return 0
  }
}
