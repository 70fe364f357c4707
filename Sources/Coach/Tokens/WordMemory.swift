internal import Bytes
internal import CCoach

/// What the readers of messages remember of single words, each thread for itself: people say most
/// of what they say with a few hundred words.
///
/// Direct-mapped, 8,192 places of 24 bytes, touched as words come. A word is its bytes as written,
/// 15 at most, with its length in the sixteenth; it is compared whole, so nothing is ever said of
/// another word:
///
///     head | tail, length | share of a token estimate | number in the crisis rules | facts
///
/// Each reader keeps what it alone can work out, and only what depends on the word by itself and on
/// nothing that can change while the program runs. A new word takes the place of the one before.
struct WordMemory {
  /// What is known of a word.
  struct Facts {
    /// `sum` is what the word adds to a token estimate.
    static var hasSum: UInt32 { 1 << 31 }
    /// The redactor has looked the word up: its roles are in the lower bits.
    static var hasRoles: UInt32 { 1 << 30 }
    static var roles: UInt32 { 1 << 24 - 1 }
    /// The crisis rules have read it: `number` is its number.
    static var hasNumber: UInt32 { 1 << 29 }
    /// They read it as several words, none of which is an anchor; or one is.
    static var isSeveral: UInt32 { 1 << 28 }
    static var isSeveralWithAnchor: UInt32 { 1 << 27 }
  }

  private let places = ccoach_words().unsafelyUnwrapped

  /// Longest word that is remembered.
  static var byteCountMax: Int { 15 }

  init() {
    assert(MemoryLayout<ccoach_word>.stride == 24)
  }

  /// The place of a word, which it takes if another has it: then nothing is known.
  ///
  /// - Parameters:
  ///   - head: the first eight bytes, zeros behind the word's end.
  ///   - tail: the other seven likewise, and the length as the last byte, which is not 0: so no
  ///     word is like a place that was never written.
  @inline(__always)
  func place(_ head: UInt64, _ tail: UInt64) -> UnsafeMutablePointer<ccoach_word> {
    // All bits count for the highest ones of the product. The tail is turned, so that its letters
    // do not meet the same ones of the head, and its length is lowest.
    let hash = (head ^ (tail &<< 8 | tail &>> 56)) &* 0x9E37_79B9_7F4A_7C15
    // In bounds: the shift leaves as many bits as number the places.
    let place = places + Int(truncatingIfNeeded: hash &>> UInt64(64 - CCOACH_WORD_BITS))
    if place.pointee.head != head || place.pointee.tail != tail {
      place.pointee.head = head
      place.pointee.tail = tail
      place.pointee.facts = 0
    }
    return place
  }

  /// The place of a sign behind a word, as the token estimate reads it.
  ///
  /// - Parameter closes: a space and something else follow.
  @inline(__always)
  func place(ofSign byte: UInt8, closes: Bool) -> UnsafeMutablePointer<ccoach_word> {
    place(UInt64(byte), Self.punctuation(1, opens: false, closes: closes))
  }

  /// The second half of the key of a run of punctuation with these markers: as a word it would have
  /// 128 bytes more than it has.
  ///
  /// - Parameter count: 8 at most.
  @inline(__always)
  static func punctuation(_ count: Int, opens: Bool, closes: Bool) -> UInt64 {
    UInt64(truncatingIfNeeded: count | 0x80) &<< 56 | (opens ? 1 : 0) | (closes ? 2 : 0)
  }

  /// The place of a stretch of a text; nil when it is too long.
  @inline(__always)
  func place(_ text: ByteView, _ start: Int, _ end: Int) -> UnsafeMutablePointer<ccoach_word>? {
    let count = end &- start
    if count > Self.byteCountMax { return nil }
    assert(count > 0)
    let length = UInt64(truncatingIfNeeded: count) &<< 56
    let head = text.eightBytes(at: start)
    if count <= 8 { return place(head.first(count), length) }
    return place(head, text.eightBytes(at: start &+ 8).first(count &- 8) | length)
  }
}

extension UInt64 {
  /// The lowest bytes, 1 to 8 of them, the others 0.
  @inline(__always)
  func first(_ count: Int) -> UInt64 {
    assert(count > 0 && count <= 8)
    return self & (~0 &>> UInt64(truncatingIfNeeded: 64 &- 8 &* count))
  }

  /// What is behind the lowest bytes, 0 to 7 of them.
  @inline(__always)
  func behind(_ count: Int) -> UInt64 {
    assert(count >= 0 && count < 8)
    return self &>> UInt64(truncatingIfNeeded: 8 &* count)
  }
}
