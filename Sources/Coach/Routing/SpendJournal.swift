internal import Platform

/// A call that was paid for.
public struct SpendLine: Equatable, Sendable {
  /// Days since 1970.
  public var day: Int64
  /// Empty: nobody in particular; no model that is known.
  public var user = ""
  public var model = ""
  public var cost: Money
  public var usage = Usage()
}

/// The file of what was spent and of the limits, line by line, in order.
///
///     spend 20780 ann claude-haiku-5-5 1520000000 100 0 0 1400 30 9f86d081
///     sum user-day 20780 ann - 12 30400000000 2000 0 0 28000 600 60303ae2
///     limits ann 500000000000 - - - 03ac6742
///
/// `spend` is one call: day, user, model, picodollars, the five counts of its usage. `sum` is what
/// compaction makes of many: an account, its calls, money and counts. `limits` are those of a user
/// (- for all): user-day, user-total, day, total, with - for none. Names are written with % for
/// what is no letter, digit or one of .-_:@ . The hexadecimal number is a checksum of the rest, so
/// a line that was half written when the machine stopped is known for what it is.
///
/// Reading adds up; a line that is not sound is skipped and counted.
public enum SpendJournal {
  enum Line: Equatable {
    case spend(SpendLine)
    case sum(Account, Ledger)
    case limits(user: String?, BudgetBook.Limits)
  }

  /// What came of reading a file.
  public struct Outcome: Equatable, Sendable {
    /// Lines that were applied.
    public var applied = 0
    /// Lines that are none of this file: torn ones, and what was written by hand.
    public var skipped = 0
  }

  static func text(_ line: Line) -> [UInt8] {
    let body =
      switch line {
      case .spend(let spend):
        "spend \(spend.day) \(quoted(spend.user)) \(quoted(spend.model)) "
          + "\(spend.cost.picodollars) \(text(spend.usage))"
      case .sum(let account, let ledger):
        "sum \(text(account)) \(ledger.calls) \(ledger.spent.picodollars) \(text(ledger.usage))"
      case .limits(let user, let limits):
        "limits \(user.map(quoted) ?? "-") "
          + [limits.userDay, limits.userTotal, limits.day, limits.total]
          .map { $0.map { String($0.picodollars) } ?? "-" }.joined(separator: " ")
      }
    return Array("\(body) \(checksum(body))\n".utf8)
  }

  static func parse(_ text: String) -> Line? {
    guard let space = text.lastIndex(of: " ") else { return nil }
    let body = text[..<space]
    guard text[text.index(after: space)...] == checksum(String(body)) else { return nil }
    let words = body.split(separator: " ").map(String.init)
    switch words.first {
    case "spend" where words.count == 10:
      guard let day = Int64(words[1]), let user = unquoted(words[2]),
        let model = unquoted(words[3]), let cost = Int64(words[4]), let usage = usage(words[5...])
      else { return nil }
      return .spend(
        SpendLine(
          day: day, user: user, model: model, cost: Money(picodollars: cost), usage: usage))
    case "sum" where words.count == 12:
      guard let account = account(words), let calls = Int(words[5]), let spent = Int64(words[6]),
        let usage = usage(words[7...])
      else { return nil }
      var ledger = Ledger()
      ledger.add(Money(picodollars: spent), usage, calls: calls)
      return .sum(account, ledger)
    case "limits" where words.count == 6:
      guard let user = unquoted(words[1]), let limits = limits(words[2...]) else { return nil }
      return .limits(user: user.isEmpty ? nil : user, limits)
    default: return nil
    }
  }

  // MARK: Parts of lines

  private static func text(_ usage: Usage) -> String {
    "\(usage.inputTokens) \(usage.cacheWriteTokens) \(usage.cacheWriteHourTokens) "
      + "\(usage.cacheReadTokens) \(usage.outputTokens)"
  }

  private static func usage(_ words: ArraySlice<String>) -> Usage? {
    let numbers = words.compactMap { Int($0) }
    guard numbers.count == 5, words.count == 5 else { return nil }
    return Usage(
      inputTokens: numbers[0], cacheWriteTokens: numbers[1], cacheWriteHourTokens: numbers[2],
      cacheReadTokens: numbers[3], outputTokens: numbers[4])
  }

  private static func text(_ account: Account) -> String {
    switch account {
    case .total: "total - - -"
    case .day(let day): "day \(day) - -"
    case .user(let user): "user - \(quoted(user)) -"
    case .userDay(let user, let day): "user-day \(day) \(quoted(user)) -"
    case .model(let model): "model - - \(quoted(model))"
    case .modelDay(let model, let day): "model-day \(day) - \(quoted(model))"
    }
  }

  private static func account(_ words: [String]) -> Account? {
    guard let user = unquoted(words[3]), let model = unquoted(words[4]) else { return nil }
    let day = Int64(words[2])
    switch words[1] {
    case "total": return .total
    case "day": return day.map { .day($0) }
    case "user": return user.isEmpty ? nil : .user(user)
    case "user-day": return user.isEmpty ? nil : day.map { .userDay(user, $0) }
    case "model": return .model(model)
    case "model-day": return day.map { .modelDay(model, $0) }
    default: return nil
    }
  }

  private static func limits(_ words: ArraySlice<String>) -> BudgetBook.Limits? {
    var amounts: [Money?] = []
    for word in words {
      if word == "-" {
        amounts.append(nil)
      } else {
        guard let amount = Int64(word), amount >= 0 else { return nil }
        amounts.append(Money(picodollars: amount))
      }
    }
    guard amounts.count == 4 else { return nil }
    var limits = BudgetBook.Limits()
    limits.userDay = amounts[0]
    limits.userTotal = amounts[1]
    limits.day = amounts[2]
    limits.total = amounts[3]
    return limits
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: ":"), UInt8(ascii: "@"):
      true
    default: false
    }
  }

  /// A name as one word. A lone - is no name, so one at the beginning is written with %, too.
  private static func quoted(_ name: String) -> String {
    guard !name.isEmpty else { return "-" }
    var bytes: [UInt8] = []
    for byte in name.utf8 {
      if isPlain(byte) || byte == UInt8(ascii: "-") && !bytes.isEmpty {
        bytes.append(byte)
      } else {
        let digits = Array("0123456789abcdef".utf8)
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func unquoted(_ word: String) -> String? {
    guard word != "-" else { return "" }
    let source = Array(word.utf8)
    var bytes: [UInt8] = []
    var index = 0
    while index < source.count {
      if source[index] == UInt8(ascii: "%") {
        guard index + 2 < source.count,
          let byte = UInt8(
            String(decoding: source[index + 1...index + 2], as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(byte)
        index += 3
      } else {
        bytes.append(source[index])
        index += 1
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func checksum(_ body: String) -> String {
    var sum: UInt64 = 0
    for byte in body.utf8 { sum = MessageHash.mix(sum ^ UInt64(byte)) }
    let digits = String(sum >> 32, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

extension BudgetBook {
  /// Adds a file's lines to the books.
  ///
  /// - Parameter now: Unix seconds.
  /// - Complexity: O(bytes)
  public func restore(_ bytes: [UInt8], now: Int64) -> SpendJournal.Outcome {
    state.withLock { state in
      state.turn(to: now)
      var outcome = SpendJournal.Outcome()
      for line in bytes.split(separator: 0x0A) {
        guard let text = String(validating: line, as: UTF8.self),
          let entry = SpendJournal.parse(text)
        else {
          outcome.skipped += 1
          continue
        }
        state.apply(entry)
        outcome.applied += 1
      }
      return outcome
    }
  }

  /// The books as a journal of sums, shorter than the one they came from; what is unwritten is in
  /// it, and taken for written from now on.
  ///
  /// - Complexity: O(accounts)
  public func compacted() -> [UInt8] {
    state.withLock { state in
      state.unwritten = state.unwritten.map { _ in [] }
      let sums = state.ledgers.filter { $0.value.calls > 0 || $0.value.spent > .zero }
      var lines = sums.map { SpendJournal.text(.sum($0.key, $0.value)) }
      for (user, limits) in state.userLimits {
        lines.append(SpendJournal.text(.limits(user: user, limits)))
      }
      if state.limits != Limits() {
        lines.append(SpendJournal.text(.limits(user: nil, state.limits)))
      }
      // In order, so that equal books make equal files.
      return Array(lines.sorted { $0.lexicographicallyPrecedes($1) }.joined())
    }
  }

  /// Keeps lines of what happens from now on, until they are taken.
  func beginJournal() { state.withLock { $0.unwritten = $0.unwritten ?? [] } }

  /// Takes the lines of what has happened since they were taken last.
  func takeUnwritten() -> [UInt8] {
    state.withLock { state in
      defer { state.unwritten = state.unwritten.map { _ in [] } }
      return state.unwritten ?? []
    }
  }
}

extension BudgetBook.State {
  /// Takes a line of the journal.
  mutating func apply(_ line: SpendJournal.Line) {
    switch line {
    case .spend(let spend): apply(spend)
    case .sum(let account, let ledger):
      if let user = account.user, !admitUser(user) { return }
      if let day = account.day, !keeps(day, of: account) { return }
      ledgers[account, default: Ledger()].add(ledger.spent, ledger.usage, calls: ledger.calls)
    case .limits(nil, let limits): self.limits = limits
    case .limits(let user?, let limits):
      if limits == BudgetBook.Limits() {
        userLimits[user] = nil
      } else if admitUser(user) {
        userLimits[user] = limits
      }
    }
  }
}
