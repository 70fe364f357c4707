internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer
internal import Synchronization

/// What stands between commands and keys of classes, on the loops.
final class Loader: KeyLoader, @unchecked Sendable {
  // Sendable: `table` is changed with the gate held and read inside batches.

  private(set) var table = ClassTable.empty
  /// Whether any class has owners.
  private var hasOwners = false
  let book: LoadBook
  private let host: ModuleHost
  /// Cache milliseconds since when changes are not heard of; `Int64.max`: they are.
  private let deafSince = Atomic<Int64>(.max)
  /// `LoadSettings.trustMilliseconds`.
  private let trust = Atomic<Int64>(30_000)
  /// How long a command waits; the loads' own deadlines come first.
  private let patience = Atomic<Int64>(6000)

  /// The database whose keys are loaded. In others keys of the same names are ordinary keys.
  static let database = DatabaseIndex(rawValue: 0)
  /// How often a command is run again whose keys do not stay.
  static let attemptsMax = 8

  init(_ host: ModuleHost, book: LoadBook) {
    self.host = host
    self.book = book
  }

  /// Takes other classes. The caller has the gate, or no loop runs.
  func use(_ table: ClassTable) {
    self.table = table
    hasOwners = table.classes.contains { $0.owner != nil }
  }

  func set(_ settings: LoadSettings) {
    trust.store(settings.trustMilliseconds, ordering: .relaxed)
    patience.store(settings.deadlineMilliseconds * 2 + 1000, ordering: .relaxed)
  }

  // MARK: Hearing of changes

  /// Changes are not heard of any more.
  func becomeDeaf(at now: Int64) {
    _ = deafSince.compareExchange(
      expected: .max, desired: now, ordering: .acquiringAndReleasing)
  }

  /// They are again.
  func hearAgain() { deafSince.store(.max, ordering: .releasing) }

  var isDeaf: Bool { deafSince.load(ordering: .acquiring) != .max }

  // MARK: Admission

  /// What is known of a key.
  private enum Freshness {
    case fresh, stale
    /// It is there and must not be seen.
    case dead
    case missing
  }

  func admit(_ context: borrowing CommandContext) throws(CommandError) -> Bool {
    if hasOwners { try checkOwners(context) }
    guard context.database == Self.database else { return true }
    guard context.isReadOnly else {
      noteChange(context)
      return true
    }
    guard context.holdsKeys else { return true }
    var wait: ClientWait?
    for index in 0..<context.keyCount {
      let key = context[key: index]
      guard let (keyClass, values) = table.find(key.bytes) else { continue }
      switch freshness(of: key, keyClass, context) {
      case .fresh:
        if context.rerunCount == 0 { keyClass.state.counters.count(.hits) }
      case .stale:
        if context.rerunCount == 0 { keyClass.state.counters.count(.staleHits) }
        // If it cannot be refreshed now, the old value has to do.
        _ = book.ask(key.bytes, keyClass, values, now: context.now, nil)
      case .dead:
        _ = context.remove(key, event: "del")
        try load(key, keyClass, values, context, &wait)
      case .missing: try load(key, keyClass, values, context, &wait)
      }
    }
    guard let wait else { return true }
    wait.loads.end()
    return false
  }

  /// An application writes keys of classes, or removes them because it has changed their rows: what
  /// is being loaded is older than that.
  private func noteChange(_ context: borrowing CommandContext) {
    for index in 0..<context.keyCount {
      let key = context[key: index].bytes
      if table.find(key) != nil { book.invalidate(key.array) }
    }
  }

  /// Sees to a key that is not there.
  private func load(
    _ key: HashedKey, _ keyClass: KeyClass, _ values: KeyPattern.Values,
    _ context: borrowing CommandContext, _ wait: inout ClientWait?
  ) throws(CommandError) {
    guard context.mayRunAgain else {
      // Nobody can wait here. Perhaps it is there the next time.
      _ = book.ask(key.bytes, keyClass, values, now: context.now, nil)
      return
    }
    guard context.rerunCount < Self.attemptsMax else {
      throw .made("\(LoadBook.errorCode) the key changes or goes faster than it is read")
    }
    // A client that is told at once that there is no row does not wait, so it is made to wait last.
    let current = wait ?? ClientWait()
    switch book.ask(key.bytes, keyClass, values, now: context.now, current.loads) {
    case .nothing:
      if context.rerunCount == 0 { keyClass.state.counters.count(.negativeHits) }
    case .refused(let reason):
      keyClass.state.counters.count(.refused)
      let text = "\(LoadBook.errorCode) \(reason)"
      // Who waits already, for another key of the command, is told when that one is there.
      guard let wait else { throw .made(text) }
      wait.loads.add()
      wait.loads.end(text)
    case .loading:
      keyClass.state.counters.count(.waits)
      guard wait == nil else { return }
      current.client = context.waitToRunAgain(
        timeoutMilliseconds: patience.load(ordering: .relaxed),
        onTimeout: { $0.error("UNAVAILABLE the value was not loaded in time") })
      wait = current
    }
  }

  private func checkOwners(_ context: borrowing CommandContext) throws(CommandError) {
    for index in 0..<context.keyCount {
      let key = context[key: index].bytes
      guard let (keyClass, values) = table.find(key), keyClass.owner != nil,
        !keyClass.mayBeSeen(by: context.userName, values, in: key)
      else { continue }
      keyClass.state.counters.count(.denied)
      throw .made("NOPERM this key of the class '\(keyClass.name)' belongs to another user")
    }
  }

  private func freshness(
    of key: HashedKey, _ keyClass: KeyClass, _ context: borrowing CommandContext
  ) -> Freshness {
    guard let entry = context.peek(key) else { return .missing }
    // What has no end was written by somebody else.
    guard let expiry = context.keyspace.expiry(of: entry) else { return .fresh }
    let stored = expiry - keyClass.lifeMilliseconds
    if stored <= keyClass.state.deadUntil { return .dead }
    // From when on it is stale, by its age or by what may have been missed.
    var stale = expiry - keyClass.staleMilliseconds
    if !keyClass.watches.isEmpty {
      let mark = keyClass.state.staleUntil
      if stored <= mark { stale = min(stale, mark) }
      let deaf = deafSince.load(ordering: .acquiring)
      if deaf != .max {
        stale = min(stale, max(deaf, stored) + trust.load(ordering: .relaxed))
      }
    }
    if context.now < stale { return .fresh }
    return context.now < stale + keyClass.staleMilliseconds ? .stale : .dead
  }

  // MARK: What TTL shows, what SORT may do

  func shownExpiry(_ expiry: Int64, of key: ByteView, in database: DatabaseIndex) -> Int64 {
    guard database == Self.database, let (keyClass, _) = table.find(key) else { return expiry }
    // What is overdue is loaded anew now; nobody is to take it for a key without an end.
    return max(expiry - keyClass.staleMilliseconds, min(host.now, expiry))
  }

  func fetches(_ key: ByteView, in database: DatabaseIndex) -> Bool {
    database == Self.database && table.find(key) != nil
  }

  func hidesKeys(from context: borrowing CommandContext) -> Bool {
    guard hasOwners else { return false }
    let user = context.userName
    return table.classes.contains { $0.owner.map { !$0.readers.contains(user) } ?? false }
  }
}

/// A client that waits for the keys of a command.
private final class ClientWait: @unchecked Sendable {
  // Sendable: `client` is set before whoever sets it ends its own part of `loads`, which orders it
  // before `finish`.

  let loads: LoadWait
  var client: BlockedClient? {
    get { box.client }
    set { box.client = newValue }
  }
  private let box: Box

  private final class Box: @unchecked Sendable {
    var client: BlockedClient?

    func finish(_ failure: String?) {
      guard let client else { return }
      if let failure {
        client.complete { $0.error(failure) }
      } else {
        client.runAgain()
      }
    }
  }

  init() {
    let box = Box()
    self.box = box
    loads = LoadWait { failure in box.finish(failure) }
  }
}
