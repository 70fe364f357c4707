internal import Bytes

/// Finds the addresses of pages: what begins with "http://", "https://" or "www.".
enum PageAddresses {
  /// Adds them to what is found already, which stays as it is: an address ends before it.
  ///
  /// - Complexity: O(n)
  static func added(
    to found: [PersonalDataFinding], in text: ByteView
  ) -> [PersonalDataFinding] {
    var result: [PersonalDataFinding] = []
    result.reserveCapacity(found.count)
    var next = 0
    var index = 0
    while index + 7 < text.count {
      let begins = text[index] | 0x20 == UInt8(ascii: "h") || text[index] | 0x20 == 0x77
      guard begins, index == 0 || !isWord(text[index - 1]), let first = afterScheme(text, index)
      else {
        index += 1
        continue
      }
      while next < found.count, found[next].end <= index {
        result.append(found[next])
        next += 1
      }
      let limit = next < found.count ? found[next].start : text.count
      var end = first
      while end < limit, isAddress(text[end]) { end += 1 }
      while end > first, isEndOfSentence(text[end - 1]) { end -= 1 }
      if end > first, limit > index {
        result.append(PersonalDataFinding(kind: .url, start: index, end: end))
      }
      index = max(end, index + 1)
    }
    result.append(contentsOf: found[next...])
    return result
  }

  /// Behind the scheme or the "www." at `index`; nil where there is none.
  private static func afterScheme(_ text: ByteView, _ index: Int) -> Int? {
    for scheme: StaticString in ["http://", "https://", "www."] {
      let end = index + scheme.utf8CodeUnitCount
      if end < text.count, text[index..<end].equalsIgnoringCase(scheme), isWord(text[end]) {
        return end
      }
    }
    return nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte >= 0x80
  }

  private static func isAddress(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "<")
      && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "]")
  }

  private static func isEndOfSentence(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
      UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: ")"), UInt8(ascii: "'"):
      true
    default: false
    }
  }
}
