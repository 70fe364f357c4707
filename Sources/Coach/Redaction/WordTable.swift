internal import Bytes

/// A set of lower-case words, each with flags: the cues and lists of the redactor and of the
/// safety rules.
///
/// Open addressing over 32-bit places at half load; the words themselves lie one after another in
/// static text and are not copied:
///
///     places [ 0 | 17 | 0 | 4 | ... ]  →  entries [ (offset, length, flags) ]  →  text
///
/// A look-up is one hash over the word and mostly one comparison.
struct WordTable: ~Copyable, @unchecked Sendable {
  // Sendable: written by the initialiser alone.
  private let places: UnsafeMutablePointer<UInt32>
  private let mask: Int
  private let entries: UnsafeMutablePointer<Entry>

  private struct Entry {
    var start: UnsafePointer<UInt8>
    var length: Int32
    var flags: UInt32
  }

  /// Longest word in a table; longer ones are in none.
  static let wordByteCountMax = 32

  /// Makes a table of lists of words separated by spaces or newlines. A word in several lists has
  /// the flags of all.
  ///
  /// - Complexity: O(bytes), allocates.
  init(_ lists: [(flags: UInt32, words: StaticString)]) {
    var found: [Entry] = []
    for list in lists {
      let text = ByteView(list.words)
      var start = 0
      while start < text.count {
        var end = start
        while end < text.count, text[end] > 0x20 { end += 1 }
        if end > start {
          precondition(end - start <= Self.wordByteCountMax)
          found.append(
            Entry(start: text.base + start, length: Int32(end - start), flags: list.flags))
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
    var count = 0
    for entry in found {
      let word = ByteView(base: entry.start, count: Int(entry.length))
      var place = Self.hash(word.base, word.count) & mask
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
  }

  @inline(__always)
  private static func hash(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in 0..<count {
      hash = (hash ^ UInt64(start[index].lowercasedASCII)) &* 0x0000_0100_0000_01B3
    }
    return Int(truncatingIfNeeded: hash ^ hash >> 29)
  }

  /// The flags of a word, ASCII letters of either case being equal; 0 for a word of no list.
  ///
  /// - Complexity: O(length)
  @inline(__always)
  func flags(_ word: ByteView) -> UInt32 {
    guard word.count > 0, word.count <= Self.wordByteCountMax else { return 0 }
    var place = Self.hash(word.base, word.count) & mask
    // Bounded: half of the places are free.
    while places[place] != 0 {
      let entry = entries[Int(places[place])]
      if ByteView(base: entry.start, count: Int(entry.length)).equalsIgnoringCase(word) {
        return entry.flags
      }
      place = (place + 1) & mask
    }
    return 0
  }
}
