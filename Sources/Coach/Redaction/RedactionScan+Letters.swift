internal import Bytes

extension RedactionScan {
  /// Recognises numbers that begin with letters: account numbers, IPv6 addresses, licences.
  mutating func numberedByLetters(_ start: Int) -> Bool {
    guard !isWord(start - 1) else { return false }
    if internetAddressV6(start) { return true }
    if let end = accountEnd(start) {
      claim(.iban, start, end)
      return true
    }
    if isNear(lastLicenceCue), let end = licenceEnd(start) {
      claim(.licence, start, end)
      return true
    }
    return false
  }

  /// The end of an International Bank Account Number at `start` (ISO 13616): country, two check
  /// digits, an account in letters and digits, in groups of four or without spaces, the whole
  /// being 1 modulo 97.
  private func accountEnd(_ start: Int) -> Int? {
    guard isASCIILetter(start), isASCIILetter(start + 1), isDigit(start + 2), isDigit(start + 3)
    else { return nil }
    let expected = Self.accountLength(byte(start), byte(start + 1))
    var remainder = 0
    var count = 0
    var index = start
    var end = start
    // The first four characters count last: their values are kept aside.
    var head = 0
    while count < 34 {
      if count > 0, byte(index) == 0x20, isASCIIWord(index + 1) { index += 1 }
      guard isASCIIWord(index) else { break }
      let value =
        isDigit(index)
        ? Int(byte(index) &- 0x30) : Int(byte(index).lowercasedASCII &- 0x61) + 10
      if count < 4 {
        head = (head * (value < 10 ? 10 : 100) + value)
      } else {
        remainder = (remainder * (value < 10 ? 10 : 100) + value) % 97
      }
      count += 1
      index += 1
      end = index
      if count == expected { break }
    }
    guard expected > 0 ? count == expected : count >= 15, !isASCIIWord(end) else { return nil }
    // Two letters give four digits, two check digits two more.
    remainder = (remainder * 1_000_000 + head) % 97
    return remainder == 1 ? end : nil
  }

  /// Lengths by country, from the registry of ISO 13616; 0 for countries not in it.
  private static func accountLength(_ first: UInt8, _ second: UInt8) -> Int {
    let code = UInt16(first.lowercasedASCII) << 8 | UInt16(second.lowercasedASCII)
    for (word, length) in accountLengths where word == code { return length }
    return 0
  }

  private static let accountLengths: [(UInt16, Int)] = {
    let text: StaticString = """
      ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 br29 by28 ch21 cr22 cy28 cz24 de22 dk18 do28
      ee20 eg29 es24 fi18 fo18 fr27 gb22 ge22 gi23 gl18 gr27 gt28 hr21 hu28 ie22 il23 iq23 is26
      it27 jo30 kw30 kz20 lb28 lc32 li21 lt20 lu20 lv21 ly25 mc27 md24 me22 mk19 mr27 mt31 mu30
      nl18 no15 pk24 pl28 ps29 pt25 qa29 ro24 rs22 sa24 sc31 se24 si19 sk24 sm27 st25 sv28 tl23
      tn24 tr26 ua29 va22 vg24 xk20
      """
    let view = ByteView(text)
    return stride(from: 0, to: view.count - 3, by: 5).map { index in
      (
        UInt16(view[index]) << 8 | UInt16(view[index + 1]),
        Int(view[index + 2] &- 0x30) * 10 + Int(view[index + 3] &- 0x30)
      )
    }
  }()

  /// The end of a licence's number at `start`: one or two letters and then digits, perhaps a
  /// letter more.
  private func licenceEnd(_ start: Int) -> Int? {
    var index = start
    while isASCIILetter(index), index - start < 3 { index += 1 }
    guard index > start, index - start <= 2 else { return nil }
    let digits = index
    while isDigit(index), index - digits < 16 { index += 1 }
    guard index - digits >= 5 else { return nil }
    if isASCIILetter(index) { index += 1 }
    return isWord(index) ? nil : index
  }

  private func isASCIILetter(_ index: Int) -> Bool { (byte(index) | 0x20) &- 0x61 < 26 }
  private func isASCIIWord(_ index: Int) -> Bool { isASCIILetter(index) || isDigit(index) }

  // MARK: Dates of birth

  /// Recognises a date where the text before it speaks of a birth.
  mutating func birthDate(_ start: Int) -> Bool {
    guard isNear(lastBirthCue), isDigit(start), !isDigit(start - 1) else { return false }
    guard let end = dateEnd(start) else { return false }
    claim(.birthDate, start, end)
    return true
  }

  /// The end of a date that begins with a digit: 1/2/1990, 1990-02-01, 1. 2. 90, 3rd of May 1990,
  /// or a year alone.
  func dateEnd(_ start: Int) -> Int? {
    var index = start
    var lengths: [Int] = []
    while lengths.count < 3 {
      let group = index
      while isDigit(index), index - group < 5 { index += 1 }
      guard index > group else { break }
      lengths.append(index - group)
      if lengths.count == 3 { break }
      var next = index
      let separator = byte(next)
      guard
        separator == UInt8(ascii: "/") || separator == UInt8(ascii: "-")
          || separator == UInt8(ascii: ".")
      else { break }
      next += 1
      if separator == UInt8(ascii: "."), isBlank(next) { next += 1 }
      guard isDigit(next) else { break }
      index = next
    }
    guard !isDigit(index), let first = lengths.first, first <= 4, first != 3 else { return nil }
    if lengths.count == 3 { return lengths[1] <= 2 ? index : nil }
    if lengths.count == 1, first == 4, value(year: start) { return index }
    // "3 May 1990", "3rd of May"
    guard lengths.count == 1, first <= 2 else { return nil }
    if isLetter(index) {
      let suffix = text[index..<min(text.count, index + 2)]
      guard ["st", "nd", "rd", "th"].contains(where: { suffix.equalsIgnoringCase($0) }) else {
        return nil
      }
      index += 2
    } else if byte(index) == UInt8(ascii: ".") {
      index += 1
    }
    index = afterBlanks(index)
    if text[index..<min(text.count, index + 3)].equalsIgnoringCase("of ") { index += 3 }
    let monthEnd = wordEnd(index)
    guard roles(index, monthEnd).contains(.month) else { return nil }
    return yearEnd(afterMonth: monthEnd)
  }

  /// The end of a date "May 3, 1990" or "May 1990" whose month ends at `monthEnd`; nil when no
  /// number follows.
  func dateEnd(afterMonth monthEnd: Int) -> Int? {
    var index = monthEnd
    if byte(index) == UInt8(ascii: ".") { index += 1 }
    index = afterBlanks(index)
    let digits = index
    while isDigit(index), index - digits < 5 { index += 1 }
    if index - digits == 4 { return index }
    guard index - digits == 1 || index - digits == 2 else { return nil }
    if isLetter(index), isLetter(index + 1), !isLetter(index + 2) { index += 2 }
    return yearEnd(afterMonth: index)
  }

  /// The end of a year behind `start`, or `start` when there is none.
  private func yearEnd(afterMonth start: Int) -> Int {
    var index = start
    if byte(index) == UInt8(ascii: ".") || byte(index) == UInt8(ascii: ",") { index += 1 }
    index = afterBlanks(index)
    let digits = index
    while isDigit(index), index - digits < 5 { index += 1 }
    return index - digits == 4 || index - digits == 2 ? index : start
  }

  private func value(year start: Int) -> Bool {
    let century = (byte(start), byte(start + 1))
    return century == (0x31, 0x39) || century == (0x32, 0x30)
  }
}
