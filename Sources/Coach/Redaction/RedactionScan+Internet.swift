internal import Bytes

extension RedactionScan {
  /// RFC 5321: 64 octets in front of the sign, 255 behind it.
  private static var localByteCountMax: Int { 64 }
  private static var domainByteCountMax: Int { 255 }

  // MARK: Mail addresses

  /// Recognises a mail address around the sign at the position.
  mutating func atSign() {
    let sign = position
    position += 1
    var start = sign
    let limit = max(0, sign - Self.localByteCountMax)
    while start > limit, isLocal(byte(start - 1)) { start -= 1 }
    // A local part neither begins nor ends with a point.
    while start < sign,
      byte(start) == UInt8(ascii: ".") || byte(start) == UInt8(ascii: "'")
        || byte(start) == UInt8(ascii: "-")
    {
      start += 1
    }
    guard start < sign, byte(sign - 1) != UInt8(ascii: ".") else { return }
    guard let end = domainEnd(sign + 1) else { return }
    claim(.email, start, end)
  }

  private func isLocal(_ byte: UInt8) -> Bool {
    if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte >= 0x80 { return true }
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "%"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "'"):
      return true
    default: return false
    }
  }

  /// The end of the domain at `start`: labels with points between them, the last of letters.
  private func domainEnd(_ start: Int) -> Int? {
    var index = start
    var labelStart = start
    var end: Int?
    let limit = min(text.count, start + Self.domainByteCountMax)
    while index <= limit {
      if index < limit, isWord(index) || byte(index) == UInt8(ascii: "-") {
        index += 1
        continue
      }
      guard index > labelStart else { break }
      if labelStart > start, index - labelStart >= 2, (labelStart..<index).allSatisfy(isLetter) {
        end = index
      }
      guard index < limit, byte(index) == UInt8(ascii: ".") else { break }
      index += 1
      labelStart = index
    }
    return end
  }

  // MARK: URLs

  /// Recognises name and password in "scheme://name:password@host", and IPv6 addresses that begin
  /// with colons.
  mutating func atColon() {
    let colon = position
    position += 1
    if byte(colon + 1) == UInt8(ascii: ":"), !isWord(colon - 1), internetAddressV6(colon) { return }
    guard byte(colon + 1) == UInt8(ascii: "/"), byte(colon + 2) == UInt8(ascii: "/"),
      isWord(colon - 1)
    else { return }
    let start = colon + 3
    var index = start
    let limit = min(text.count, start + Self.reach)
    while index < limit, byte(index) > 0x20, byte(index) != UInt8(ascii: "/"),
      byte(index) != UInt8(ascii: "@"), byte(index) != UInt8(ascii: "?"),
      byte(index) != UInt8(ascii: "#"), byte(index) != UInt8(ascii: "\"")
    {
      index += 1
    }
    guard byte(index) == UInt8(ascii: "@"), index > start else { return }
    claim(.credential, start, index)
    // The sign belongs to the URL.
    position = index + 1
  }

  /// Recognises a secret in a query: "?token=...", "&api_key=...".
  mutating func atQuery() {
    let start = position + 1
    position = start
    var index = start
    while index < start + 24,
      isWord(index) || byte(index) == UInt8(ascii: "_")
        || byte(index) == UInt8(ascii: "-")
    {
      index += 1
    }
    guard index > start, byte(index) == UInt8(ascii: "="),
      roles(start, index).contains(.secretKey)
    else { return }
    let value = index + 1
    index = value
    let limit = min(text.count, value + 4096)
    while index < limit, byte(index) > 0x20, byte(index) != UInt8(ascii: "&"),
      byte(index) != UInt8(ascii: "#"), byte(index) != UInt8(ascii: "\""),
      byte(index) != UInt8(ascii: "'"), byte(index) != UInt8(ascii: ">"),
      byte(index) != UInt8(ascii: "[")
    {
      index += 1
    }
    if index > value { claim(.credential, value, index) }
  }

  // MARK: Internet addresses

  /// Recognises a dotted quad that is no version number.
  mutating func internetAddressV4(_ start: Int) -> Bool {
    guard isDigit(start), byte(start - 1) != UInt8(ascii: "."), byte(start - 1) != 0x76 else {
      return false
    }
    var index = start
    for part in 0..<4 {
      var value = 0
      let partStart = index
      while isDigit(index), index - partStart < 4 {
        value = value * 10 + Int(byte(index) &- 0x30)
        index += 1
      }
      guard index > partStart, index - partStart <= 3, value <= 255 else { return false }
      if part < 3 {
        guard byte(index) == UInt8(ascii: ".") else { return false }
        index += 1
      }
    }
    if isWord(index) || byte(index) == UInt8(ascii: ".") && isDigit(index + 1) { return false }
    // "version 1.2.3.4"
    let word = text[max(0, start - 8)..<start]
    if word.count == 8, word.equalsIgnoringCase("version ") { return false }
    claim(.ip, start, index)
    return true
  }

  /// Recognises eight groups of hexadecimal digits, or fewer with one "::".
  mutating func internetAddressV6(_ start: Int) -> Bool {
    guard !isWord(start - 1), byte(start - 1) != UInt8(ascii: ":") else { return false }
    var index = start
    var groups = 0
    var hasGap = false
    var hasDigit = false
    if byte(index) == UInt8(ascii: ":") {
      guard byte(index + 1) == UInt8(ascii: ":") else { return false }
      hasGap = true
      index += 2
    }
    while groups < 8 {
      let groupStart = index
      while index - groupStart < 5, isHexadecimal(byte(index)) {
        if isDigit(index) { hasDigit = true }
        index += 1
      }
      guard index > groupStart, index - groupStart <= 4 else { break }
      groups += 1
      if byte(index) == UInt8(ascii: ":"), byte(index + 1) == UInt8(ascii: ":"), !hasGap {
        hasGap = true
        index += 2
      } else if byte(index) == UInt8(ascii: ":"), isHexadecimal(byte(index + 1)), groups < 8 {
        index += 1
      } else {
        break
      }
    }
    guard hasDigit, !isWord(index), byte(index) != UInt8(ascii: ":") else { return false }
    guard groups == 8 && !hasGap || hasGap && groups >= 2 && groups < 8 else { return false }
    claim(.ip, start, index)
    return true
  }

  private func isHexadecimal(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
  }
}
