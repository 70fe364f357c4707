internal import Bytes
internal import CacheCore
internal import RESPServer
internal import Synchronization

/// What a key counts for: which rule, and how many bytes.
///
///     word   rule:16 | bytes:48
struct RuleAccount {
  let rule: Int
  let bytes: Int

  init(rule: Int, bytes: Int) {
    self.rule = rule
    self.bytes = min(bytes, 1 << 48 - 1)
  }

  init(word: UInt64) {
    rule = Int(word >> 48)
    bytes = Int(word & (1 << 48 - 1))
  }

  var word: UInt64 { UInt64(rule) << 48 | UInt64(bytes) }
}

/// Rules applied: at the end of commands that change or read keys, and before those that write.
extension CacheStore {
  func settle(
    _ key: HashedKey, in database: DatabaseIndex, wasChanged: Bool,
    _ context: inout CommandContext
  ) {
    guard let rules, let index = rules.match(key.bytes) else { return }
    let rule = rules.entries[index].rule
    guard
      let entry = context.keyspace.find(key, in: database, now: context.now, access: .peek)
    else { return }
    let old = context.keyspace.expiry(of: entry)
    let new = expiry(under: rule, old: old, wasChanged: wasChanged, key, database, context.now)
    if let new, new != old {
      // Without memory for the expiry the key keeps the one it has.
      let isSet = try? context.keyspace.setExpiry(key, in: database, at: new, now: context.now)
      if isSet == true, wasChanged { context.notify(key, in: database, "expire", .generic) }
    }
    guard wasChanged else { return }
    setAccount(key, in: database, rule: index, context.keyspace, now: context.now)
  }

  /// The expiry that a key is to have; nil: none.
  private func expiry(
    under rule: CacheRule, old: Int64?, wasChanged: Bool, _ key: HashedKey,
    _ database: DatabaseIndex, _ now: Int64
  ) -> Int64? {
    var expiry = old
    if let seconds = rule.defaultTTL {
      if old == nil, wasChanged { expiry = now + seconds * 1000 }
      // A value that turns stale at its time must not live on because it is read.
      if let old, !wasChanged, rule.isSliding,
        existing(key.hash, database)?.staleTimes[key.hash.rawValue] == nil
      {
        expiry = max(old, now + seconds * 1000)
      }
    }
    if let seconds = rule.maxTTL, wasChanged {
      expiry = min(expiry ?? .max, now + seconds * 1000)
    }
    return expiry
  }

  /// Counts a key under a rule with the bytes that it has now. Its shard is locked.
  func setAccount(
    _ key: HashedKey, in database: DatabaseIndex, rule: Int, _ keyspace: borrowing Keyspace,
    now: Int64
  ) {
    guard let entry = keyspace.find(key, in: database, now: now, access: .peek) else { return }
    let notes = notes(key.hash, database)
    let account = RuleAccount(rule: rule, bytes: keyspace.memoryUsage(of: entry))
    if let word = notes.accounts[key.hash.rawValue] { subtract(RuleAccount(word: word)) }
    notes.accounts[key.hash.rawValue] = account.word
    let figures = rules?.entries[rule].figures
    figures?.keys.count()
    figures?.bytes.count(account.bytes)
    self.account(notes)
  }

  /// Stops counting a key that has gone.
  func removeAccount(_ hash: UInt64, _ notes: CacheNotes) {
    guard let word = notes.accounts[hash] else { return }
    notes.accounts[hash] = nil
    subtract(RuleAccount(word: word))
  }

  /// Takes a key out of its rule's figures.
  func subtract(_ account: RuleAccount) {
    // Accounts are dropped when rules change, so the number is one of the present rules'.
    guard let rules, account.rule < rules.entries.count else { return }
    rules.entries[account.rule].figures.keys.count(-1)
    rules.entries[account.rule].figures.bytes.count(-account.bytes)
  }

  // MARK: Before a write

  func examine(
    _ request: borrowing WriteRequest
  ) throws(CommandError) -> [(position: Int, value: [UInt8])] {
    guard let rules else { return [] }
    var strictest = CacheRule.PersonalData.allow
    var guarded: RuleFigures?
    for name in request.keys {
      guard let index = rules.match(name) else { continue }
      let entry = rules.entries[index]
      if request.mayGrow { try checkQuota(entry, name, request) }
      if entry.rule.personalData == .refuse || strictest == .allow {
        if entry.rule.personalData != .allow { guarded = entry.figures }
        strictest = entry.rule.personalData == .allow ? strictest : entry.rule.personalData
      }
    }
    guard let guarded, let place = ValuePositions.place(of: request.name.string) else { return [] }
    if case .elsewhere(let targetIsLast) = place {
      return try checkSource(request, targetIsLast: targetIsLast, guarded)
    }
    return try examineValues(request, place, guarded, refuses: strictest == .refuse)
  }

  /// Refuses what would add to a prefix that has all that it may have. With a quota of keys, those
  /// that are there may still be changed.
  private func checkQuota(
    _ entry: RuleSet.Entry, _ name: ByteView, _ request: borrowing WriteRequest
  ) throws(CommandError) {
    switch entry.rule.quota {
    case nil: return
    case .bytes(let limit): guard entry.figures.bytes.total >= limit else { return }
    case .keys(let limit):
      guard entry.figures.keys.total >= limit else { return }
      let isCounted = request.withLock(on: name) { key in
        // Any database: the request does not say which, and a key in two of them is rare.
        (0..<host.databaseCount).contains { number in
          let database = DatabaseIndex(rawValue: UInt8(number))
          return existing(key.hash, database)?.accounts[key.hash.rawValue] != nil
        }
      }
      if isCounted { return }
    }
    entry.figures.overQuota.count()
    let prefix = String(decoding: entry.rule.prefix, as: UTF8.self)
    throw .made("QUOTA keys beginning with '\(prefix)' have used up what their rule allows")
  }

  private func examineValues(
    _ request: borrowing WriteRequest, _ place: ValuePositions.Place, _ figures: RuleFigures,
    refuses: Bool
  ) throws(CommandError) -> [(position: Int, value: [UInt8])] {
    guard let redact else { return [] }
    var replaced: [(position: Int, value: [UInt8])] = []
    for position in ValuePositions.positions(place, request.arguments) {
      guard let clean = redact(request.arguments[position]) else { continue }
      if refuses {
        figures.refused.count()
        throw .fixed("PERSONALDATA the value has personal data, which its key's rule refuses")
      }
      figures.redacted.count()
      replaced.append((position, clean))
    }
    return replaced
  }

  /// A value that is no argument may come only from keys whose rules look at values, too.
  private func checkSource(
    _ request: borrowing WriteRequest, targetIsLast: Bool, _ figures: RuleFigures
  ) throws(CommandError) -> [(position: Int, value: [UInt8])] {
    let areGuarded = request.keys.map { isGuarded($0) }
    // RESTORE has one key, and brings its value along.
    if areGuarded.count > 1 {
      let target = targetIsLast ? areGuarded.count - 1 : 0
      if !areGuarded[target] || !areGuarded.contains(false) { return [] }
    }
    figures.refused.count()
    throw .fixed("PERSONALDATA the value comes from where its key's rule cannot look at it")
  }

  private func isGuarded(_ name: ByteView) -> Bool {
    guard let rules, let index = rules.match(name) else { return false }
    return rules.entries[index].rule.personalData != .allow
  }
}

/// Counts what is there under rules that have just been made, in steps between others' commands.
final class RuleWalk: Sendable {
  private let store: CacheStore
  private let generation: Int
  private let task: LoopTask
  private let position = Atomic<UInt64>(0)
  private let database = Atomic<Int>(0)

  init(_ store: CacheStore) {
    self.store = store
    generation = store.ruleGeneration.load(ordering: .relaxed)
    task = store.host.task(onLoop: 0)
  }

  func begin() {
    store.figures.ruleWalks.count()
    task.perform { [self] context in step(&context) }
  }

  private func step(_ context: inout CommandContext) {
    let budget = StepBudget()
    repeat {
      guard generation == store.ruleGeneration.load(ordering: .relaxed), let rules = store.rules,
        database.load(ordering: .relaxed) < store.host.databaseCount
      else { return end() }
      count(rules, context)
    } while !budget.isSpent
    store.figures.longestStepMicroseconds.raise(to: budget.microseconds)
    task.perform { [self] context in step(&context) }
  }

  /// Counts a batch of keys.
  private func count(_ rules: RuleSet, _ context: borrowing CommandContext) {
    let number = database.load(ordering: .relaxed)
    let index = DatabaseIndex(rawValue: UInt8(number))
    let now = context.now
    let next = context.keyspace.scan(
      in: index, cursor: position.load(ordering: .relaxed), count: StepBudget.batch, now: now
    ) { name, _ in
      guard let rule = rules.match(name) else { return }
      store.setAccount(
        context.keyspace.hash(name), in: index, rule: rule, context.keyspace, now: now)
    }
    position.store(next, ordering: .relaxed)
    if next == 0 { database.store(number + 1, ordering: .relaxed) }
  }

  private func end() { store.figures.ruleWalks.count(-1) }
}

/// Gives memory of maps back in steps: that of ten million keys takes ten milliseconds.
final class MapRelease: @unchecked Sendable {
  // Sendable: its steps run one after the other on one loop.

  private var maps: [HashMap]
  private let task: LoopTask

  init(_ maps: [HashMap], _ task: LoopTask) {
    self.maps = maps
    self.task = task
  }

  func begin() {
    task.perform { [self] _ in
      let budget = StepBudget()
      while !budget.isSpent, !maps.isEmpty { maps.removeLast() }
      if !maps.isEmpty { begin() }
    }
  }
}
