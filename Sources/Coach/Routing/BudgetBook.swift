internal import Platform

/// Who may spend how much, and who has spent what: limits for each user and for all, a day and in
/// all, with money reserved before a call and settled after it.
///
///     limit ≥ spent + reserved + amount     is checked and booked in one step under one lock
///
/// so that a hundred calls at once cannot each find the last cent.
///
///     reserve ──▶ held ──settle──▶ spent          what the call has cost, the rest is free again
///                  │ └───release─▶ (nothing)      no call was made
///                  └─time is up──▶ late ──settle──▶ spent, though nothing was held any more
///
/// A reservation that nobody settles gives its money back when its time is up; the caller may have
/// died, or may be slow, so its number is known for a day longer and a late bill is still booked.
/// What was reserved when the process ended is not spent.
///
/// Days begin at midnight UTC. A clock that is set back by up to a day does not open a day's budget
/// again: the later day stays. One that goes further back is believed, the future having been a
/// mistake.
///
/// Every change appends a line to `SpendJournal`, in the same step, see there.
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
    /// What stands in the way of the amount.
    public var spent = Money.zero
    public var reserved = Money.zero
  }

  /// Why nothing was reserved.
  public enum ReserveError: Error, Equatable, Sendable {
    case overBudget(Refusal)
    /// The number is in use.
    case exists
    /// There are too many reservations, or too many users.
    case full
  }

  /// Money put aside for a call.
  public struct Reservation: Equatable, Sendable {
    public let id: String
    /// Empty: nobody in particular.
    public let user: String
    public let amount: Money
    let day: Int64
    /// Unix seconds; from then on nothing is held.
    public let endsAt: Int64
    /// Whether that time has come.
    public internal(set) var isLate = false
  }

  /// Reservations and users at most, so that a client that makes up names cannot exhaust memory.
  public static var reservationCountMax: Int { 1_000_000 }
  public static var userCountMax: Int { 1_000_000 }
  /// Past days whose sums are kept.
  public static var dayCountMax: Int64 { 400 }

  struct State {
    var limits = Limits()
    var userLimits: [String: Limits] = [:]
    var ledgers: [Account: Ledger] = [:]
    var reserved: [Account: Money] = [:]
    var reservations: [String: Reservation] = [:]
    var deadlines = DeadlineQueue()
    var today: Int64 = 0
    var userCount = 0
    var nextNumber = 0
    /// Lines of the journal that are not on disk yet; nil: there is no journal.
    var unwritten: [UInt8]?
  }

  let state = Guarded(State())

  /// Empty books without limits.
  public init() {}

  // MARK: Limits

  /// Sets the limits for everybody.
  public func setLimits(_ limits: Limits) {
    state.withLock { state in
      state.limits = limits
      state.note(.limits(user: nil, limits))
    }
  }

  /// Sets a user's own limits (`day` and `total` in it mean nothing); nil takes them away.
  ///
  /// - Returns: false when there are too many users.
  @discardableResult
  public func setLimits(_ limits: Limits?, of user: String) -> Bool {
    state.withLock { state in
      guard limits == nil || state.userLimits[user] != nil || state.admitUser(user) else {
        return false
      }
      state.userLimits[user] = limits
      state.note(.limits(user: user, limits ?? Limits()))
      return true
    }
  }

  /// The limits for everybody.
  public var limits: Limits { state.withLock { $0.limits } }

  /// A user's own limits; nil: none of their own.
  public func ownLimits(of user: String) -> Limits? { state.withLock { $0.userLimits[user] } }

  /// The limits that hold for a user.
  public func limits(of user: String) -> Limits { state.withLock { $0.limits(of: user) } }

  // MARK: Reserving

  /// Puts `amount` aside for a call.
  ///
  /// - Parameters:
  ///   - id: what it is called; nil makes one up.
  ///   - user: empty: nobody in particular.
  ///   - now: Unix seconds.
  ///   - seconds: how long it is held at most.
  ///   - isForced: whether the limits do not count, as in a crisis.
  /// - Throws: the first limit in the way; nothing is put aside then.
  /// - Complexity: O(log reservations), amortised.
  public func reserve(
    _ amount: Money, id: String? = nil, user: String, now: Int64, seconds: Int64 = 300,
    isForced: Bool = false
  ) throws(ReserveError) -> Reservation {
    let result = state.withLock { state -> Result<Reservation, ReserveError> in
      state.turn(to: now)
      if let id, state.reservations[id] != nil { return .failure(.exists) }
      guard state.reservations.count < Self.reservationCountMax, state.admitUser(user) else {
        return .failure(.full)
      }
      if !isForced, let refusal = state.refusal(amount, user: user) {
        return .failure(.overBudget(refusal))
      }
      let reservation = Reservation(
        id: id ?? state.newID(), user: user, amount: amount, day: state.today,
        endsAt: now + max(1, seconds))
      state.hold(reservation)
      return .success(reservation)
    }
    return try result.get()
  }

  /// Whether `amount` could be reserved now; nothing is changed.
  public func refusal(_ amount: Money, user: String, now: Int64) -> Refusal? {
    state.withLock { state in
      state.turn(to: now)
      return state.refusal(amount, user: user)
    }
  }

  /// Books what a call has cost, and gives the rest of its reservation back.
  ///
  /// - Returns: the reservation; nil when there is none of this number (any more).
  public func settle(
    _ id: String, spent: Money, model: String = "", usage: Usage = Usage(), now: Int64
  ) -> Reservation? {
    state.withLock { state in
      state.turn(to: now)
      guard let reservation = state.reservations.removeValue(forKey: id) else { return nil }
      if !reservation.isLate { state.free(reservation) }
      state.book(
        SpendLine(
          day: reservation.day, user: reservation.user, model: model, cost: spent, usage: usage))
      return reservation
    }
  }

  /// Gives a reservation back: no call was made.
  ///
  /// - Returns: the reservation; nil when there is none of this number (any more).
  public func release(_ id: String, now: Int64) -> Reservation? {
    state.withLock { state in
      state.turn(to: now)
      guard let reservation = state.reservations.removeValue(forKey: id) else { return nil }
      if !reservation.isLate { state.free(reservation) }
      return reservation
    }
  }

  /// Books a call that nothing was reserved for.
  public func book(
    _ cost: Money, user: String, model: String, usage: Usage, now: Int64
  ) {
    state.withLock { state in
      state.turn(to: now)
      state.book(
        SpendLine(day: state.today, user: user, model: model, cost: cost, usage: usage))
    }
  }

  /// A reservation, as it is now; nil: there is none of this number (any more).
  public func reservation(_ id: String, now: Int64) -> Reservation? {
    state.withLock { state in
      state.turn(to: now)
      return state.reservations[id]
    }
  }

  // MARK: Reporting

  /// What was spent on an account.
  public func ledger(_ account: Account) -> Ledger {
    state.withLock { $0.ledgers[account] ?? Ledger() }
  }

  /// What is put aside on an account; only users, days and the total have any.
  public func reserved(_ account: Account, now: Int64) -> Money {
    state.withLock { state in
      state.turn(to: now)
      return state.reserved[account] ?? .zero
    }
  }

  /// The day that budgets count now.
  public func today(now: Int64) -> Int64 {
    state.withLock { state in
      state.turn(to: now)
      return state.today
    }
  }

  /// Ledgers of the models, of all time or on a day, by name.
  public func models(on day: Int64? = nil) -> [(name: String, ledger: Ledger)] {
    state.withLock { state in
      state.ledgers.compactMap { account, ledger -> (name: String, ledger: Ledger)? in
        switch account {
        case .model(let name) where day == nil: (name, ledger)
        case .modelDay(let name, let other) where other == day: (name, ledger)
        default: nil
        }
      }
    }.sorted { $0.name < $1.name }
  }

  /// Number of reservations that hold money, and of users in the books.
  public func counts(now: Int64) -> (reservations: Int, users: Int) {
    state.withLock { state in
      state.turn(to: now)
      return (state.reservations.values.count { !$0.isLate }, state.userCount)
    }
  }

  /// Removes a user from the books; what all have spent together stays. Money that is reserved for
  /// calls under way stays reserved, for nobody in particular.
  ///
  /// The journal still has the user until it is written anew, see `SpendStore.forget`.
  ///
  /// - Returns: whether there was anything.
  public func forget(_ user: String) -> Bool {
    precondition(!user.isEmpty)
    return state.withLock { $0.forget(user) }
  }
}
