internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer

/// Erases a user: every key that matches a pattern of `coach-user-keys`, every conversation
/// whose owner the user is, in all databases.
/// What the stream of crises says of those conversations goes, too; then the user is taken out of
/// the books of what was spent.
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
  /// The conversations of the present database, and how far its stream of crises was looked at.
  private var erased: Set<[UInt8]> = []
  private var crisisPosition: StreamID?
  private var crises = 0
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

  /// What is next.
  private enum Stage {
    case begin, look, crises, books, receipt
  }

  private var stage = Stage.begin
  /// Why the books still name the user.
  private var failure: FileError?

  var database: DatabaseIndex? {
    stage == .look || stage == .crises ? DatabaseIndex(rawValue: UInt8(current)) : home
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    switch stage {
    case .begin:
      // The first step is in the client's database; from then on `database` says where.
      stage = .look
      return .again
    case .look: break
    case .crises:
      crises += context.forgetCrises(of: erased, from: &crisisPosition)
      if crisisPosition == nil { goOn(context) }
      return stage == .books ? .work : .again
    case .books: return .work
    case .receipt:
      if let failure {
        throw .made(
          "ERR the keys are erased, but \(failure.path) still names the user: \(failure.message)")
      }
      let made = Receipt(
        kind: "user", keys: removed, conversations: conversations, crises: crises)
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
      if erased.isEmpty {
        goOn(context)
      } else {
        stage = .crises
        crisisPosition = .zero
      }
    }
    return stage == .books ? .work : .again
  }

  /// On to the next database, or to the books.
  private func goOn(_ context: borrowing CommandContext) {
    erased = []
    current += 1
    stage = current >= context.databaseCount ? .books : .look
  }

  /// Takes the user out of the books of what was spent.
  func work() {
    AnswerCache.shared.forget(user: user)
    failure = RoutingState.forget(user)
    stage = .receipt
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
      if isConversation || ConversationKeys.isState(name) {
        erased.insert(CommandContext.conversationID(Self.streamName(name)).array)
      }
    }
    return (found, next)
  }

  /// The name of the stream that a conversation's key belongs to: it ends with the brace.
  private static func streamName(_ name: ByteView) -> ByteView {
    var end = name.count
    while end > 0, name[end - 1] != UInt8(ascii: "}") { end -= 1 }
    return name[0..<end]
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
  static func isStream(_ name: ByteView) -> Bool { stream.makes(name) }

  static func isState(_ name: ByteView) -> Bool { state.makes(name) }
}
