/// Bytes as readable text between double quotes, the form that `ArgumentSplitter` reads back.
///
/// MONITOR, CONFIG REWRITE and the ACL list print arguments this way.
public enum QuotedText {
  /// Number of bytes that `append` adds for `bytes`.
  ///
  /// - Complexity: O(n)
  public static func byteCount(_ bytes: ByteView) -> Int {
    var count = 2
    for byte in bytes.buffer {
      if shortEscape(byte) != nil {
        count += 2
      } else {
        count += isPrintable(byte) ? 1 : 4
      }
    }
    return count
  }

  /// Appends `bytes` in quotes: `\n \r \t \a \b \" \\` for these, `\xHH` for what is not printable.
  ///
  /// - Complexity: O(n), allocates only to grow `target`.
  public static func append(_ bytes: ByteView, to target: inout [UInt8]) {
    target.append(0x22)
    for byte in bytes.buffer {
      if let letter = shortEscape(byte) {
        target.append(0x5C)
        target.append(letter)
      } else if isPrintable(byte) {
        target.append(byte)
      } else {
        target.append(0x5C)
        target.append(0x78)
        target.append(hexDigit(byte >> 4))
        target.append(hexDigit(byte & 15))
      }
    }
    target.append(0x22)
  }

  /// `bytes` in quotes, as an array.
  ///
  /// - Complexity: O(n), allocates.
  public static func quoted(_ bytes: ByteView) -> [UInt8] {
    var target: [UInt8] = []
    target.reserveCapacity(byteCount(bytes))
    append(bytes, to: &target)
    return target
  }

  /// Whether `bytes` must be quoted to be read back as one argument: it is empty, or has a blank,
  /// a quote, or a byte that is not printable.
  ///
  /// - Complexity: O(n)
  public static func needsQuotes(_ bytes: ByteView) -> Bool {
    if bytes.isEmpty { return true }
    for byte in bytes.buffer
    where !isPrintable(byte) || byte == 0x20 || byte == 0x22 || byte == 0x27 {
      return true
    }
    return false
  }

  private static func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 + value : 0x61 + value - 10
  }

  private static func shortEscape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x5C, 0x22: return byte
    case 0x0A: return 0x6E
    case 0x0D: return 0x72
    case 0x09: return 0x74
    case 0x07: return 0x61
    case 0x08: return 0x62
    default: return nil
    }
  }
}
