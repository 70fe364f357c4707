internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

extension CommandContext {
  /// What the module's commands share.
  ///
  /// - Throws: while it is not there.
  func readThrough() throws(CommandError) -> ReadThrough.Shared {
    guard let shared = ReadThrough.shared else { throw .fixed("ERR the cache is not started") }
    return shared
  }
}

/// CACHE.CLASSES: the key classes and what became of their keys.
enum ClassesCommand: Command {
  static let spec = CommandSpec(
    "CACHE.CLASSES", since: "1.0.0", group: .module, arity: -1,
    summary: "Lists the classes of keys that are loaded from the database, with their figures.",
    complexity: "O(N) with N the classes",
    arguments: [ArgumentSpec("class", .string, optional: true, multiple: true)],
    tips: ["nondeterministic_output"],
    example: """
      > CACHE.CLASSES
      (empty array)
      > CACHE.CLASSES nothing
      (error) ERR no class is called 'nothing'
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let table = try context.readThrough().loader.table
    var classes = table.classes
    if context.count > 1 {
      classes = []
      for index in 1..<context.count {
        let name = context[index].string
        guard let found = table.find(named: name) else {
          throw .made("ERR no class is called '\(name)'")
        }
        classes.append(found)
      }
    }
    context.reply.array(classes.count)
    for keyClass in classes { reply(keyClass, context) }
  }

  private static func reply(_ keyClass: KeyClass, _ context: borrowing CommandContext) {
    let events = ClassCounters.Event.allCases
    context.reply.map(11 + events.count)
    func text(_ name: StaticString, _ value: String) {
      context.reply.bulk(name)
      context.reply.bulk(value)
    }
    func number(_ name: StaticString, _ value: Int64) {
      context.reply.bulk(name)
      context.reply.integer(value)
    }
    text("name", keyClass.name)
    text("key", keyClass.pattern.text)
    text("sql", keyClass.query.sql)
    number("ttl_ms", keyClass.ttlMilliseconds)
    number("stale_ms", keyClass.staleMilliseconds)
    number("negative_ms", keyClass.negativeMilliseconds)
    switch keyClass.shape {
    case .json: text("value", "json")
    case .array: text("value", "array")
    case .column(let column): text("value", "column \(column)")
    }
    text("redact", keyClass.redacts ? "yes" : "no")
    text("owner", keyClass.owner.map { keyClass.pattern.placeholders[$0.placeholder].name } ?? "")
    text("watch", keyClass.watches.map(\.table).joined(separator: " "))
    text("problem", keyClass.state.problemText)
    for event in events {
      context.reply.bulk(event.name)
      context.reply.integer(Int64(clamping: keyClass.state.counters.total(event)))
    }
  }
}

/// CACHE.REFRESH: loads a key anew.
enum RefreshCommand: Command {
  static let spec = CommandSpec(
    "CACHE.REFRESH", since: "1.0.0", group: .module, arity: 2,
    flags: [.write, .noScript, .noMulti],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Loads a key of a class from the database, whatever is cached, and waits for it.",
    complexity: "O(1) and the database's time",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > CACHE.REFRESH greeting
      (error) ERR the key is of no class
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let shared = try context.readThrough()
    guard let (keyClass, values) = shared.loader.table.find(context.key.bytes) else {
      throw .fixed("ERR the key is of no class")
    }
    guard context.database == Loader.database else {
      throw .fixed("ERR keys of classes are in database 0")
    }
    guard context.mayWait else { throw .fixed("ERR nothing may wait here") }
    let slot = ClientSlot()
    let wait = LoadWait { failure in slot.finish(failure) }
    let answer = shared.book.ask(
      context.key.bytes, keyClass, values, now: context.now, isForced: true, wait)
    if case .refused(let reason) = answer {
      keyClass.state.counters.count(.refused)
      throw .made("\(LoadBook.errorCode) \(reason)")
    }
    keyClass.state.counters.count(.waits)
    slot.client = context.block(
      timeoutMilliseconds: shared.book.settings.deadlineMilliseconds * 2 + 1000,
      onTimeout: { $0.error("UNAVAILABLE the value was not loaded in time") })
    wait.end()
  }

  /// Holds the client, which is made after its wait.
  private final class ClientSlot: @unchecked Sendable {
    // Sendable: set before `wait.end()`, which orders it before `finish`.
    var client: BlockedClient?

    func finish(_ failure: String?) {
      client?.complete { reply in
        if let failure { reply.error(failure) } else { reply.ok() }
      }
    }
  }
}

/// CACHE.RELOAD: reads the file of classes again.
enum ReloadCommand: Command {
  static let spec = CommandSpec(
    "CACHE.RELOAD", since: "1.0.0", group: .module, arity: 1, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Reads the file of key classes again; a file with a mistake changes nothing.",
    complexity: "O(N) with N the bytes of the file; keys of classes that changed go step by step",
    example: """
      > CACHE.RELOAD
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let shared = try context.readThrough()
    switch ClassLoading.table(at: shared.path) {
    case .success(let table):
      shared.use(table)
      context.reply.integer(table.classes.count)
    case .failure(let problem): throw .made("ERR \(problem.description)")
    }
  }
}
