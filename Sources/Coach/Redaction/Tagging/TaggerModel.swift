public import Bytes
internal import CCoach

/// What the tagger says of a word.
public enum NameTag: Int, CaseIterable, Sendable {
  case other, name, address, place, organisation, date

  /// The kind of personal data that it is.
  var kind: PersonalDataKind? {
    switch self {
    case .other: nil
    case .name: .name
    case .address: .address
    case .place: .place
    case .organisation: .organisation
    case .date: .date
    }
  }
}

/// What is known of single words before any sentence is read: lists of names and places, and
/// whether a word is an ordinary one.
public struct WordFacts: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let firstName = WordFacts(rawValue: 1)
  public static let surname = WordFacts(rawValue: 2)
  /// A word of a city's, a region's or a country's name.
  public static let place = WordFacts(rawValue: 4)
  public static let street = WordFacts(rawValue: 8)
  public static let company = WordFacts(rawValue: 16)
  /// Written in small letters by many.
  public static let common = WordFacts(rawValue: 32)
  public static let calendar = WordFacts(rawValue: 64)
  public static let nationality = WordFacts(rawValue: 128)
}

/// Trained weights of the tagger and its lists of words, read in place.
///
///     0    "WCNAMES1" | u32 row bits | u32 word bits
///     16   i16[8] bias of a tag
///     32   u64 checksum of everything from 64 on | zeros to 64
///     64   i16[8][8] what it is worth that a tag (column) follows another (row)
///     192  zeros to 256
///     256  rows: i8[8] each, one column for each tag; the last two are 0
///          words: u32 each; the upper 24 bits tell words apart, the lower 8 are `WordFacts`
///
/// All numbers are little-endian and in one unit, so a text's tags are found without floating
/// point. A word stands at the place of its hash or one of the seven behind it. That two words are
/// taken for one happens once in some hundred thousand look-ups, and then a word seems to be in a
/// list: the text around it still counts.
public struct TaggerModel {
  public static let headerBytes = 256
  static let rowBitsMax = 20
  static let wordBitsMax = 20
  /// Places that are looked at for a word.
  public static let probesMax = 8

  let rows: UnsafePointer<SIMD8<Int8>>
  let words: UnsafePointer<UInt32>
  public let rowBits: Int
  let wordBits: Int
  let bias: SIMD8<Int32>
  let transitions: UnsafePointer<SIMD8<Int16>>

  /// Reads weights that stay in memory for as long as the model is used.
  ///
  /// - Returns: nil when the bytes are no weights, were cut off, or do not match their checksum.
  /// - Complexity: O(bytes), for the checksum.
  public init?(_ bytes: ByteView) {
    guard bytes.count > Self.headerBytes, UInt(bitPattern: bytes.base) & 15 == 0 else { return nil }
    let raw = UnsafeRawPointer(bytes.base)
    guard ByteView(base: bytes.base, count: 8) == ByteView("WCNAMES1") else { return nil }
    rowBits = Int(UInt32(littleEndian: raw.load(fromByteOffset: 8, as: UInt32.self)))
    wordBits = Int(UInt32(littleEndian: raw.load(fromByteOffset: 12, as: UInt32.self)))
    guard rowBits >= 4, rowBits <= Self.rowBitsMax, wordBits >= 4, wordBits <= Self.wordBitsMax,
      bytes.count == Self.headerBytes + 8 << rowBits + 4 << wordBits
    else { return nil }
    let checksum = UInt64(littleEndian: raw.load(fromByteOffset: 32, as: UInt64.self))
    guard checksum == Self.checksum(of: bytes.dropFirst(64)) else { return nil }
    bias = SIMD8<Int32>(
      truncatingIfNeeded: raw.load(fromByteOffset: 16, as: SIMD8<Int16>.self))
    transitions = (raw + 64).assumingMemoryBound(to: SIMD8<Int16>.self)
    rows = (raw + Self.headerBytes).assumingMemoryBound(to: SIMD8<Int8>.self)
    words = (raw + Self.headerBytes + 8 << rowBits).assumingMemoryBound(to: UInt32.self)
  }

  /// The checksum of a stretch of the file: 64-bit words mixed in order.
  public static func checksum(of bytes: ByteView) -> UInt64 {
    var sum = UInt64(bytes.count)
    let raw = UnsafeRawPointer(bytes.base)
    for offset in stride(from: 0, to: bytes.count - bytes.count % 8, by: 8) {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      sum = TagHash.mix(sum ^ word)
    }
    return sum
  }

  /// What is known of a word by its hash.
  ///
  /// - Complexity: O(1), at most `probesMax` places.
  func facts(_ hash: UInt64) -> WordFacts {
    let mask = 1 << wordBits - 1
    var place = Int(truncatingIfNeeded: hash &>> UInt64(64 - wordBits))
    for _ in 0..<Self.probesMax {
      let found = words[place]
      if found == 0 { return [] }
      if found >> 8 == UInt32(truncatingIfNeeded: hash) & 0xFF_FFFF {
        return WordFacts(rawValue: UInt8(truncatingIfNeeded: found))
      }
      place = (place + 1) & mask
    }
    return []
  }

  /// The model that is built into the program.
  static let shipped: TaggerModel = {
    let bytes = ByteView(base: ccoach_names(), count: ccoach_names_count())
    guard let model = TaggerModel(bytes) else {
      preconditionFailure("the tagger's weights in this program are damaged")
    }
    return model
  }()
}

// Sendable: read alone, and what it points to is never freed.
extension TaggerModel: @unchecked Sendable {}

/// Hashes of words and features.
public enum TagHash {
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed >> 32
    return mixed &* 0xD6E8_FEB8_6659_FD93
  }

  /// The hash under which a word is in the lists: without regard to case and accents.
  ///
  /// - Complexity: O(1): of a long word its beginning counts.
  public static func word(_ text: ByteView) -> UInt64 { FoldedWord(text).hash }

  /// The row of a feature: what it looks at, and up to two things that it saw there.
  @inline(__always)
  static func feature(_ id: UInt64, _ first: UInt64, _ second: UInt64 = 0) -> UInt64 {
    mix(first &+ id &* 0xA076_1D64_78BD_642F ^ (second &<< 23 | second &>> 41))
  }
}
