internal import Platform

/// Who may spend how much: a limit for each user and for all, a day and in all, with money reserved
/// before a call and settled after it.
///
///     limit ≥ spent + reserved + amount     is checked and booked in one step under one lock
///
/// so that a hundred calls at once cannot each find the last cent. What is reserved and never
/// settled (a crash) is not spent. Days begin at midnight UTC.
public final class BudgetBook: Sendable {
  /// The limits; nil: none.
  public struct Limits: Equatable, Sendable {
    public var userDay: Money?
    public var userTotal: Money?
    public var day: Money?
    public var total: Money?

    /// No limits.
    public init() {}
  }

  /// Which limit was met.
  public enum Scope: String, CaseIterable, Sendable {
    case userDay = "user-day"
    case userTotal = "user-total"
    case day
    case total
  }

  /// Why a reservation is refused.
  public struct Refusal: Error, Equatable, Sendable {
    public let scope: Scope
    public let limit: Money
    /// When the limit starts afresh, in Unix seconds; nil: never by itself.
    public let resetsAt: Int64?
  }

  /// Money put aside for a call.
  public struct Reservation: Sendable {
    public let user: String
    public let amount: Money
    let day: Int64
  }

  /// One line of the books, for keeping them over a restart.
  public struct Line: Equatable, Sendable {
    /// Empty: all users together.
    public let user: String
    /// Days since 1970; nil: of all time.
    public let day: Int64?
    public let spent: Money

    public init(user: String, day: Int64?, spent: Money) {
      self.user = user
      self.day = day
      self.spent = spent
    }
  }

  private struct Account {
    var spent = Money.zero
    var reserved = Money.zero
  }

  private struct Key: Hashable {
    let user: String
    let day: Int64?
  }

  private struct State {
    var limits = Limits()
    var userLimits: [String: Limits] = [:]
    var accounts: [Key: Account] = [:]
    var today: Int64 = 0
  }

  private let state = Guarded(State())

  /// Empty books without limits.
  public init() {}

  private static var secondsPerDay: Int64 { 86_400 }

  private static func day(of seconds: Int64) -> Int64 { seconds / secondsPerDay }

  /// Sets the limits for everybody.
  public func setLimits(_ limits: Limits) { state.withLock { $0.limits = limits } }

  /// Sets a user's own limits (`day` and `total` in it mean nothing); nil takes them away.
  public func setLimits(_ limits: Limits?, of user: String) {
    state.withLock { $0.userLimits[user] = limits }
  }

  /// The limits that hold for a user.
  public func limits(of user: String) -> Limits {
    state.withLock { Self.limits(of: user, $0) }
  }

  private static func limits(of user: String, _ state: State) -> Limits {
    guard let own = state.userLimits[user] else { return state.limits }
    var limits = state.limits
    limits.userDay = own.userDay ?? limits.userDay
    limits.userTotal = own.userTotal ?? limits.userTotal
    return limits
  }

  /// Puts `amount` aside for a call.
  ///
  /// - Parameter now: Unix seconds.
  /// - Throws: the first limit in the way; nothing is put aside then.
  public func reserve(
    _ amount: Money, user: String, now: Int64
  ) throws(Refusal) -> Reservation {
    let day = Self.day(of: now)
    let refusal: Refusal? = state.withLock { state in
      Self.turnPage(&state, to: day)
      for (scope, key, limit) in Self.checks(user: user, day: day, state) {
        let account = state.accounts[key] ?? Account()
        guard account.spent + account.reserved + amount > limit else { continue }
        let resets = key.day == nil ? nil : (day + 1) * Self.secondsPerDay
        return Refusal(scope: scope, limit: limit, resetsAt: resets)
      }
      for key in Self.keys(user: user, day: day) {
        state.accounts[key, default: Account()].reserved += amount
      }
      return nil
    }
    if let refusal { throw refusal }
    return Reservation(user: user, amount: amount, day: day)
  }

  /// Books what the call has cost, and gives the rest of the reservation back. To be called once.
  public func settle(_ reservation: Reservation, spent: Money) {
    state.withLock { state in
      for key in Self.keys(user: reservation.user, day: reservation.day) {
        var account = state.accounts[key] ?? Account()
        // A new day has dropped the old one's reservations.
        account.reserved = max(.zero, account.reserved - reservation.amount)
        account.spent += spent
        state.accounts[key] = account
      }
    }
  }

  /// What was spent and is put aside: by a user (empty: by all), on the day of `now` or in all.
  public func spending(
    of user: String, today now: Int64?
  ) -> (spent: Money, reserved: Money) {
    state.withLock { state in
      let account = state.accounts[Key(user: user, day: now.map { Self.day(of: $0) })]
      return (account?.spent ?? .zero, account?.reserved ?? .zero)
    }
  }

  /// Removes a user from the books; what all have spent together stays.
  ///
  /// - Returns: whether there was anything.
  public func forget(_ user: String) -> Bool {
    precondition(!user.isEmpty)
    return state.withLock { state in
      let keys = state.accounts.keys.filter { $0.user == user }
      for key in keys { state.accounts[key] = nil }
      return state.userLimits.removeValue(forKey: user) != nil || !keys.isEmpty
    }
  }

  /// All lines, sorted, for writing them down.
  public var lines: [Line] {
    state.withLock { state in
      state.accounts.filter { $0.value.spent > .zero }
        .map { Line(user: $0.key.user, day: $0.key.day, spent: $0.value.spent) }
        .sorted { ($0.user, $0.day ?? -1) < ($1.user, $1.day ?? -1) }
    }
  }

  /// Puts lines back that were written down before.
  public func restore(_ lines: [Line]) {
    state.withLock { state in
      for line in lines {
        state.accounts[Key(user: line.user, day: line.day), default: Account()].spent = line.spent
      }
    }
  }

  private static func keys(user: String, day: Int64) -> [Key] {
    let everybody = [Key(user: "", day: day), Key(user: "", day: nil)]
    return user.isEmpty
      ? everybody : everybody + [Key(user: user, day: day), Key(user: user, day: nil)]
  }

  private static func checks(
    user: String, day: Int64, _ state: State
  ) -> [(Scope, Key, Money)] {
    let limits = limits(of: user, state)
    var checks: [(Scope, Key, Money)] = []
    if !user.isEmpty {
      if let limit = limits.userDay { checks.append((.userDay, Key(user: user, day: day), limit)) }
      if let limit = limits.userTotal {
        checks.append((.userTotal, Key(user: user, day: nil), limit))
      }
    }
    if let limit = limits.day { checks.append((.day, Key(user: "", day: day), limit)) }
    if let limit = limits.total { checks.append((.total, Key(user: "", day: nil), limit)) }
    return checks
  }

  /// Drops the accounts of days past, once a day.
  private static func turnPage(_ state: inout State, to day: Int64) {
    guard day > state.today else { return }
    state.today = day
    state.accounts = state.accounts.filter { key, _ in key.day.map { $0 >= day } ?? true }
  }
}
