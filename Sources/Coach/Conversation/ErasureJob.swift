internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer

/// Erases a user: every key that matches a pattern of `coach-user-keys`, every conversation in
/// which there is a trace of the user, in all databases.
/// What the stream of crises says of the user and of those conversations goes, too; then the user
/// is taken out of the books of what was spent.
///
/// A conversation has one owner (`newOwner`), but other commands write to its keys as well: so its
/// state is asked and every entry of its stream. It goes as a whole, stream and state in one step,
/// for a summary alone would still have the user's words.
///
///     look ──→ read ──→ look …  slices of the keys; the streams among them, entry by entry
///      └→ crises ──→ look …     of a database; then the next database
///      └→ books ──→ receipt
///
/// Keys and entries are looked at in slices, other clients' commands between them. What is there
/// when it begins is found (`Keyspace.scan` promises that); a compaction that runs meanwhile finds
/// its conversation gone and stores nothing.
final class ErasureJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  /// Keys of a slice: some 0.3 ms.
  private static var keysMax: Int { 1000 }

  /// Entries of a slice, a stream counting as several: some 0.2 ms.
  private static var entriesMax: Int { 1000 }
  private static var entriesOfAStream: Int { 4 }

  private let user: [UInt8]
  private let patterns: [[UInt8]]
  /// Where the receipt is kept.
  private let home: DatabaseIndex
  private var current = 0
  private var cursor: UInt64 = 0
  private var removed = 0
  private var conversations = 0
  /// The names of their streams, in all databases.
  private var erased: Set<[UInt8]> = []
  /// Streams of the last slice that are still to be read, and where to go on in the last of them.
  private var unread: [[UInt8]] = []
  private var position = StreamID.zero
  /// The user and the conversations of the present database, and how far its stream of crises was
  /// looked at.
  private var subject: CrisisSubject
  private var crisisPosition: StreamID?
  private var crises = 0
  private var receipt: Receipt?

  init(_ user: [UInt8], _ settings: MemorySettings, home: DatabaseIndex) {
    self.user = user
    subject = CrisisSubject(user: user)
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
    case begin, look, read, crises, books, receipt
  }

  private var stage = Stage.begin
  /// Why the books still name the user.
  private var failure: FileError?

  var database: DatabaseIndex? {
    switch stage {
    case .look, .read, .crises: DatabaseIndex(rawValue: UInt8(current))
    case .begin, .books, .receipt: home
    }
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    switch stage {
    case .begin:
      // The first step is in the client's database; from then on `database` says where.
      stage = .look
      return .again
    case .look: look(context)
    case .read: read(context)
    case .crises: forgetCrises(context)
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
    return stage == .books ? .work : .again
  }

  /// On to the next database, or to the books.
  private func goOn(_ context: borrowing CommandContext) {
    subject.conversations = []
    cursor = 0
    current += 1
    stage = current >= context.databaseCount ? .books : .look
  }

  /// Takes the user out of the books of what was spent.
  func work() {
    AnswerCache.shared.forget(user: user, conversations: erased)
    erased = []
    failure = RoutingState.forget(user)
    stage = .receipt
  }

  func write(_ reply: inout ReplyWriter) { receipt?.write(&reply) }

  /// Erases what a slice of the keys shows to be the user's.
  private func look(_ context: borrowing CommandContext) {
    var keys: [[UInt8]] = []
    var own: Set<[UInt8]> = []
    cursor = context.keyspace.scan(
      in: context.database, cursor: cursor, count: Self.keysMax, now: context.now
    ) { name, entry in
      let type = context.keyspace.type(of: entry)
      let isStream = ConversationKeys.isStream(name)
      let isState = !isStream && ConversationKeys.isState(name)
      if patterns.contains(where: { $0.withByteView { Glob.matches($0, name) } })
        || isState && type == .hash
          && isOwner(HashObject(object(of: entry, name, context), now: context.now))
      {
        if isStream || isState {
          own.insert(Self.streamName(name).array)
        } else {
          keys.append(name.array)
        }
      } else if isStream, type == .stream {
        unread.append(name.array)
      }
    }
    for name in keys {
      let isGone = context.withLocks(on: [name]) { context.remove($0[0], event: "del") }
      if isGone { removed += 1 }
    }
    for name in own {
      context.withLocks(on: Self.names(name)) { erase(name, $0, context) }
    }
    position = .zero
    stage = .read
    if unread.isEmpty { goOnLooking(context) }
  }

  /// Reads entries of the streams that were found, and erases those conversations in which the
  /// user is named.
  private func read(_ context: borrowing CommandContext) {
    var left = Self.entriesMax
    while left > 0, let name = unread.last {
      left -= Self.entriesOfAStream
      let isDone = context.withLocks(on: Self.names(name)) { keys in
        guard let entry = context.peek(keys[0]), context.keyspace.type(of: entry) == .stream else {
          return true
        }
        let stream = StreamObject(context.keyspace.object(of: entry, keys[0]))
        var cursor = stream.cursor(from: position, through: .max)
        while left > 0 {
          guard let entry = cursor.next() else { return true }
          left -= 1 + entry.fieldCount / 8
          if namesUser(entry) {
            erase(name, keys, context)
            return true
          }
          guard let following = entry.id.successor else { return true }
          position = following
        }
        return false
      }
      if isDone {
        unread.removeLast()
        position = .zero
      }
    }
    if unread.isEmpty { goOnLooking(context) }
  }

  /// On to the next slice of keys or, after the last, to the stream of crises.
  private func goOnLooking(_ context: borrowing CommandContext) {
    stage = .look
    guard cursor == 0 else { return }
    stage = .crises
    crisisPosition = .zero
    crises += context.dropCrises(of: subject)
  }

  private func forgetCrises(_ context: borrowing CommandContext) {
    crises += context.forgetCrises(of: subject, from: &crisisPosition)
    if crisisPosition == nil { goOn(context) }
  }

  /// Removes both keys of a conversation, which are locked.
  private func erase(
    _ name: [UInt8], _ keys: [HashedKey], _ context: borrowing CommandContext
  ) {
    let count = keys.reduce(0) { $0 + (context.remove($1, event: "del") ? 1 : 0) }
    removed += count
    subject.conversations.insert(name.withByteView { CommandContext.conversationID($0).array })
    erased.insert(name)
    if count > 0 { conversations += 1 }
  }

  /// The names of both keys of the conversation whose stream is `name`.
  private static func names(_ name: [UInt8]) -> [[UInt8]] {
    [name, name.withByteView { ConversationKeys.state.name(for: $0) }]
  }

  /// The name of the stream that a conversation's key belongs to: it ends with the brace.
  private static func streamName(_ name: ByteView) -> ByteView {
    var end = name.count
    while end > 0, name[end - 1] != UInt8(ascii: "}") { end -= 1 }
    return name[0..<end]
  }

  private func object(
    of entry: EntryHandle, _ name: ByteView, _ context: borrowing CommandContext
  ) -> ObjectReference {
    context.keyspace.object(of: entry, context.hash(name))
  }

  /// Whether a conversation's state names the user as its owner.
  private func isOwner(_ state: HashObject) -> Bool {
    state.value(of: ByteView("user"))?.withText { isUser($0) } ?? false
  }

  /// Whether an entry has the user's name.
  private func namesUser(_ entry: StreamEntry) -> Bool {
    var isNamed = false
    entry.forEachField { field, value in
      guard case .bytes(let name) = field, name == "user" else { return }
      if value.withText({ isUser($0) }) { isNamed = true }
    }
    return isNamed
  }

  private func isUser(_ text: ByteView) -> Bool { user.withByteView { $0 == text } }
}
