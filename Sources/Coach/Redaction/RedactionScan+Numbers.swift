internal import Bytes

/// A number as people write it: groups of digits with single separators.
struct NumberShape {
  var start = 0
  var end = 0
  var groupCount = 0
  /// Lengths of the first groups.
  var lengths = (0, 0, 0, 0, 0, 0, 0, 0)
  var digitCount = 0
  var hasPlus = false
  var hasParentheses = false
  var hasExtension = false
  /// Separators that occur.
  var hyphens = 0
  var dots = 0
  var blanks = 0
  var slashes = 0
  /// The first two digits, and all the same digit.
  var firstDigit: UInt8 = 0
  var secondDigit: UInt8 = 0

  /// Most groups that are told apart.
  static let groupCountMax = 8

  func length(_ index: Int) -> Int {
    switch index {
    case 0: lengths.0
    case 1: lengths.1
    case 2: lengths.2
    case 3: lengths.3
    case 4: lengths.4
    case 5: lengths.5
    case 6: lengths.6
    case 7: lengths.7
    default: 0
    }
  }

  mutating func setLength(_ index: Int, _ length: Int) {
    switch index {
    case 0: lengths.0 = length
    case 1: lengths.1 = length
    case 2: lengths.2 = length
    case 3: lengths.3 = length
    case 4: lengths.4 = length
    case 5: lengths.5 = length
    case 6: lengths.6 = length
    case 7: lengths.7 = length
    default: break
    }
  }

  /// Whether the groups have these lengths.
  func isGrouped(_ expected: Int...) -> Bool {
    expected.count == groupCount && expected.indices.allSatisfy { length($0) == expected[$0] }
  }
}

extension RedactionScan {
  /// Longest run of digits that can be anything.
  private static var digitRunMax: Int { 24 }

  /// Recognises what begins with a digit, a plus or a parenthesis.
  mutating func atNumber() {
    let start = position
    // Part of a word, as in "mp3" or "v2": nothing begins here.
    if start > 0, isDigit(start), isLetter(start - 1) || byte(start - 1) == UInt8(ascii: "_") {
      skipDigits()
      return
    }
    if internetAddressV6(start) || internetAddressV4(start) { return }
    if birthDate(start) || streetByNumber(start) { return }
    guard let shape = shape(start) else {
      if isDigit(start) { skipDigits() } else { position += 1 }
      return
    }
    if isSocialSecurity(shape) {
      claim(.ssn, shape.start, shape.end)
    } else if let end = cardEnd(shape.start) {
      claim(.card, shape.start, end)
    } else if isLicence(shape) {
      claim(.licence, shape.start, shape.end)
    } else if isTelephone(shape) {
      claim(.phone, shape.start, shape.end)
    } else if isDigit(start) {
      skipGroups(shape)
    } else {
      position += 1
    }
  }

  private mutating func skipDigits() {
    while isDigit(position) { position += 1 }
  }

  /// Passes the first group, or the whole of what is surely one number of another kind.
  private mutating func skipGroups(_ shape: NumberShape) {
    // Hyphens, points and slashes bind: "2024-11-23", "1.5.2" are one thing.
    let isBound = shape.blanks == 0 && shape.groupCount > 1
    if isBound { position = shape.end } else { skipDigits() }
  }

  /// Reads the number at `start`; nil when there is none, or a run of digits too long for any.
  private func shape(_ start: Int) -> NumberShape? {
    var shape = NumberShape()
    shape.start = start
    var index = start
    if byte(index) == UInt8(ascii: "+") {
      guard isDigit(index + 1) || byte(index + 1) == UInt8(ascii: "(") else { return nil }
      shape.hasPlus = true
      index += 1
    }
    var isOpen = false
    while shape.groupCount < NumberShape.groupCountMax {
      if byte(index) == UInt8(ascii: "("), !isOpen, isDigit(index + 1) {
        isOpen = true
        shape.hasParentheses = true
        index += 1
      }
      let groupStart = index
      while isDigit(index), index - groupStart <= Self.digitRunMax { index += 1 }
      let length = index - groupStart
      guard length > 0 else { break }
      guard length <= Self.digitRunMax else { return nil }
      if shape.groupCount == 0 {
        shape.firstDigit = byte(groupStart)
        shape.secondDigit = byte(groupStart + 1)
      }
      shape.setLength(shape.groupCount, length)
      shape.groupCount += 1
      shape.digitCount += length
      if isOpen, byte(index) == UInt8(ascii: ")") {
        isOpen = false
        index += 1
      } else if isOpen, shape.groupCount > 1 || byte(index) != UInt8(ascii: " ") {
        // An open parenthesis that is none of a number's.
        return nil
      }
      shape.end = index
      if byte(index) == UInt8(ascii: "(") { continue }
      guard let separator = separator(index, &shape) else { break }
      index += separator
    }
    guard shape.groupCount > 0, !isOpen else { return nil }
    readExtension(&shape)
    // A letter right behind makes it something else: "20mg", "3rd".
    if isLetter(shape.end) { return nil }
    return shape
  }

  /// Length of the separator at `index` with a digit or parenthesis behind it; nil when none.
  private func separator(_ index: Int, _ shape: inout NumberShape) -> Int? {
    var length = 1
    switch byte(index) {
    case UInt8(ascii: "-"):
      shape.hyphens += 1
    case UInt8(ascii: "."): shape.dots += 1
    case UInt8(ascii: "/"): shape.slashes += 1
    case 0x20:
      shape.blanks += 1
      // "555 - 1234"
      if byte(index + 1) == UInt8(ascii: "-"), byte(index + 2) == 0x20 { length = 3 }
    default:
      // A parenthesis or another digit follows at once: "(212)555".
      return byte(index - 1) == UInt8(ascii: ")") && isDigit(index) ? 0 : nil
    }
    let next = index + length
    guard isDigit(next) || byte(next) == UInt8(ascii: "(") && isDigit(next + 1) else { return nil }
    return length
  }

  /// Reads "x123", "ext. 123" behind a number.
  private func readExtension(_ shape: inout NumberShape) {
    var index = shape.end
    if isBlank(index) { index += 1 }
    if byte(index).lowercasedASCII == UInt8(ascii: "e") {
      guard byte(index + 1).lowercasedASCII == UInt8(ascii: "x"),
        byte(index + 2).lowercasedASCII == UInt8(ascii: "t")
      else { return }
      index += 3
      if byte(index) == UInt8(ascii: ".") { index += 1 }
      index = afterBlanks(index)
    } else if byte(index).lowercasedASCII == UInt8(ascii: "x") {
      index += 1
    } else {
      return
    }
    let start = index
    while isDigit(index), index - start < 7 { index += 1 }
    guard index > start, !isWord(index) else { return }
    shape.end = index
    shape.hasExtension = true
  }

  // MARK: Social security, cards, licences

  private func value(_ start: Int, _ count: Int) -> Int {
    var value = 0
    for index in start..<start + count { value = value * 10 + Int(byte(index) &- 0x30) }
    return value
  }

  /// The rules of the Social Security Administration: no area 000, 666 or 9xx, no group 00, no
  /// serial 0000. Nine digits in a row only where the text says what they are.
  private func isSocialSecurity(_ shape: NumberShape) -> Bool {
    guard shape.digitCount == 9, !shape.hasPlus, !shape.hasParentheses, !shape.hasExtension else {
      return false
    }
    let start = shape.start
    let area = value(start, 3)
    let group: Int
    let serial: Int
    if shape.isGrouped(3, 2, 4), shape.hyphens == 2 || shape.dots == 2 || shape.blanks == 2 {
      group = value(start + 4, 2)
      serial = value(start + 7, 4)
      if shape.hyphens != 2, !isNear(lastSocialCue) { return false }
    } else if shape.groupCount == 1, isNear(lastSocialCue) {
      group = value(start + 3, 2)
      serial = value(start + 5, 4)
    } else {
      return false
    }
    return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
  }

  /// The end of a card number that begins at `start`: 13 to 19 digits, single blanks or hyphens
  /// between them, Luhn's check sum, a first digit that is in use.
  private func cardEnd(_ start: Int) -> Int? {
    guard isDigit(start), byte(start) >= UInt8(ascii: "2") else { return nil }
    var digits = 0
    var sums = (0, 0)
    var index = start
    var end = start
    while digits < 20 {
      if isDigit(index) {
        // Both parities are kept, since the number of digits is known only at the end.
        let digit = Int(byte(index) &- 0x30)
        let doubled = digit < 5 ? digit * 2 : digit * 2 - 9
        if digits % 2 == 0 {
          sums.0 += doubled
          sums.1 += digit
        } else {
          sums.0 += digit
          sums.1 += doubled
        }
        digits += 1
        index += 1
        end = index
      } else if byte(index) == 0x20 || byte(index) == UInt8(ascii: "-"), isDigit(index + 1) {
        index += 1
      } else {
        break
      }
    }
    guard digits >= 13, digits <= 19, !isWord(end) else { return nil }
    let sum = digits % 2 == 0 ? sums.0 : sums.1
    guard sum % 10 == 0, sums.0 != 0 else { return nil }
    // 2: Mastercard, 3: American Express and others, 4: Visa, 5 and 6: Mastercard, Discover ...
    return byte(start) <= UInt8(ascii: "6") || isNear(lastCardCue) ? end : nil
  }

  private func isLicence(_ shape: NumberShape) -> Bool {
    isNear(lastLicenceCue) && shape.groupCount == 1 && shape.digitCount >= 6
      && !shape.hasExtension && shape.digitCount <= 14 && !shape.hasPlus
  }

  // MARK: Telephones

  /// Whether a cue stands so close before the present position that it speaks of what is here.
  func isNear(_ cue: Int) -> Bool { position - cue <= Self.cueReach }

  /// Whether the text around says that a number is a telephone's.
  private func saysTelephone(_ shape: NumberShape) -> Bool {
    if isNear(lastPhoneCue), lastPhoneCue > lastOtherCue || position - lastPhoneCue < 12 {
      return true
    }
    // "483 2210 office", "483 2210-Fax"
    var index = shape.end
    while index < shape.end + 3,
      isBlank(index) || byte(index) == UInt8(ascii: "-")
        || byte(index) == UInt8(ascii: "(")
    {
      index += 1
    }
    let end = wordEnd(index)
    return end > index && roles(index, end).contains(.phoneCue)
  }

  /// Telephone numbers have no check sum: what decides is how the groups are written, and for
  /// forms that other numbers share, what the text calls them.
  private func isTelephone(_ shape: NumberShape) -> Bool {
    let digits = shape.digitCount
    guard digits >= 6, digits <= 16, !isOtherForm(shape) else { return false }
    if shape.hasPlus { return digits >= 8 && digits <= 15 }
    let before = byte(shape.start - 1)
    if before == UInt8(ascii: "$") || before == UInt8(ascii: "#") || before == UInt8(ascii: "-")
      || before == UInt8(ascii: ".") && isDigit(shape.start - 2)
      || before == UInt8(ascii: "/") || before == UInt8(ascii: "=")
    {
      return false
    }
    let isOther = isNear(lastOtherCue) && lastOtherCue > lastPhoneCue
    if isOther { return false }
    if isUnmistakable(shape) { return true }
    if saysTelephone(shape) { return true }
    // Written as telephones are, with nothing around that speaks against it.
    return isCustomary(shape)
  }

  /// Dates, versions, ranges, money: never telephones.
  private func isOtherForm(_ shape: NumberShape) -> Bool {
    if shape.slashes > 0, shape.groupCount <= 3, shape.digitCount <= 8 { return true }
    // Years, ranges of years, dates.
    if shape.isGrouped(4, 2, 2), shape.blanks == 0 { return true }
    if shape.isGrouped(4, 2, 2, 2), shape.hyphens >= 2 { return true }
    if shape.groupCount == 3, shape.length(2) == 4, shape.length(0) <= 2, shape.length(1) <= 2,
      shape.digitCount <= 8
    {
      return true
    }
    if shape.isGrouped(4, 4), shape.hyphens == 1, isYear(shape.start), isYear(shape.start + 5) {
      return true
    }
    // Decimal numbers.
    if shape.dots > 0, shape.dots == shape.groupCount - 1, shape.groupCount == 2 { return true }
    // Thousands: "1 000 000".
    if shape.groupCount >= 2, shape.blanks == shape.groupCount - 1, shape.length(0) <= 3,
      (1..<shape.groupCount).allSatisfy({ shape.length($0) == 3 }), endsInZeros(shape)
    {
      return true
    }
    return false
  }

  private func isYear(_ start: Int) -> Bool {
    let century = value(start, 2)
    return century == 19 || century == 20
  }

  private func endsInZeros(_ shape: NumberShape) -> Bool {
    shape.end >= 3 && byte(shape.end - 1) == 0x30 && byte(shape.end - 2) == 0x30
      && byte(shape.end - 3) == 0x30
  }

  /// Forms that nothing else has.
  private func isUnmistakable(_ shape: NumberShape) -> Bool {
    let separators = shape.hyphens + shape.dots + shape.blanks
    if shape.hasExtension, shape.digitCount >= 7 { return true }
    if shape.hasParentheses, shape.digitCount >= 7, shape.length(0) <= 5 { return true }
    if shape.isGrouped(3, 3, 4), separators >= 2 { return true }
    if shape.isGrouped(1, 3, 3, 4), shape.firstDigit == UInt8(ascii: "1") { return true }
    if shape.isGrouped(3, 3, 3, 4), shape.firstDigit == 0x30, shape.secondDigit == 0x30 {
      return true
    }
    // The international prefix.
    return shape.firstDigit == 0x30 && shape.secondDigit == 0x30 && shape.digitCount >= 10
  }

  /// Forms that are mostly telephones.
  private func isCustomary(_ shape: NumberShape) -> Bool {
    let digits = shape.digitCount
    // National numbers with their leading zero.
    if shape.firstDigit == 0x30, shape.secondDigit != 0x30, shape.groupCount >= 2, digits >= 8,
      digits <= 12, shape.length(0) >= 2
    {
      return true
    }
    // Pairs of digits: "50-98-28-96", "06 12 34 56 78".
    if shape.groupCount >= 4, shape.groupCount <= 5,
      (0..<shape.groupCount).allSatisfy({ shape.length($0) == 2 })
    {
      return true
    }
    // "555-1234": seven digits with a hyphen, the first at least 2.
    return shape.isGrouped(3, 4) && shape.hyphens == 1 && shape.firstDigit >= UInt8(ascii: "2")
  }
}
