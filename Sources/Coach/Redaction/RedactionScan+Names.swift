internal import Bytes

extension RedactionScan {
  /// Most words of a name.
  private static var nameWordMax: Int { 4 }

  /// Recognises names where a text introduces them: "my name is Ada", "I'm Ada", "call me Ada",
  /// "a friend called Ada", "Dr. Lovelace", "Hi Ada,"; and dates of birth that begin with a month.
  mutating func nameByWord(_ start: Int, _ end: Int, _ roles: WordRole) -> Bool {
    if roles.contains(.month), isNear(lastBirthCue), let stop = dateEnd(afterMonth: end) {
      claim(.birthDate, start, stop)
      return true
    }
    if roles.contains(.title), let name = nameAfterTitle(end) {
      claim(.name, name.start, name.end)
      return true
    }
    guard !roles.isDisjoint(with: [.introducer, .greeting]), mayIntroduce(start, end),
      let candidate = introducedName(start, end, roles)
    else { return false }
    claim(.name, candidate.start, candidate.end)
    return true
  }

  /// Whether the word at `start` can introduce a name, by the letter that follows: "i" does with
  /// "am" alone, and "this" with "is". Both are in most messages.
  private func mayIntroduce(_ start: Int, _ end: Int) -> Bool {
    let first = byte(start) | 0x20
    let expected: UInt8
    if end - start == 1, first == UInt8(ascii: "i") {
      expected = UInt8(ascii: "a")
    } else if end - start == 4, first == UInt8(ascii: "t"),
      byte(start + 1) | 0x20 == UInt8(ascii: "h"), byte(start + 3) | 0x20 == UInt8(ascii: "s")
    {
      expected = UInt8(ascii: "i")
    } else {
      return true
    }
    let next = byte(end + 1) | 0x20
    return byte(end) == 0x20 ? next == expected || next == 0x20 || next == 0x29 : isBlank(end)
  }

  private func nameAfterTitle(_ end: Int) -> (start: Int, end: Int)? {
    var index = end
    if byte(index) == UInt8(ascii: ".") { index += 1 }
    guard isBlank(index) else { return nil }
    index = afterBlanks(index)
    guard isCapital(index) else { return nil }
    return nameEnd(index, isSure: true).map { (index, $0) }
  }

  /// The name that the words at `start` introduce.
  private func introducedName(
    _ start: Int, _ end: Int, _ roles: WordRole
  ) -> (start: Int, end: Int)? {
    let word = text[start..<end]
    var next = end
    var isSure = false
    if word.equalsIgnoringCase("name") || word.equalsIgnoringCase("names") {
      // "name is", "name: ", "name was"; "the name of the game is" has other words between.
      guard let after = afterCopula(end) else { return nil }
      next = after
      isSure = true
    } else if word.equalsIgnoringCase("name's") || word.equalsIgnoringCase("name’s") {
      next = end
      isSure = true
    } else if word.equalsIgnoringCase("call") || word.equalsIgnoringCase("calls")
      || word.equalsIgnoringCase("called") || word.equalsIgnoringCase("named")
    {
      next = afterWord(end, "me") ?? end
      let isNamed = next == end
      // Cats, games and restaurants are called something, too.
      if isNamed,
        word.equalsIgnoringCase("call") || word.equalsIgnoringCase("calls")
          || !PersonPhrase.stands(before: start, in: text)
      {
        return nil
      }
    } else if word.equalsIgnoringCase("i'm") || word.equalsIgnoringCase("im")
      || word.equalsIgnoringCase("i’m")
    {
      next = end
    } else if word.equalsIgnoringCase("i"), let after = afterWord(end, "am") {
      next = after
    } else if word.equalsIgnoringCase("this"), let after = afterWord(end, "is") {
      next = after
    } else if !roles.contains(.greeting) || word.equalsIgnoringCase("thanks") {
      return nil
    }
    guard isBlank(next) || byte(next) == UInt8(ascii: ":") else { return nil }
    if byte(next) == UInt8(ascii: ":") { next += 1 }
    var index = afterBlanks(next)
    if byte(index) == UInt8(ascii: "\"") || byte(index) == UInt8(ascii: "'") { index += 1 }
    guard index < text.count, isLetter(index) else { return nil }
    return nameEnd(index, isSure: isSure).map { (index, $0) }
  }

  /// What follows "is", "was", "'s" or a colon behind `end`.
  private func afterCopula(_ end: Int) -> Int? {
    if byte(end) == UInt8(ascii: ":") { return end }
    return afterWord(end, "is") ?? afterWord(end, "was")
  }

  private func afterWord(_ end: Int, _ expected: StaticString) -> Int? {
    guard isBlank(end) else { return nil }
    let index = afterBlanks(end)
    let stop = wordEnd(index)
    return text[index..<stop].equalsIgnoringCase(expected) ? stop : nil
  }

  /// The end of the name at `start`; nil when the word there is none.
  ///
  /// - Parameter isSure: the text says that a name follows, so that one in small letters, or a word
  ///   of no list, is taken.
  private func nameEnd(_ start: Int, isSure: Bool) -> Int? {
    var end = wordEnd(start)
    guard end > start else { return nil }
    let first = possessiveStripped(start, end)
    let roles = roles(start, first)
    let isCapitalised = isCapital(start)
    if roles.contains(.title) {
      var next = end
      if byte(next) == UInt8(ascii: ".") { next += 1 }
      next = afterBlanks(next)
      return next > end && isLetter(next) ? nameEnd(next, isSure: isSure) : nil
    }
    guard !roles.contains(.notName) else { return nil }
    // An ordinary capitalised word behind "I'm" is mostly a name, in small letters only if known.
    guard isCapitalised || isSure || roles.contains(.firstName) else { return nil }
    if !isSure, !roles.contains(.firstName), isShouted(start, end) { return nil }
    if !isSure, !isCapitalised, !followsEnd(end) { return nil }
    end = first
    var stop = end
    for _ in 1..<Self.nameWordMax {
      guard let next = nextNameWord(stop, isCapitalised, isSure) else { break }
      stop = next
    }
    return stop
  }

  /// Whether a clause ends at `end`, or "and", "from" go on.
  private func followsEnd(_ end: Int) -> Bool {
    guard isBlank(end) else { return true }
    let index = afterBlanks(end)
    let word = text[index..<wordEnd(index)]
    return word.equalsIgnoringCase("and") || word.equalsIgnoringCase("from")
      || word.equalsIgnoringCase("here") || word.equalsIgnoringCase("i")
  }

  /// All capitals: emphasis, not a name, unless it is known.
  private func isShouted(_ start: Int, _ end: Int) -> Bool {
    end - start > 1 && isCapital(start + 1) && byte(start + 1) < 0x80
  }

  private func possessiveStripped(_ start: Int, _ end: Int) -> Int {
    end - start > 2 && byte(end - 2) == UInt8(ascii: "'") && byte(end - 1) | 0x20 == 0x73
      ? end - 2 : end
  }

  /// The end of a further word of the name that ends at `end`.
  private func nextNameWord(_ end: Int, _ isCapitalised: Bool, _ isSure: Bool) -> Int? {
    guard byte(end) == 0x20 else { return nil }
    let start = end + 1
    let stop = wordEnd(start)
    guard stop > start else { return nil }
    let roles = roles(start, stop)
    if roles.contains(.nameParticle), !roles.contains(.notName) || isCapitalised {
      // A particle is part of a name only with a word behind it.
      guard byte(stop) == 0x20 else { return nil }
      let last = wordEnd(stop + 1)
      return last > stop + 1 && isCapital(stop + 1) ? possessiveStripped(stop + 1, last) : nil
    }
    guard !roles.contains(.notName) else { return nil }
    // A single initial: "Ada B. Lovelace".
    if stop - start == 1, isCapital(start) {
      return byte(stop) == UInt8(ascii: ".") ? stop + 1 : nil
    }
    if isCapitalised { return isCapital(start) ? possessiveStripped(start, stop) : nil }
    // In small letters only what ends the clause with it: "my name is ada lovelace".
    return isSure && (followsEnd(stop) || byte(stop) == 0) && isLetter(start) ? stop : nil
  }
}
