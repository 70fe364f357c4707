import Foundation
import Platform
import Testing

@testable import Coach

@Suite("Books on disk")
struct SpendStoreTests {
  private let path = "/tmp/wingcache-spend-\(getpid())-\(UInt64.random(in: 0 ... .max)).log"
  private let noon: Int64 = 86_400 * 20_000 + 43_200
  private let usage = Usage(
    inputTokens: 10, cacheWriteTokens: 20, cacheWriteHourTokens: 5, cacheReadTokens: 30,
    outputTokens: 40)

  private func cleanUp() { try? FileManager.default.removeItem(atPath: path) }

  private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  private func append(_ text: String) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  @Test func linesAreReadBack() {
    var limits = BudgetBook.Limits()
    limits.userDay = Money(picodollars: 5)
    var ledger = Ledger()
    ledger.add(Money(picodollars: 7), usage, calls: 3)
    let names = ["", "ann", "-", "--", "a b", "a%b", "naïve\n", "x-y_z@example.com:1"]
    var lines: [SpendJournal.Line] = [.limits(user: nil, limits), .limits(user: nil, .init())]
    for name in names {
      lines.append(
        .spend(
          SpendLine(day: 3, user: name, model: name, cost: Money(picodollars: 9), usage: usage)))
      guard !name.isEmpty else { continue }
      lines.append(.limits(user: name, limits))
      lines.append(.sum(.user(name), ledger))
      lines.append(.sum(.userDay(name, 3), ledger))
      lines.append(.sum(.model(name), ledger))
      lines.append(.sum(.modelDay(name, 3), ledger))
    }
    lines += [.sum(.total, ledger), .sum(.day(-3), ledger)]
    for line in lines {
      let bytes = SpendJournal.text(line)
      #expect(bytes.last == 0x0A)
      #expect(!bytes.dropLast().contains(0x0A))
      let text = String(decoding: bytes.dropLast(), as: UTF8.self)
      #expect(SpendJournal.parse(text) == line)
      // Whatever is cut off or changed is noticed.
      for end in 0..<text.count { #expect(SpendJournal.parse(String(text.prefix(end))) == nil) }
      #expect(SpendJournal.parse("1" + text) == nil)
    }
  }

  @Test func survivesRestart() throws {
    defer { cleanUp() }
    let store = try SpendStore(path, now: noon)
    var limits = BudgetBook.Limits()
    limits.userTotal = Money(dollars: "3")
    store.book.setLimits(limits)
    limits.userTotal = Money(dollars: "4")
    store.book.setLimits(limits, of: "ann")
    store.book.setLimits(limits, of: "bob")
    store.book.setLimits(nil, of: "bob")
    for number in 0..<10 {
      _ = try store.book.reserve(
        Money(dollars: "0.1")!, id: "\(number)", user: "ann", now: noon)
      _ = store.book.settle(
        "\(number)", spent: Money(dollars: "0.05")!, model: "m", usage: usage, now: noon)
    }
    _ = try store.book.reserve(Money(dollars: "1")!, id: "open", user: "ann", now: noon)
    #expect(store.saveNow() == nil)
    let long = try text()
    #expect(long.split(separator: "\n").count == 14)

    let second = try SpendStore(path, now: noon + 60)
    #expect(second.outcome == SpendJournal.Outcome(applied: 14, skipped: 0))
    for account in [
      Account.total, .day(20_000), .user("ann"), .userDay("ann", 20_000), .model("m"),
      .modelDay("m", 20_000),
    ] { #expect(second.book.ledger(account) == store.book.ledger(account)) }
    #expect(second.book.ledger(.user("ann")).calls == 10)
    #expect(second.book.limits(of: "ann").userTotal == Money(dollars: "4"))
    #expect(second.book.limits(of: "bob").userTotal == Money(dollars: "3"))
    // What was reserved is free again.
    #expect(second.book.reserved(.total, now: noon + 60) == .zero)
    // The file is short now, and says the same once more.
    #expect(try text().split(separator: "\n").count == 8)
    let third = try SpendStore(path, now: noon + 120)
    #expect(third.book.compacted() == second.book.compacted())
  }

  @Test func tornLinesAreSkipped() throws {
    defer { cleanUp() }
    let store = try SpendStore(path, now: noon)
    store.book.book(Money(dollars: "1")!, user: "ann", model: "m", usage: usage, now: noon)
    store.saveNow()
    let whole = try text()
    for end in whole.indices.dropFirst() {
      try String(whole[..<end]).write(toFile: path, atomically: true, encoding: .utf8)
      let torn = try SpendStore(path, now: noon)
      // Without its line end, and with nothing else missing, a line is whole.
      let isWhole = whole.distance(from: end, to: whole.endIndex) <= 1
      #expect(torn.book.ledger(.total).calls == (isWhole ? 1 : 0))
      // The next line is none the worse for it.
      torn.book.book(Money(dollars: "2")!, user: "ann", model: "m", usage: usage, now: noon)
      torn.saveNow()
      let next = try SpendStore(path, now: noon)
      #expect(next.book.ledger(.total).spent == Money(dollars: isWhole ? "3" : "2"))
    }
  }

  @Test func handwritingIsSkipped() throws {
    defer { cleanUp() }
    let store = try SpendStore(path, now: noon)
    store.book.book(Money(dollars: "1")!, user: "ann", model: "m", usage: usage, now: noon)
    store.saveNow()
    try append("spend 20000 ann m 1 1 1 1 1 1 00000000\nhello\n\u{0}\n")
    let second = try SpendStore(path, now: noon)
    #expect(second.outcome == SpendJournal.Outcome(applied: 1, skipped: 3))
    #expect(second.book.ledger(.total).spent == Money(dollars: "1"))
  }

  @Test func failuresAreMadeGood() throws {
    let folder = path + ".d"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try SpendStore(folder + "/spend.log", now: noon)
    store.book.book(Money(dollars: "1")!, user: "ann", model: "m", usage: usage, now: noon)
    #expect(store.saveNow()?.isMissing == true)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    store.book.book(Money(dollars: "2")!, user: "ann", model: "m", usage: usage, now: noon)
    #expect(store.saveNow() == nil)
    #expect(store.saveNow() == nil)
    let second = try SpendStore(folder + "/spend.log", now: noon)
    #expect(second.book.ledger(.total).spent == Money(dollars: "3"))
  }

  @Test func forgottenUsersAreOffTheDisk() throws {
    defer { cleanUp() }
    let store = try SpendStore(path, now: noon)
    store.book.book(Money(dollars: "1")!, user: "secret", model: "m", usage: usage, now: noon)
    store.saveNow()
    #expect(try text().contains("secret"))
    #expect(store.forget("secret") == (true, nil))
    #expect(try !text().contains("secret"))
    #expect(try SpendStore(path, now: noon).book.ledger(.total).spent == Money(dollars: "1"))
  }

  @Test func writersDoNotLoseLines() async throws {
    defer { cleanUp() }
    let store = try SpendStore(path, now: noon)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { [noon, usage] in
          for _ in 0..<25 {
            store.book.book(Money(dollars: "0.01")!, user: "u", model: "m", usage: usage, now: noon)
            store.saveNow()
          }
        }
      }
    }
    let second = try SpendStore(path, now: noon)
    #expect(second.book.ledger(.user("u")).calls == 200)
    #expect(second.book.ledger(.total).spent == Money(dollars: "2"))
  }
}
