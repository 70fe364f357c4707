internal import Bytes
internal import CacheCore
internal import Platform
internal import RESPServer

/// Entries of the stream of crises.
enum CrisisEntry {
  /// Entries from the end that are looked at for one that says the same, and how old it may be.
  private static var lookedAtMax: Int { 16 }
  private static var sameMilliseconds: UInt64 { 10_000 }

  /// Entries that are looked at in one step.
  private static var sliceMax: Int { 1000 }

  private static let hash = SipHash.random()

  /// A number for a user, as hexadecimal digits; empty for nobody.
  static func digest(ofUser user: [UInt8]) -> [UInt8] {
    user.isEmpty ? [] : Array(String(user.withByteView { hash($0) }, radix: 16).utf8)
  }

  /// Bytes of a message that are compared: this is done on a loop.
  private static var comparedBytesMax: Int { 512 }

  /// A number for a message, as hexadecimal digits: the same before and after its personal data was
  /// taken out, where redacting twice changes nothing. Messages that begin alike have the same.
  static func digest(of text: ByteView) -> [UInt8] {
    let head = text[0..<min(text.count, 2 * comparedBytesMax)]
    let number = Redactor.forWriting.redact(head).bytes.withByteView {
      hash($0[0..<min($0.count, comparedBytesMax)])
    }
    return Array(String(number, radix: 16).utf8)
  }

  /// Whether something else than the source of this entry has told the same a moment ago.
  static func isTold(
    _ entry: [(field: [UInt8], value: [UInt8])], in stream: StreamObject, now: UInt64
  ) -> Bool {
    var cursor = stream.cursor(from: .zero, through: .max, isReversed: true)
    for _ in 0..<lookedAtMax {
      guard let other = cursor.next(), other.id.milliseconds + sameMilliseconds >= now else {
        return false
      }
      var same = 0
      var isOtherSource = false
      other.forEachField { field, value in
        for (name, own) in entry where field.withText({ text in name.withByteView { $0 == text } })
        {
          let isEqual = value.withText { text in own.withByteView { $0 == text } }
          if name == Array("source".utf8) {
            isOtherSource = !isEqual
          } else if name != Array("excerpt".utf8), name != Array("user".utf8), isEqual {
            same += 1
          }
        }
      }
      // Conversation, category, level and message.
      if same == 4, isOtherSource { return true }
    }
    return false
  }

  /// Whether an entry is about somebody. Digits alone are stored as a number.
  private static func isAbout(_ subject: CrisisSubject, _ entry: StreamEntry) -> Bool {
    var isAbout = false
    entry.forEachField { field, value in
      guard case .bytes(let name) = field else { return }
      if name == "conversation" {
        if subject.conversations.contains(value.withText { $0.array }) { isAbout = true }
      } else if name == "user", !subject.user.isEmpty {
        let isUser = value.withText { text in subject.user.withByteView { $0 == text } }
        if isUser { isAbout = true }
      }
    }
    return isAbout
  }

  /// Removes the entries about somebody, of the next slice.
  ///
  /// - Parameter next: where to begin; then where to go on, nil when all was looked at.
  /// - Returns: how many were removed.
  static func remove(
    of subject: CrisisSubject, in stream: StreamObject, next: inout StreamID?
  ) -> Int {
    var cursor = stream.cursor(from: next ?? .zero, through: .max)
    next = nil
    var gone: [StreamID] = []
    var left = sliceMax
    while let entry = cursor.next() {
      if left == 0 {
        next = entry.id
        break
      }
      left -= 1
      if isAbout(subject, entry) { gone.append(entry.id) }
    }
    for id in gone { stream.remove(id) }
    return gone.count
  }
}

extension CommandContext {
  /// Lets go of the entries about somebody that are still to be written.
  ///
  /// - Returns: how many.
  func dropCrises(of subject: CrisisSubject) -> Int {
    let database = database
    return PendingCrises.shared.withLock { $0.drop(subject, in: database) }
  }

  /// Removes what the stream of crises says of somebody, a slice of it.
  ///
  /// - Parameter next: where to begin; then where to go on, nil when all was looked at.
  /// - Returns: how many entries went.
  func forgetCrises(of subject: CrisisSubject, from next: inout StreamID?) -> Int {
    let name = CoachState.safetySettings.streamKey
    let start = next
    next = nil
    guard !name.isEmpty else { return 0 }
    let (removed, following) = withLocks(on: [name]) { keys -> (Int, StreamID?) in
      var position = start
      guard let found = try? streamForWriting(keys[0]) else { return (0, nil) }
      let removed = CrisisEntry.remove(of: subject, in: found, next: &position)
      if removed > 0 { changed(keys[0], "xdel", .stream) }
      return (removed, position)
    }
    next = following
    return removed
  }
}

/// Whose entries of the stream of crises are looked for: those of some conversations, and those of
/// a user whose conversations may be gone by now.
struct CrisisSubject: Sendable {
  var conversations: Set<[UInt8]> = []
  /// The user's number; empty: no user.
  private(set) var user: [UInt8] = []

  /// All about these conversations.
  init(conversations: Set<[UInt8]>) { self.conversations = conversations }

  /// All about a user.
  init(user: [UInt8]) { self.user = CrisisEntry.digest(ofUser: user) }
}

/// Entries that are still to be written, because that comes after the command that found the
/// crisis: what erases drops them, wherever they wait, before it looks at the stream.
///
/// An entry is taken with the stream locked in which it is written at once, so whoever finds it
/// here no more finds it there.
struct PendingCrises: Sendable {
  private struct Note: Sendable {
    let database: DatabaseIndex
    let conversation: [UInt8]
    let user: [UInt8]
  }

  static let shared = Guarded(PendingCrises())

  private var notes: [UInt64: Note] = [:]
  private var next: UInt64 = 0

  /// Adds an entry, which waits from now on.
  ///
  /// - Returns: its number.
  mutating func add(_ conversation: [UInt8], user: [UInt8], in database: DatabaseIndex) -> UInt64 {
    next += 1
    notes[next] = Note(database: database, conversation: conversation, user: user)
    return next
  }

  /// Takes an entry, to be written; false when it was dropped.
  mutating func take(_ number: UInt64) -> Bool { notes.removeValue(forKey: number) != nil }

  /// Drops the entries of a database about somebody.
  ///
  /// - Returns: how many.
  /// - Complexity: O(entries that wait)
  mutating func drop(_ subject: CrisisSubject, in database: DatabaseIndex) -> Int {
    let before = notes.count
    notes = notes.filter { _, note in
      let isAbout =
        subject.conversations.contains(note.conversation)
        || !note.user.isEmpty && note.user == subject.user
      return note.database != database || !isAbout
    }
    return before - notes.count
  }
}
