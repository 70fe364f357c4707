internal import Bytes
// The standard library's own normalisation: Foundation's is wrong for some letters, and heavier.
@_spi(_Unicode) internal import Swift

/// Brings raw text into the form that is counted: well-formed UTF-8 in NFC, without control and
/// private-use characters, with one kind of space.
///
/// Most text is clean ASCII and is counted where it lies; most other text is in NFC already and is
/// copied once. Only text with letters that normalisation can change goes through a `String`.
///
/// Ill-formed UTF-8 counts as U+FFFD, one for each maximal part of a sequence, as everywhere in
/// Unicode and on the web. Runs of combining marks are put in order before the library sees them,
/// which sorts them by insertion: a megabyte of them would otherwise take minutes.
struct TokenNormaliser: ~Copyable {
  private(set) var bytes: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private let capacity: Int
  /// The last scalar kept is U+0E4D: Thai SARA AA would melt with it.
  private var endsWithNikhahit = false

  /// Runs of combining marks longer than this are ordered beforehand.
  private static let markRunMax = 32

  /// Normalises `text`.
  ///
  /// - Complexity: O(n), allocates up to three bytes for each (an ill-formed byte gives three).
  init(_ text: ByteView) {
    // Composition never makes text longer by more than this: the worst in NFC is three for one.
    capacity = text.count * 3 + 4
    bytes = .allocate(capacity: capacity)
    var start = 0
    while start < text.count {
      // Line by line: a newline neither composes nor is put in another order.
      let end = text.dropFirst(start).firstIndex(of: 0x0A).map { start + $0 + 1 } ?? text.count
      add(text[start..<end])
      start = end
    }
  }

  deinit { bytes.deallocate() }

  private mutating func add(_ line: ByteView) {
    if Self.needsComposition(line) {
      for scalar in Self.ordered(line)._nfc { accept(scalar.value) }
      return
    }
    var decoder = ScalarDecoder(line)
    while let code = decoder.next() {
      if code >= 0x20, code < 0x7F {
        // In bounds: one byte of text gives one.
        bytes[count] = UInt8(truncatingIfNeeded: code)
        count += 1
        endsWithNikhahit = false
      } else {
        accept(code)
      }
    }
  }

  /// Whether `text` is counted as it is: ASCII without characters that normalisation drops.
  ///
  /// - Complexity: O(n), eight bytes at a time.
  static func isClean(_ text: ByteView) -> Bool {
    var index = 0
    let high: UInt64 = 0x8080_8080_8080_8080
    let ones: UInt64 = 0x0101_0101_0101_0101
    while index + 8 <= text.count {
      let word = UnsafeRawPointer(text.base + index).loadUnaligned(as: UInt64.self)
      // Any byte that is not ASCII, below 0x20 or 0x7F; false alarms are looked at singly.
      let below = (word &- ones &* 0x20) & ~word & high
      let delete = ((word ^ ones &* 0x7F) &- ones) & high
      if (word | below | delete) & high != 0 {
        for offset in index..<index + 8 where !isCleanByte(text[offset]) { return false }
      }
      index += 8
    }
    while index < text.count {
      if !isCleanByte(text[index]) { return false }
      index += 1
    }
    return true
  }

  @inline(__always)
  private static func isCleanByte(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte < 0x7F : byte == 0x09 || byte == 0x0A
  }

  /// Whether normalisation might change the text.
  private static func needsComposition(_ text: ByteView) -> Bool {
    // Below U+0300, where the first byte is below 0xCC, nothing changes.
    guard text.buffer.contains(where: { $0 >= 0xCC }) else { return false }
    var decoder = ScalarDecoder(text)
    while let code = decoder.next() {
      if code >= 0x300, !isStable(code) { return true }
    }
    return false
  }

  /// Code points that stay as they are whatever stands beside them: starters that neither
  /// decompose nor compose with what precedes them. Not all such, but those of common text.
  private static func isStable(_ code: UInt32) -> Bool {
    switch code {
    case 0x400...0x482, 0x48A...0x52F, 0x531...0x587, 0x5D0...0x5EA, 0x5F0...0x5F4: true
    case 0x620...0x64A, 0x660...0x66F, 0x671...0x6D5: true
    case 0x388...0x3FF: true
    case 0x904...0x928, 0x92A...0x930, 0x966...0x97F: true
    case 0xE01...0xE37, 0xE3F...0xE47, 0xE4C...0xE5B, 0xE80...0xEB7: true
    case 0x1E00...0x1F70: true
    case 0x2002...0x2025, 0x2026...0x2070, 0x20A0...0x20CF, 0x2190...0x2328, 0x232B...0x2ADB: true
    case 0x2ADD...0x2BFF, 0x3000...0x3029, 0x3030...0x3098, 0x30A0...0x30FF: true
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xFE00...0xFE0F: true
    case 0xFF01...0xFFFD, 0x1F000...0x1FAFF, 0x20000...0x2A6DF: true
    default: false
    }
  }

  /// The text repaired, with long runs of combining marks in canonical order.
  private static func ordered(_ text: ByteView) -> String {
    var scalars = String.UnicodeScalarView()
    var marks: [(order: UInt8, scalar: Unicode.Scalar)] = []
    func flush() {
      if marks.count > markRunMax {
        // Stable, and linear: 256 classes.
        var buckets = [[Unicode.Scalar]](repeating: [], count: 256)
        for mark in marks { buckets[Int(mark.order)].append(mark.scalar) }
        for bucket in buckets { scalars.append(contentsOf: bucket) }
      } else {
        for mark in marks { scalars.append(mark.scalar) }
      }
      marks.removeAll(keepingCapacity: true)
    }
    func add(_ code: UInt32) {
      guard let scalar = Unicode.Scalar(code) else { return }
      let order = code < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
      if order == 0 {
        if !marks.isEmpty { flush() }
        scalars.append(scalar)
      } else {
        marks.append((order, scalar))
      }
    }
    var decoder = ScalarDecoder(text)
    while let code = decoder.next() {
      // The three marks that decompose into marks although they are in no order themselves.
      switch code {
      case 0x0F73: [0x0F71, 0x0F72].forEach(add)
      case 0x0F75: [0x0F71, 0x0F74].forEach(add)
      case 0x0F81: [0x0F71, 0x0F80].forEach(add)
      default: add(code)
      }
    }
    flush()
    return String(scalars)
  }

  /// Keeps, replaces or drops one scalar.
  @inline(__always)
  private mutating func accept(_ code: UInt32) {
    var code = code
    if code < 0xA0 {
      if code < 0x20 {
        if code == 0 {
          code = 0x20
        } else if code != 0x09, code != 0x0A {
          return
        }
      } else if code >= 0x7F {
        return
      }
      endsWithNikhahit = false
    } else {
      if code == 0x0E32, endsWithNikhahit {
        count -= 3
        code = 0x0E33
      }
      endsWithNikhahit = code == 0x0E4D
      switch code {
      case 0xE000...0xF8FF: return
      case 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F: code = 0x20
      default: break
      }
    }
    // In bounds: see `capacity`. Checked, because it rests on a property of Unicode.
    precondition(count + 4 <= capacity)
    count += UTF8Text.write(code, to: bytes + count)
  }
}
