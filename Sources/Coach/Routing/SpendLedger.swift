/// What calls have cost and used together.
public struct Ledger: Equatable, Sendable {
  public var spent = Money.zero
  public var usage = Usage()
  public var calls = 0

  /// An empty one.
  public init() {}

  mutating func add(_ cost: Money, _ usage: Usage, calls: Int = 1) {
    spent += cost
    self.usage = self.usage + usage
    self.calls += calls
  }
}

/// What a ledger is about.
public enum Account: Hashable, Sendable {
  /// Everybody, of all time.
  case total
  /// Everybody, on a day, counted from 1970.
  case day(Int64)
  case user(String)
  case userDay(String, Int64)
  case model(String)
  case modelDay(String, Int64)

  /// The day, for those that are about one.
  var day: Int64? {
    switch self {
    case .day(let day), .userDay(_, let day), .modelDay(_, let day): day
    case .total, .user, .model: nil
    }
  }

  /// The user, for those that are about one.
  var user: String? {
    switch self {
    case .user(let user), .userDay(let user, _): user
    case .total, .day, .model, .modelDay: nil
    }
  }
}

/// Days of the calendar, in UTC, as budgets count them.
public enum CalendarDay {
  /// Seconds of each.
  public static var seconds: Int64 { 86_400 }

  /// The day of a Unix time, counted from 1970.
  public static func of(seconds: Int64) -> Int64 {
    seconds >= 0 ? seconds / self.seconds : (seconds + 1) / self.seconds - 1
  }

  /// A day as 2026-11-23.
  ///
  /// The arithmetic is Howard Hinnant's `civil_from_days`: years begin in March, so that the leap
  /// day is the last one.
  public static func text(_ day: Int64) -> String {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(year)-\(twoDigits(month))-\(twoDigits(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1))"
  }

  /// A Unix time as 2026-11-23T08:15:00Z.
  public static func timeText(seconds: Int64) -> String {
    let day = of(seconds: seconds)
    let rest = seconds - day * self.seconds
    let time = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
    return "\(text(day))T\(time)Z"
  }

  /// Reads 2026-11-23, of the years 1970 to 9999.
  ///
  /// - Returns: nil for what is no day.
  public static func parse(_ text: String) -> Int64? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2],
      parts.allSatisfy({ $0.utf8.allSatisfy { $0 &- 0x30 < 10 } }),
      let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
      year >= 1970, (1...12).contains(month), day >= 1
    else { return nil }
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let number = era * 146_097 + dayOfEra - 719_468
    // A 31st of a month that has none comes out as another day.
    return self.text(number) == text ? number : nil
  }

  private static func twoDigits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
