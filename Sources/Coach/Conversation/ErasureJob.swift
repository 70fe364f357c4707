internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// Erases a user: every key that matches a pattern of `coach-user-keys`, every conversation
/// whose owner the user is, in all databases.
///
/// Keys are looked at in slices, other clients' commands between them. What is there when it begins
/// is found (`Keyspace.scan` promises that); a compaction that runs meanwhile finds its
/// conversation gone and stores nothing.
final class ErasureJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  /// Keys of a slice: some 0.3 ms.
  private static var keysMax: Int { 1000 }

  private let user: [UInt8]
  private let patterns: [[UInt8]]
  /// Where the receipt is kept.
  private let home: DatabaseIndex
  private var current = 0
  private var cursor: UInt64 = 0
  private var removed = 0
  private var conversations = 0
  private var receipt: Receipt?

  init(_ user: [UInt8], _ settings: MemorySettings, home: DatabaseIndex) {
    self.user = user
    patterns = settings.userPatterns.map { Self.pattern($0, user) }
    self.home = home
  }

  /// A pattern with the user in the place of %u, whose signs mean only themselves.
  static func pattern(_ pattern: [UInt8], _ user: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < pattern.count {
      guard pattern[index] == 0x25, index + 1 < pattern.count, pattern[index + 1] == 0x75 else {
        result.append(pattern[index])
        index += 1
        continue
      }
      for byte in user {
        if ByteView("*?[]\\^-").firstIndex(of: byte) != nil { result.append(0x5C) }
        result.append(byte)
      }
      index += 2
    }
    return result
  }

  var database: DatabaseIndex? {
    receipt == nil && !isScanned ? DatabaseIndex(rawValue: UInt8(current)) : home
  }

  private var isScanned = false
  private var isForgotten = false
  private var hasBegun = false

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    // The first step is in the client's database; from then on `database` says where.
    guard hasBegun else {
      hasBegun = true
      return .again
    }
    if isScanned {
      guard isForgotten else { return .work }
      let made = Receipt(kind: "user", keys: removed, conversations: conversations)
      made.store(context)
      receipt = made
      return .done
    }
    let (found, next) = look(context)
    for name in found {
      let isGone = context.withLocks(on: [name]) { context.remove($0[0], event: "del") }
      if isGone { removed += 1 }
    }
    cursor = next
    if next == 0 {
      current += 1
      isScanned = current >= context.databaseCount
    }
    return .again
  }

  /// Once all keys are gone: what is kept of the user elsewhere.
  func work() {
    RoutingState.forget(user)
    isForgotten = true
  }

  func write(_ reply: inout ReplyWriter) { receipt?.write(&reply) }

  /// The user's keys in a slice.
  private func look(_ context: borrowing CommandContext) -> (found: [[UInt8]], next: UInt64) {
    var found: [[UInt8]] = []
    let next = context.keyspace.scan(
      in: context.database, cursor: cursor, count: Self.keysMax, now: context.now
    ) { name, entry in
      let type = context.keyspace.type(of: entry)
      let isConversation = type == .stream && ConversationKeys.isStream(name)
      let isOwn =
        patterns.contains { $0.withByteView { Glob.matches($0, name) } }
        || (isConversation || type == .hash && ConversationKeys.isState(name))
          && owns(context.keyspace.object(of: entry, context.hash(name)), type, context.now)
      guard isOwn else { return }
      found.append(name.array)
      if isConversation { conversations += 1 }
    }
    return (found, next)
  }

  /// Whether a conversation's stream or state names the user as its owner.
  private func owns(_ object: ObjectReference, _ type: ValueType, _ now: Int64) -> Bool {
    if type == .hash {
      return HashObject(object, now: now).value(of: ByteView("user"))?.withText { isUser($0) }
        ?? false
    }
    let stream = StreamObject(object)
    var first = stream.cursor(from: .zero, through: .max)
    let ends = [first.next().map { ConversationEntry($0) }, stream.lastEntry]
    return ends.contains { $0?.user?.withText { isUser($0) } ?? false }
  }

  private func isUser(_ text: ByteView) -> Bool { user.withByteView { $0 == text } }
}

extension ConversationKeys {
  /// Whether a key's name is that of a conversation's stream, and of its state.
  static func isStream(_ name: ByteView) -> Bool { isMade(name, stream) }

  static func isState(_ name: ByteView) -> Bool { isMade(name, state) }

  private static func isMade(_ name: ByteView, _ template: KeyTemplate) -> Bool {
    let head = template.prefix.utf8CodeUnitCount
    let tail = template.suffix.utf8CodeUnitCount
    return name.count > head + tail && name[0..<head] == template.prefix
      && name.dropFirst(name.count - tail) == template.suffix
  }
}
