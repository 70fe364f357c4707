internal import CCoach

/// What words add to the scores of a message, remembered by each thread: the row of a word and the
/// sum of the rows of its pieces, which are most of a message's features.
///
/// Direct-mapped, 4,096 places of 48 bytes. A word is its bytes as normalised, 15 at most, with its
/// length in the sixteenth, and is compared whole. Sums of rows are whole numbers, so a message has
/// the same scores to the last bit whether its words are known or not. What is remembered is of one
/// set of rows: a correction makes new ones, with another stamp, and everything is forgotten.
struct WordRows {
  struct Entry {
    var head: UInt64
    var tail: UInt64
    /// At most 3 · 15 pieces of at most 127 each.
    var pieces: SIMD8<Int16>
    private var row: SIMD8<Int8>
    var pieceCount: Int32

    /// A row has signed bytes.
    @inline(__always)
    var word: SIMD8<Int16> {
      get { SIMD8<Int16>(truncatingIfNeeded: row) }
      set { row = SIMD8<Int8>(truncatingIfNeeded: newValue) }
    }
  }

  private let entries: UnsafeMutablePointer<Entry>

  /// Longest word that is remembered.
  static var byteCountMax: Int { 15 }

  /// Opens what the calling thread remembers.
  ///
  /// - Parameter stamp: of the rows in use.
  @inline(__always)
  init(for stamp: UInt64) {
    assert(MemoryLayout<Entry>.stride == Int(CCOACH_WORD_ROW_BYTES))
    let bytes = ccoach_word_rows().unsafelyUnwrapped
    let known = ccoach_word_rows_stamp().unsafelyUnwrapped
    if known.pointee != stamp {
      Self.forget(bytes)
      known.pointee = stamp
    }
    entries = bytes.assumingMemoryBound(to: Entry.self)
  }

  private static func forget(_ bytes: UnsafeMutableRawPointer) {
    bytes.initializeMemory(
      as: UInt8.self, repeating: 0, count: Int(CCOACH_WORD_ROW_BYTES) << Int(CCOACH_WORD_ROW_BITS))
  }

  /// The place of a word, which it takes if another has it; nil when it is too long.
  ///
  /// - Parameter start: 16 bytes can be read there.
  @inline(__always)
  func place(
    _ start: UnsafeMutablePointer<UInt8>, _ count: Int
  ) -> (entry: UnsafeMutablePointer<Entry>, isNew: Bool)? {
    if count > Self.byteCountMax { return nil }
    let raw = UnsafeRawPointer(start)
    var head = raw.loadUnaligned(as: UInt64.self)
    var tail = UInt64(truncatingIfNeeded: count) &<< 56
    if count <= 8 {
      head = head.first(count)
    } else {
      tail |= raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self).first(count &- 8)
    }
    let hash = (head ^ tail &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
    let mixed = (hash ^ hash >> 32) &* 0xE703_7ED1_A0B4_28DB
    // In bounds: the shift leaves as many bits as number the places.
    let entry = entries + Int(truncatingIfNeeded: mixed >> UInt64(64 - CCOACH_WORD_ROW_BITS))
    if entry.pointee.head == head, entry.pointee.tail == tail { return (entry, false) }
    entry.pointee.head = head
    entry.pointee.tail = tail
    return (entry, true)
  }
}
