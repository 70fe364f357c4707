internal import Bytes

extension RedactionScan {
  /// Most words between a house number and "Street".
  private static var streetWordMax: Int { 4 }

  /// Recognises an address that begins with a house number: "12 Baker Street", "7 Lozerlaan".
  mutating func streetByNumber(_ start: Int) -> Bool {
    guard isDigit(start), !isWord(start - 1), byte(start - 1) != UInt8(ascii: "."),
      byte(start - 1) != UInt8(ascii: "$")
    else { return false }
    var index = start
    while isDigit(index), index - start < 7 { index += 1 }
    guard index - start <= 6 else { return false }
    // "12b Baker Street"
    if isLetter(index), !isWord(index + 1) { index += 1 }
    guard isBlank(index) else { return false }
    index = afterBlanks(index)
    guard let street = streetEnd(index) else { return false }
    claim(.address, start, addressEnd(street))
    return true
  }

  /// The end of a street's name at `start`: up to four words in capitals and a word for streets, or
  /// one word that ends as streets do in other languages, with its number.
  private func streetEnd(_ start: Int) -> Int? {
    var index = start
    var words = 0
    var capitals = 0
    while words <= Self.streetWordMax {
      let end = wordEnd(index)
      if end == index {
        // "5th Avenue"
        guard words == 0, isDigit(index) else { return nil }
        var next = index
        while isDigit(next), next - index < 4 { next += 1 }
        next = wordEnd(next)
        guard isBlank(next) else { return nil }
        index = afterBlanks(next)
        words += 1
        capitals += 1
        continue
      }
      let roles = roles(index, end)
      if roles.contains(.streetEnd), words > 0, capitals > 0 || isCapital(index) {
        var stop = end
        if byte(stop) == UInt8(ascii: "."), end - index <= 4 { stop += 1 }
        return stop
      }
      if isStreetCompound(index, end) { return houseNumberEnd(end) ?? end }
      if roles.contains(.streetStart), words == 0 { return namedStreetEnd(index, end) }
      if roles.contains(.notName), words == 0 { return nil }
      if isCapital(index) { capitals += 1 }
      words += 1
      var next = end
      if byte(next) == UInt8(ascii: ".") { next += 1 }
      guard isBlank(next) else { return nil }
      index = afterBlanks(next)
    }
    return nil
  }

  /// Whether a word ends as streets' names do: "Hauptstraße", "Lozerlaan", "Storgatan".
  private func isStreetCompound(_ start: Int, _ end: Int) -> Bool {
    guard end - start >= 6 else { return false }
    let word = text[start..<end]
    for ending in Self.streetEndings
    where word.count > ending.utf8CodeUnitCount
      && word.dropFirst(word.count - ending.utf8CodeUnitCount).equalsIgnoringCase(ending)
    {
      return isCapital(start) || houseNumberEnd(end) != nil
    }
    return false
  }

  private static let streetEndings: [StaticString] = [
    "straat", "laan", "plein", "gracht", "kade", "straße", "strasse", "gasse", "weg", "platz",
    "allee", "gade", "vej", "gatan", "vägen", "gata", "veien", "katu", "katu", "tie", "kuja",
    "polku", "dreef", "steeg", "singel", "hof",
  ]

  /// The end of " 17" or " 17b" behind a street's name.
  private func houseNumberEnd(_ end: Int) -> Int? {
    guard isBlank(end), isDigit(end + 1) else { return nil }
    var index = end + 1
    while isDigit(index), index - end < 7 { index += 1 }
    guard index - end < 7 else { return nil }
    if isLetter(index), !isWord(index + 1) { index += 1 }
    return isWord(index) ? nil : index
  }

  /// The end of "rue de la Paix", "Via Roma 12": capitals and particles behind a word for streets.
  private func namedStreetEnd(_ start: Int, _ end: Int) -> Int? {
    var index = end
    var stop: Int?
    if byte(index) == UInt8(ascii: ".") { index += 1 }
    for _ in 0..<5 {
      guard isBlank(index) else { break }
      let next = afterBlanks(index)
      let wordStop = wordEnd(next)
      guard wordStop > next else { break }
      let isParticle = roles(next, wordStop).contains(.nameParticle)
      guard isCapital(next) || isParticle else { break }
      index = wordStop
      if !isParticle { stop = index }
    }
    guard let stop else { return nil }
    return houseNumberEnd(stop) ?? stop
  }

  /// Recognises what begins with a word: "PO Box 15", "Apt. 4", "Rua das Pedras 930",
  /// "Hauptstraße 5".
  mutating func addressByWord(_ start: Int, _ end: Int, _ roles: WordRole) -> Bool {
    guard !isWord(start - 1) else { return false }
    if roles.contains(.streetStart), isCapital(start), let stop = namedStreetEnd(start, end),
      isDigit(stop - 1)
    {
      claim(.address, start, addressEnd(stop))
      return true
    }
    if isBlank(end), isDigit(end + 1), isStreetCompound(start, end),
      let stop = houseNumberEnd(end)
    {
      claim(.address, start, addressEnd(stop))
      return true
    }
    if roles.contains(.introducer), let stop = boxEnd(start, end) {
      claim(.address, start, addressEnd(stop))
      return true
    }
    return false
  }

  /// The end of "PO Box 15", "P.O. Box 15" at `start`.
  private func boxEnd(_ start: Int, _ end: Int) -> Int? {
    var index: Int
    if text[start..<end].equalsIgnoringCase("po") {
      index = afterBlanks(end)
    } else if text[start..<min(text.count, start + 4)].equalsIgnoringCase("p.o.") {
      index = afterBlanks(start + 4)
    } else {
      return nil
    }
    let wordStop = wordEnd(index)
    guard text[index..<wordStop].equalsIgnoringCase("box") else { return nil }
    index = afterBlanks(wordStop)
    let digits = index
    while isDigit(index), index - digits < 8 { index += 1 }
    return index > digits ? index : nil
  }

  // MARK: Behind the street

  /// Most parts that are taken in behind a street: unit, town, state, code, country.
  private static var addressPartMax: Int { 6 }

  /// The end of the address whose street ends at `end`.
  func addressEnd(_ end: Int) -> Int {
    var stop = end
    for _ in 0..<Self.addressPartMax {
      guard let next = addressPartEnd(stop) else { break }
      stop = next
    }
    return stop
  }

  /// The end of the next part behind `end`: a unit, a postal code, or a town in capitals that
  /// stands behind a comma or a new line.
  private func addressPartEnd(_ end: Int) -> Int? {
    var index = end
    var hasBreak = false
    let limit = min(text.count, end + 16)
    while index < limit, byte(index) <= 0x20 || byte(index) == UInt8(ascii: ",") {
      if byte(index) == UInt8(ascii: ",") || byte(index) == 0x0A { hasBreak = true }
      index += 1
    }
    guard index > end, index < text.count else { return nil }
    if isDigit(index) { return postalCodeEnd(index) }
    let wordStop = wordEnd(index)
    guard wordStop > index else { return nil }
    let roles = roles(index, wordStop)
    if roles.contains(.unit) {
      var next = wordStop
      if byte(next) == UInt8(ascii: ".") { next += 1 }
      next = afterBlanks(next)
      if byte(next) == UInt8(ascii: "#") { next += 1 }
      let digits = next
      while isDigit(next), next - digits < 7 { next += 1 }
      if isLetter(next), !isWord(next + 1) { next += 1 }
      return next > digits ? next : nil
    }
    guard isCapital(index), !roles.contains(.notName) else { return nil }
    // A state's two letters, or a town of up to three words.
    if hasBreak || isStateWithCode(index, wordStop) { return townEnd(wordStop) }
    return nil
  }

  private func isStateWithCode(_ start: Int, _ end: Int) -> Bool {
    end - start == 2 && isCapital(start + 1) && isBlank(end) && isDigit(end + 1)
  }

  private func townEnd(_ end: Int) -> Int {
    var stop = end
    for _ in 0..<2 {
      guard isBlank(stop) else { break }
      let next = stop + 1
      let wordStop = wordEnd(next)
      guard wordStop > next, isCapital(next), !roles(next, wordStop).contains(.notName) else {
        break
      }
      stop = wordStop
    }
    return stop
  }

  /// The end of a postal code: 4 to 6 digits, 5 and 4 with a hyphen.
  private func postalCodeEnd(_ start: Int) -> Int? {
    var index = start
    while isDigit(index), index - start < 8 { index += 1 }
    guard index - start >= 4, index - start <= 6 else { return nil }
    if byte(index) == UInt8(ascii: "-"), isDigit(index + 1) {
      var next = index + 1
      while isDigit(next), next - index < 6 { next += 1 }
      if next - index == 5 { index = next }
    }
    return isWord(index) ? nil : index
  }
}
