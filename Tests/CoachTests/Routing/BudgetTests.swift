import Platform
import SeededRandom
import Testing

@testable import Coach

@Suite("Budgets")
struct BudgetTests {
  /// A noon.
  private let noon: Int64 = 86_400 * 20_000 + 43_200
  private let midnight: Int64 = 86_400 * 20_001

  private func dollars(_ text: String) -> Money { Money(dollars: text)! }

  private func book(_ change: (inout BudgetBook.Limits) -> Void = { _ in }) -> BudgetBook {
    let book = BudgetBook()
    var limits = BudgetBook.Limits()
    change(&limits)
    book.setLimits(limits)
    return book
  }

  /// Why an amount was not reserved; nil when it was.
  private func reserve(
    _ book: BudgetBook, _ amount: String, _ id: String, _ user: String = "", at now: Int64
  ) -> BudgetBook.ReserveError? {
    do throws(BudgetBook.ReserveError) {
      _ = try book.reserve(dollars(amount), id: id, user: user, now: now)
      return nil
    } catch {
      return error
    }
  }

  @Test func limitsHoldUnderEightThreads() throws {
    var seeds = SeededGenerator(test: "limitsHoldUnderEightThreads")
    let book = book {
      $0.userDay = Money(dollars: "1")
      $0.total = Money(dollars: "5")
    }
    let now = noon
    let over = Guarded(0)
    var threads: [Thread] = []
    // 8 threads × 2,000 calls of up to 3 cents, of 10 users: four times what the users may spend,
    // twice what all may. A quarter is given back, some cost nothing.
    for number in 0..<8 {
      let own = SeededGenerator(drawnFrom: &seeds)
      threads.append(
        try Thread(name: "caller") {
          var random = own
          for call in 0..<2000 {
            let user = "u\(Int.random(in: 0..<10, using: &random))"
            let amount = Money(picodollars: Int64.random(in: 0...30_000_000_000, using: &random))
            let id = "\(number)-\(call)"
            guard (try? book.reserve(amount, id: id, user: user, now: now)) != nil else { continue }
            let sum = book.ledger(.total).spent + book.reserved(.total, now: now)
            let own = book.ledger(.userDay(user, 20_000)).spent
            if sum > Money(dollars: "5")! || own > Money(dollars: "1")! {
              over.withLock { $0 += 1 }
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
              _ = book.release(id, now: now)
            } else {
              let part = Int64.random(in: 0...amount.picodollars, using: &random)
              _ = book.settle(id, spent: Money(picodollars: part), now: now)
            }
          }
        })
    }
    for thread in threads { thread.join() }
    #expect(over.withLock { $0 } == 0)
    let total = book.ledger(.total).spent
    #expect(total <= dollars("5"))
    // The budget was really used: less is left than the dearest call.
    #expect(total > dollars("4.9"))
    var sum = Money.zero
    for user in 0..<10 {
      let spent = book.ledger(.userDay("u\(user)", 20_000)).spent
      #expect(spent <= dollars("1"))
      sum += spent
    }
    #expect(sum == total)
    #expect(book.reserved(.total, now: now) == .zero)
    #expect(book.counts(now: now) == (0, 10))
  }

  @Test func saysWhichLimitAndWhenItResets() {
    let book = book { $0.userDay = Money(dollars: "0.5") }
    #expect(reserve(book, "0.5", "a", "ann", at: midnight - 1) == nil)
    guard case .overBudget(let refusal)? = reserve(book, "0.01", "b", "ann", at: midnight - 1)
    else {
      Issue.record("not refused")
      return
    }
    #expect(refusal.scope == .userDay)
    #expect(refusal.resetsAt == midnight)
    #expect(refusal.reserved == dollars("0.5"))
    #expect(refusal.limit == dollars("0.5"))
    // Another user is another budget, and nobody in particular has none.
    #expect(reserve(book, "0.5", "c", "bob", at: midnight - 1) == nil)
    #expect(reserve(book, "99", "d", at: midnight - 1) == nil)
    // A limit for all, which never resets; one of the user's own, which comes before that for all.
    let other = self.book { $0.total = Money(dollars: "1") }
    guard case .overBudget(let last)? = reserve(other, "1.01", "e", at: noon) else {
      Issue.record("not refused")
      return
    }
    #expect(last.scope == .total)
    #expect(last.resetsAt == nil)
    var own = BudgetBook.Limits()
    own.userDay = dollars("2")
    book.setLimits(own, of: "eve")
    #expect(reserve(book, "2", "f", "eve", at: noon) == nil)
  }

  @Test func numbersAreUsedOnce() {
    let book = book()
    #expect(reserve(book, "1", "a", at: noon) == nil)
    #expect(reserve(book, "1", "a", at: noon) == .exists)
    #expect(book.release("a", now: noon)?.amount == dollars("1"))
    #expect(book.release("a", now: noon) == nil)
    #expect(book.settle("a", spent: .zero, now: noon) == nil)
    #expect(reserve(book, "1", "a", at: noon) == nil)
    #expect(book.settle("a", spent: dollars("0.3"), now: noon)?.isLate == false)
    #expect(book.ledger(.total).spent == dollars("0.3"))
    #expect(book.reserved(.total, now: noon) == .zero)
  }

  @Test func reservationsEndAndAreBilledLate() throws {
    let book = book { $0.total = Money(dollars: "1") }
    _ = try book.reserve(dollars("1"), id: "a", user: "ann", now: noon, seconds: 10)
    #expect(reserve(book, "1", "b", at: noon + 9) != nil)
    #expect(reserve(book, "1", "b", at: noon + 10) == nil)
    #expect(book.reservation("a", now: noon + 10)?.isLate == true)
    // The bill comes all the same, although the limit is exceeded by then.
    #expect(book.settle("a", spent: dollars("0.25"), now: noon + 20)?.isLate == true)
    #expect(book.ledger(.user("ann")).spent == dollars("0.25"))
    #expect(book.reserved(.total, now: noon + 20) == dollars("1"))
    // Who has spent more than the limit is refused everything, a free call included.
    #expect(reserve(book, "0", "b2", at: noon + 20) != nil)
    // A day later nobody knows it any more.
    let free = self.book()
    _ = try free.reserve(.zero, id: "c", user: "", now: noon, seconds: 10)
    #expect(free.settle("c", spent: .zero, now: noon + 86_410) == nil)
    // A number that is used again is not ended by the first one's time.
    _ = try free.reserve(.zero, id: "d", user: "", now: noon, seconds: 10)
    _ = free.release("d", now: noon)
    _ = try free.reserve(dollars("0.1"), id: "d", user: "", now: noon, seconds: 100)
    #expect(free.reservation("d", now: noon + 50)?.isLate == false)
  }

  @Test func manyReservationsEndInOrder() throws {
    var random = SeededGenerator(test: "manyReservationsEndInOrder")
    let book = book()
    var alive: [String: Int64] = [:]
    var now = noon
    for number in 0..<20_000 {
      let seconds = Int64.random(in: 1...1000, using: &random)
      _ = try book.reserve(dollars("0.01"), id: "\(number)", user: "", now: now, seconds: seconds)
      alive["\(number)"] = now + seconds
      if Bool.random(using: &random), let id = alive.keys.randomElement(using: &random) {
        let isLate = book.release(id, now: now)?.isLate
        #expect(isLate == (alive[id]! <= now))
        alive[id] = nil
      }
      now += Int64.random(in: 0...1, using: &random)
      if number % 1000 == 0 {
        let held = alive.values.count { $0 > now }
        #expect(book.reserved(.total, now: now) == dollars("0.01") * held)
        #expect(book.counts(now: now).reservations == held)
      }
    }
  }

  @Test func daysDoNotComeBack() {
    let book = book { $0.day = Money(dollars: "1") }
    #expect(reserve(book, "1", "a", at: midnight - 1) == nil)
    #expect(reserve(book, "1", "b", at: midnight - 1) != nil)
    #expect(reserve(book, "1", "c", at: midnight) == nil)
    // The clock is set back over midnight: the spent day does not open again, and the new one is
    // full as well.
    #expect(reserve(book, "1", "d", at: midnight - 10) != nil)
    #expect(book.today(now: midnight - 10) == 20_001)
    // What was reserved before midnight is billed to the day on which it was.
    _ = book.settle("a", spent: dollars("0.4"), now: midnight + 5)
    #expect(book.ledger(.day(20_000)).spent == dollars("0.4"))
    #expect(book.reserved(.day(20_000), now: midnight + 5) == .zero)
    // A clock that was a month ahead is forgiven.
    #expect(book.today(now: midnight + 30 * 86_400) == 20_031)
    #expect(book.today(now: midnight) == 20_001)
    // Long ago.
    #expect(book.today(now: -1) == -1)
  }

  @Test func sumsStayAtTheirLimits() {
    let book = book { $0.total = Money(dollars: "1000000") }
    #expect(reserve(book, "1000000", "a", at: noon) == nil)
    #expect(reserve(book, "0.000000000001", "b", at: noon) != nil)
    // Without limits: 64 bits are never exceeded.
    let free = self.book()
    for number in 0..<20 { #expect(reserve(free, "1000000", "\(number)", at: noon) == nil) }
    #expect(free.reserved(.total, now: noon) == Money(picodollars: .max))
    let usage = Usage(inputTokens: .max, outputTokens: 1)
    for _ in 0..<2 {
      free.book(Money(picodollars: .max), user: "", model: "m", usage: usage, now: noon)
    }
    #expect(free.ledger(.model("m")).spent == Money(picodollars: .max))
    #expect(free.ledger(.model("m")).usage.inputTokens == .max)
    #expect(free.ledger(.model("m")).usage.outputTokens == 2)
  }

  @Test func crisesAreNotRefused() throws {
    let book = book { $0.total = .zero }
    #expect(reserve(book, "1", "a", at: noon) != nil)
    let held = try book.reserve(dollars("1"), user: "ann", now: noon, isForced: true)
    #expect(held.id.hasPrefix("#"))
    #expect(book.settle(held.id, spent: dollars("1"), model: "m", now: noon) != nil)
    #expect(book.ledger(.model("m")).spent == dollars("1"))
  }

  @Test func usersAreForgotten() throws {
    let book = book()
    _ = try book.reserve(dollars("1"), id: "a", user: "ann", now: noon)
    _ = try book.reserve(dollars("1"), id: "b", user: "ann", now: noon)
    _ = book.settle("a", spent: dollars("0.5"), now: noon)
    #expect(book.forget("ann"))
    #expect(!book.forget("ann"))
    #expect(book.ledger(.user("ann")) == Ledger())
    #expect(book.ledger(.total).spent == dollars("0.5"))
    // The call under way is settled for nobody in particular.
    #expect(book.settle("b", spent: dollars("0.5"), now: noon)?.user == "")
    #expect(book.ledger(.user("ann")) == Ledger())
    #expect(book.ledger(.total).spent == dollars("1"))
    #expect(book.reserved(.total, now: noon) == .zero)
    #expect(book.counts(now: noon) == (0, 0))
  }

  @Test func daysHaveNames() {
    #expect(CalendarDay.text(0) == "1970-01-01")
    #expect(CalendarDay.text(-1) == "1969-12-31")
    #expect(CalendarDay.text(20_780) == "2026-11-23")
    #expect(CalendarDay.timeText(seconds: 20_780 * 86_400 + 3_661) == "2026-11-23T01:01:01Z")
    // Days of 800 years, and back.
    for day in stride(from: Int64(0), to: 292_194, by: 13) {
      #expect(CalendarDay.parse(CalendarDay.text(day)) == day)
    }
    for bad in [
      "2026-02-29", "2026-1-01", "2026-11-31", "2026-13-01", "x", "1969-12-31", "٢٠٢٦-11-23",
    ] {
      #expect(CalendarDay.parse(bad) == nil)
    }
  }
}
