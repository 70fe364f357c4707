internal import Bytes

/// A word in small letters and without accents: "Łódź" and "LODZ" are one.
///
/// The first 24 letters count. Latin letters lose their marks, Greek and Cyrillic ones become
/// small; everything else stays as it is.
struct FoldedWord {
  /// The letters, packed from the lowest byte on, and zeros.
  var low: UInt64 = 0
  var middle: UInt64 = 0
  var high: UInt64 = 0
  private(set) var count = 0
  /// The last four letters, the last one lowest.
  private(set) var ending: UInt32 = 0

  static let countMax = 24

  init(_ text: ByteView) {
    var index = 0
    while index < text.count, count < Self.countMax {
      let byte = text[index]
      if byte < 0x80 {
        append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
        index += 1
        continue
      }
      let next = index + 1 < text.count ? text[index + 1] : 0
      if byte == 0xE2, next == 0x80, index + 2 < text.count, text[index + 2] == 0x99 {
        // A printed apostrophe.
        append(UInt8(ascii: "'"))
        index += 3
        continue
      }
      index += 2
      switch byte {
      case 0xC3 where next >= 0x80 && next < 0xC0:
        // ß is two letters.
        if next == 0x9F { append(UInt8(ascii: "s")) }
        append(Self.latinOne.utf8Start[Int(next & 0x3F)])
      case 0xC4 where next >= 0x80 && next < 0xC0: append(Self.latinTwo.utf8Start[Int(next & 0x3F)])
      case 0xC5 where next >= 0x80 && next < 0xC0:
        append(Self.latinThree.utf8Start[Int(next & 0x3F)])
      case 0xCE where next >= 0x91 && next <= 0x9F: append(byte, next + 0x20)
      case 0xCE where next >= 0xA0 && next <= 0xAB: append(0xCF, next - 0x20)
      case 0xD0 where next >= 0x90 && next <= 0x9F: append(byte, next + 0x20)
      case 0xD0 where next >= 0xA0 && next <= 0xAF: append(0xD1, next - 0x20)
      default: append(byte, next)
      }
    }
  }

  private mutating func append(_ first: UInt8, _ second: UInt8) {
    append(first)
    if second != 0 { append(second) }
  }

  private mutating func append(_ byte: UInt8) {
    guard count < Self.countMax else { return }
    let shifted = UInt64(byte) &<< UInt64(truncatingIfNeeded: 8 &* (count & 7))
    switch count >> 3 {
    case 0: low |= shifted
    case 1: middle |= shifted
    default: high |= shifted
    }
    ending = ending << 8 | UInt32(byte)
    count += 1
  }

  var hash: UInt64 {
    TagHash.mix(TagHash.mix(low ^ UInt64(count) &<< 58) ^ middle ^ TagHash.mix(high))
  }

  // The letters at U+00C0, U+0100 and U+0140.
  private static let latinOne: StaticString =
    "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
  private static let latinTwo: StaticString =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
  private static let latinThree: StaticString =
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
}
