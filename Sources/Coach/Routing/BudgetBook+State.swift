/// The books themselves; the lock is held.
extension BudgetBook.State {
  /// Seconds for which a reservation is known when its time is up.
  private static var lateSeconds: Int64 { 86_400 }

  func limits(of user: String) -> BudgetBook.Limits {
    guard let own = userLimits[user] else { return limits }
    var limits = limits
    limits.userDay = own.userDay ?? limits.userDay
    limits.userTotal = own.userTotal ?? limits.userTotal
    return limits
  }

  /// The first limit that stands in the way of an amount.
  func refusal(_ amount: Money, user: String) -> BudgetBook.Refusal? {
    let limits = limits(of: user)
    let checks: [(BudgetBook.Scope, Account, Money?)] = [
      (.userDay, .userDay(user, today), user.isEmpty ? nil : limits.userDay),
      (.userTotal, .user(user), user.isEmpty ? nil : limits.userTotal),
      (.day, .day(today), limits.day), (.total, .total, limits.total),
    ]
    for (scope, account, limit) in checks {
      guard let limit else { continue }
      let spent = ledgers[account]?.spent ?? .zero
      let held = reserved[account] ?? .zero
      // Sums beyond 64 bits stay at their limit, which is above any limit that can be set.
      guard spent + held + amount > limit else { continue }
      return BudgetBook.Refusal(
        scope: scope, limit: limit,
        resetsAt: account.day.map { ($0 + 1) * CalendarDay.seconds }, spent: spent,
        reserved: held)
    }
    return nil
  }

  /// The accounts that limits look at.
  private static func accounts(_ user: String, _ day: Int64) -> [Account] {
    user.isEmpty
      ? [.total, .day(day)] : [.total, .day(day), .user(user), .userDay(user, day)]
  }

  mutating func newID() -> String {
    nextNumber += 1
    // Clients' own names do not begin so, see `BudgetReserveCommand`.
    return "#\(nextNumber)"
  }

  mutating func hold(_ reservation: BudgetBook.Reservation) {
    reservations[reservation.id] = reservation
    deadlines.insert(reservation.id, at: reservation.endsAt)
    if deadlines.count > 2 * reservations.count + 1024 {
      // Most are of reservations that were settled long before their time.
      deadlines = DeadlineQueue()
      for (id, held) in reservations {
        deadlines.insert(id, at: held.endsAt + (held.isLate ? Self.lateSeconds : 0))
      }
    }
    for account in Self.accounts(reservation.user, reservation.day) {
      reserved[account, default: .zero] += reservation.amount
    }
  }

  mutating func free(_ reservation: BudgetBook.Reservation) {
    for account in Self.accounts(reservation.user, reservation.day) {
      guard let held = reserved[account] else { continue }
      let rest = held - reservation.amount
      reserved[account] = rest > .zero ? rest : nil
    }
  }

  /// Books what was spent, and writes it down.
  mutating func book(_ line: SpendLine) {
    apply(line)
    note(.spend(line))
  }

  /// Books a line that is on disk already.
  mutating func apply(_ line: SpendLine) {
    var accounts = Self.accounts(admitUser(line.user) ? line.user : "", line.day)
    if !line.model.isEmpty { accounts += [.model(line.model), .modelDay(line.model, line.day)] }
    for account in accounts {
      // Days that are long gone are in the totals alone.
      if let day = account.day, !keeps(day, of: account) { continue }
      ledgers[account, default: Ledger()].add(line.cost, line.usage)
    }
  }

  func keeps(_ day: Int64, of account: Account) -> Bool {
    // Of users only the day that counts and the one before, to which late bills go.
    day >= (account.user == nil ? today - BudgetBook.dayCountMax : today - 1)
  }

  /// Turns the page, and ends what is due.
  mutating func turn(to now: Int64) {
    let day = CalendarDay.of(seconds: now)
    if day > today || day < today - 1 {
      today = day
      ledgers = ledgers.filter { account, _ in account.day.map { keeps($0, of: account) } ?? true }
    }
    while let id = deadlines.popDue(now) {
      guard var reservation = reservations[id] else { continue }
      let endsAt = reservation.endsAt + (reservation.isLate ? Self.lateSeconds : 0)
      // Its number was settled and taken by another one since.
      guard endsAt <= now else { continue }
      if reservation.isLate {
        reservations[id] = nil
      } else {
        free(reservation)
        reservation.isLate = true
        reservations[id] = reservation
        deadlines.insert(id, at: endsAt + Self.lateSeconds)
      }
    }
  }

  /// Whether a user is in the books, or may be.
  mutating func admitUser(_ user: String) -> Bool {
    guard !user.isEmpty, ledgers[.user(user)] == nil, userLimits[user] == nil else { return true }
    guard userCount < BudgetBook.userCountMax else { return false }
    userCount += 1
    // The account marks the user as known.
    ledgers[.user(user)] = Ledger()
    return true
  }

  mutating func forget(_ user: String) -> Bool {
    let accounts = ledgers.keys.filter { $0.user == user }
    for account in accounts { ledgers[account] = nil }
    let hadLimits = userLimits.removeValue(forKey: user) != nil
    for (id, old) in reservations where old.user == user {
      reservations[id] = BudgetBook.Reservation(
        id: old.id, user: "", amount: old.amount, day: old.day, endsAt: old.endsAt,
        isLate: old.isLate)
    }
    for account in reserved.keys.filter({ $0.user == user }) { reserved[account] = nil }
    guard !accounts.isEmpty || hadLimits else { return false }
    userCount -= 1
    return true
  }

  mutating func note(_ line: @autoclosure () -> SpendJournal.Line) {
    guard unwritten != nil else { return }
    unwritten?.append(contentsOf: SpendJournal.text(line()))
  }
}

/// Names by the time at which they are due: a binary heap, in which those that are no longer wanted
/// stay until their time.
struct DeadlineQueue {
  private var entries: [(time: Int64, id: String)] = []

  var count: Int { entries.count }

  /// - Complexity: O(log n)
  mutating func insert(_ id: String, at time: Int64) {
    entries.append((time, id))
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].time < entries[parent].time else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes out one that is due; nil when none is.
  ///
  /// - Complexity: O(log n)
  mutating func popDue(_ now: Int64) -> String? {
    guard let first = entries.first, first.time <= now, let last = entries.popLast() else {
      return nil
    }
    guard !entries.isEmpty else { return first.id }
    entries[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [parent * 2 + 1, parent * 2 + 2]
      where child < entries.count && entries[child].time < entries[least].time {
        least = child
      }
      guard least != parent else { return first.id }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
