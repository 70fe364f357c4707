internal import Bytes
internal import CacheCore
internal import RESPServer

/// What is known about a conversation: the hash beside its stream.
///
///     entries, messages, history_tokens
///                                  what the stream holds, and the tokens of its messages
///     user                         whose conversation it is
///     system, system_tokens        the entry with the instructions in force
///     pins, pin_tokens             entries with pinned facts, tokens of the block they make
///     version, summary, summary_tokens, through, covered, covered_tokens
///                                  the summary, and what it covers: all messages up to `through`
///     budget, recent               what it was made for
///     removed                      the greatest entry deleted by then
///     sent_at, sent_tokens, sent_full
///                                  when COACH.CONTEXT was asked last, and what it sent
///     context_tokens               what would be sent now: summary and messages since
///     placeholders                 which numbers redacted values have
///     tier, spent, answered_at …   kept by the routing
///
/// All but `user`, `placeholders` and what the routing keeps follows from the stream: when the hash
/// is lost, or the stream was changed behind its back (`entries` tells), it is made again.
struct ConversationState {
  /// Entries of the stream that are counted in; -1: not known.
  var entries = -1
  var messages = 0
  var tokens = 0
  var system: StreamID?
  var systemTokens = 0
  var pins: [StreamID] = []
  var pinTokens = 0

  /// Counts the changes of summary and range; 0: there is none.
  var version = 0
  var summary: [UInt8] = []
  /// Tokens of the block that the summary makes; 0: it is empty.
  var summaryTokens = 0
  var through = StreamID.zero
  var covered = 0
  var coveredTokens = 0
  var budget = 0
  var recent = 0
  var removed = StreamID.zero

  /// Tokens of summary and messages since, separators included.
  ///
  /// - Parameter separator: for each block beside its text.
  func contextTokens(separator: Int) -> Int {
    let blocks = recentCount + (summaryTokens > 0 ? 1 : 0)
    return summaryTokens + recentTokens + blocks * separator
  }

  /// Unix milliseconds; 0: never.
  var sentAt = 0
  var sentTokens = 0
  var sentFull = 0
  var tier: [UInt8] = []

  /// Whether there is a hash at all.
  private(set) var isStored = false

  /// Messages that are not covered.
  var recentCount: Int { messages - covered }
  var recentTokens: Int { tokens - coveredTokens }

  /// Of a conversation without a hash.
  init() {}

  /// Reads a hash; what makes no sense counts as missing.
  init(_ hash: HashObject?) {
    guard let hash else { return }
    isStored = true
    func number(_ name: StaticString, _ missing: Int = 0) -> Int {
      guard case .integer(let value)? = hash.integer(name), value >= missing, value < 1 << 53
      else { return missing }
      return Int(value)
    }
    func id(_ name: StaticString) -> StreamID? {
      hash.value(of: ByteView(name))?.withText { StreamID($0, missingSequence: 0) }
    }
    func text(_ name: StaticString) -> [UInt8] {
      hash.value(of: ByteView(name))?.withText { $0.array } ?? []
    }
    entries = number("entries", -1)
    messages = number("messages")
    tokens = number("history_tokens")
    system = id("system")
    systemTokens = number("system_tokens")
    pins = Self.ids(text("pins"))
    pinTokens = number("pin_tokens")
    version = number("version")
    if version > 0 {
      summary = text("summary")
      summaryTokens = number("summary_tokens")
      through = id("through") ?? .zero
      covered = min(number("covered"), messages)
      coveredTokens = min(number("covered_tokens"), tokens)
      budget = number("budget")
      recent = number("recent")
      removed = id("removed") ?? .zero
    }
    sentAt = number("sent_at")
    sentTokens = number("sent_tokens")
    sentFull = number("sent_full")
    tier = text("tier")
    dropIncomplete(hash)
  }

  /// Lets be made again what has lost a part: the counts, or the summary with its range.
  private mutating func dropIncomplete(_ hash: HashObject) {
    let summaryParts: [StaticString] = [
      "summary", "summary_tokens", "through", "covered", "covered_tokens",
    ]
    if version > 0, !summaryParts.allSatisfy({ hash.contains(ByteView($0)) }) {
      version = 0
      (summary, summaryTokens, through) = ([], 0, .zero)
      (covered, coveredTokens) = (0, 0)
      entries = -1
    }
    if entries > 0, !hash.contains(ByteView("messages")) { entries = -1 }
    if messages > 0, !hash.contains(ByteView("history_tokens")) { entries = -1 }
    if pins.isEmpty, pinTokens > 0 { entries = -1 }
    if system == nil, systemTokens > 0 { entries = -1 }
  }

  private static func ids(_ text: [UInt8]) -> [StreamID] {
    text.split(separator: 0x20).compactMap { part in
      Array(part).withByteView { StreamID($0, missingSequence: 0) }
    }
  }

  /// Whether what is counted is what the stream holds.
  func fits(_ stream: StreamObject) -> Bool { entries == stream.count }

  // MARK: Writing

  /// Writes what is counted of the stream.
  func writeCounts(_ writer: inout StateWriter) {
    writer.set("entries", entries)
    writer.set("messages", messages)
    writer.set("history_tokens", tokens)
    writer.set("covered", covered)
    writer.set("covered_tokens", coveredTokens)
    // What is left of a summary that has lost a part.
    if version == 0 { writer.remove("version", "summary", "summary_tokens", "through") }
    writeContext(&writer)
    writeSystem(&writer)
    writePins(&writer)
  }

  private func writeContext(_ writer: inout StateWriter) {
    let separator = CoachState.memorySettings.counter.messageFrameTokens
    writer.set("context_tokens", contextTokens(separator: separator))
  }

  func writeSystem(_ writer: inout StateWriter) {
    guard let system else { return writer.remove("system", "system_tokens") }
    writer.set("system", Array(system.description.utf8))
    writer.set("system_tokens", systemTokens)
  }

  func writePins(_ writer: inout StateWriter) {
    guard !pins.isEmpty else { return writer.remove("pins", "pin_tokens") }
    let text = pins.map(\.description).joined(separator: " ")
    writer.set("pins", Array(text.utf8))
    writer.set("pin_tokens", pinTokens)
  }

  /// Writes the summary and its range.
  func writeSummary(_ writer: inout StateWriter) {
    writer.set("version", version)
    writer.set("summary", summary)
    writer.set("summary_tokens", summaryTokens)
    writer.set("through", Array(through.description.utf8))
    writer.set("covered", covered)
    writer.set("covered_tokens", coveredTokens)
    writer.set("budget", budget)
    writer.set("recent", recent)
    writer.set("removed", Array(removed.description.utf8))
    writeContext(&writer)
  }

  func writeSent(_ writer: inout StateWriter) {
    writer.set("sent_at", sentAt)
    writer.set("sent_tokens", sentTokens)
    writer.set("sent_full", sentFull)
  }
}

extension CommandContext {
  /// The names of the command's keys, for work that goes on after it.
  var keyNames: [[UInt8]] { (0..<keyCount).map { self[key: $0].bytes.array } }
}

/// Sets fields of a conversation's hash.
struct StateWriter {
  let hash: HashObject
  let limits: HashLimits
  /// Behind the field that was added to last: they are best changed in the order in which they
  /// were made. Known only until another change.
  private var next = HashObject.FieldCursor()

  init(hash: HashObject, limits: HashLimits) {
    self.hash = hash
    self.limits = limits
  }

  mutating func set(_ name: StaticString, _ value: Int) {
    ListpackValue.integer(Int64(value)).withText { set(name, $0) }
  }

  /// Adds to a number, which is 0 where it is missing or none; returns the sum.
  @discardableResult
  mutating func add(_ name: StaticString, _ amount: Int) -> Int {
    if let sum = addIfThere(name, amount) { return sum }
    set(name, amount)
    return amount
  }

  /// Adds to a number; nil where it is missing or none.
  mutating func addIfThere(_ name: StaticString, _ amount: Int) -> Int? {
    hash.add(Int64(amount), to: ByteView(name), limits, near: &next).map { Int($0) }
  }

  mutating func set(_ name: StaticString, _ value: [UInt8]) {
    value.withByteView { set(name, $0) }
  }

  mutating func set(_ name: StaticString, _ value: ByteView) {
    next = HashObject.FieldCursor()
    _ = hash.set(ByteView(name), to: value, limits)
  }

  mutating func remove(_ names: StaticString...) {
    next = HashObject.FieldCursor()
    for name in names { _ = hash.remove(ByteView(name)) }
  }
}

extension HashObject {
  /// A field's value as a number.
  func integer(_ name: StaticString) -> ListpackValue? {
    switch value(of: ByteView(name)) {
    case .integer(let number): .integer(number)
    case .bytes(let text): IntegerText.parseInt64(text).map { .integer($0) }
    case nil: nil
    }
  }
}

extension CommandContext {
  /// Changes the hash at the command's second key, which is made where there is none.
  func changeState(_ change: (inout StateWriter) -> Void) throws(CommandError) {
    try changeState(hashForWriting(self[key: 1]), change)
  }

  /// The same where the hash is in hand already.
  func changeState(
    _ existing: HashObject?, _ change: (inout StateWriter) -> Void
  ) throws(CommandError) {
    let key = self[key: 1]
    let hash = existing ?? makeHash(for: key)
    var writer = StateWriter(hash: hash, limits: hashLimits)
    change(&writer)
    if existing == nil { try insertObject(hash.object, at: key) }
    changed(key, "hset", .hash)
  }

  /// Lets both keys live as long as the settings say, from now on.
  func renewLifetime() {
    let seconds = CoachState.memorySettings.lifetimeSeconds
    guard seconds > 0 else { return }
    for index in 0..<2 {
      let deadline = now + Int64(seconds) * 1000
      // Short of memory a key keeps the deadline it has.
      _ = try? keyspace.setExpiry(self[key: index], in: database, at: deadline, now: now)
    }
  }
}
