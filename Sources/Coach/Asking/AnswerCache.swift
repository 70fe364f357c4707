internal import Bytes
internal import Platform

/// Answers that are given again without asking the provider: to small talk, and to questions that
/// an operator has listed as static.
///
/// An answer is found by what it was an answer to: the model that would be asked, everything that
/// would be sent in front of the message (system prompt, facts, summary, recent messages), the
/// message in its normal form, and whose it is. So two who say "hello" at the beginning of their
/// conversations do not share an answer unless they are one user; and whoever says it in the middle
/// of one gets an answer of the same middle, or none. A static question that is all of its
/// conversation, but for the system prompt, is answered to everybody alike.
///
///     entries   key → answer, owner, conversation, end       order   keys as they came
///
/// Never here: what belongs to a message with crisis signals or personal data, an answer with
/// personal data, a refusal, an answer that was cut off; see `AskJob.cacheKey` and `mayKeep`.
///
/// Bounded in bytes; beyond, the oldest go. Only what is equal in normal form is equal: there is no
/// approximate matching.
final class AnswerCache: Sendable {
  /// What an answer is found by.
  struct Key: Hashable, Sendable {
    let digest: [UInt8]
  }

  private struct Entry {
    let answer: ClaudeAnswer
    /// Who may be given it: "u:" and a user, "c:" and a conversation; empty: everybody.
    let owner: [UInt8]
    let conversation: [UInt8]
    let endsAt: Int64
    let number: UInt64
    let byteCount: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var order: [(key: Key, number: UInt64)] = []
    /// Places at the beginning of `order` that are done with.
    var passed = 0
    var bytes = 0
    var nextNumber: UInt64 = 0
  }

  /// Answers that are longer, in bytes, are not kept.
  static let answerBytesMax = 16_384
  /// What an entry costs beside its texts.
  private static let entryBytes = 400

  /// The one of this process.
  static let shared = AnswerCache()

  private let state = Guarded(State())

  /// Monotonic seconds.
  static var now: Int64 { Clock.monotonicMicroseconds / 1_000_000 }

  /// Entries and bytes held.
  var size: (entries: Int, bytes: Int) { state.withLock { ($0.entries.count, $0.bytes) } }

  /// The answer for a key.
  func find(_ key: Key, now: Int64) -> ClaudeAnswer? {
    state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      guard entry.endsAt > now else {
        Self.remove(key, &state)
        return nil
      }
      return entry.answer
    }
  }

  /// Keeps an answer.
  ///
  /// - Parameters:
  ///   - owner: whose it is, see `forget`; empty: nobody's.
  ///   - bytesMax: what all may take.
  func insert(
    _ answer: ClaudeAnswer, for key: Key, owner: [UInt8], conversation: [UInt8], endsAt: Int64,
    bytesMax: Int
  ) {
    let byteCount =
      Self.entryBytes + answer.text.utf8.count + owner.count + conversation.count
    guard answer.text.utf8.count <= Self.answerBytesMax, byteCount <= bytesMax else { return }
    state.withLock { state in
      Self.remove(key, &state)
      state.nextNumber += 1
      state.entries[key] = Entry(
        answer: answer, owner: owner, conversation: conversation, endsAt: endsAt,
        number: state.nextNumber, byteCount: byteCount)
      state.order.append((key, state.nextNumber))
      state.bytes += byteCount
      while state.bytes > bytesMax, state.passed < state.order.count {
        let oldest = state.order[state.passed]
        state.passed += 1
        if state.entries[oldest.key]?.number == oldest.number { Self.remove(oldest.key, &state) }
      }
      Self.tidy(&state)
    }
  }

  /// Forgets what is a user's, or came from one of some conversations.
  ///
  /// - Complexity: O(entries)
  func forget(user: [UInt8], conversations: Set<[UInt8]> = []) {
    let owner = Array("u:".utf8) + user
    forget { $0.owner == owner || conversations.contains($0.conversation) }
  }

  /// The same for a conversation.
  func forget(conversation: [UInt8]) { forget { $0.conversation == conversation } }

  private func forget(_ isMeant: (Entry) -> Bool) {
    state.withLock { state in
      for key in state.entries.filter({ isMeant($0.value) }).map(\.key) {
        Self.remove(key, &state)
      }
    }
  }

  /// Forgets everything.
  func removeAll() { state.withLock { $0 = State() } }

  private static func remove(_ key: Key, _ state: inout State) {
    guard let entry = state.entries.removeValue(forKey: key) else { return }
    state.bytes -= entry.byteCount
  }

  /// Drops places of entries that have gone, once they are more than those that are there.
  private static func tidy(_ state: inout State) {
    guard state.order.count > 64, state.order.count > state.entries.count * 2 else { return }
    state.order = state.order[state.passed...].filter { state.entries[$0.key]?.number == $0.number }
    state.passed = 0
  }

  /// Checks bytes, and that every entry has its place in the order.
  func checkInvariants() {
    state.withLock { state in
      precondition(state.bytes == state.entries.values.reduce(0) { $0 + $1.byteCount })
      let places = Set(state.order[state.passed...].map(\.number))
      precondition(state.entries.values.allSatisfy { places.contains($0.number) })
    }
  }
}

/// Texts that are equal but for how they are written.
enum NormalText {
  /// Lower case, single blanks, straight apostrophes, and no full stops or exclamation marks at the
  /// end. A question mark stays: "really" is no question.
  static func of(_ text: ByteView) -> String {
    var normal = ""
    var isBlankDue = false
    for character in text.string.lowercased() {
      if character.isWhitespace {
        isBlankDue = !normal.isEmpty
        continue
      }
      if isBlankDue { normal.append(" ") }
      isBlankDue = false
      normal.append(character == "\u{2019}" ? "'" : character)
    }
    while let last = normal.last, last == "." || last == "!" || last == " " { normal.removeLast() }
    return normal
  }
}

/// The questions that an operator has listed: one a line, `#` begins a comment.
struct StaticQuestions: Sendable {
  static let fileBytesMax = 1 << 20

  private let questions: Set<String>

  /// None.
  init() { questions = [] }

  /// Those of a file's text.
  init(_ text: String) {
    questions = Set(
      text.split(whereSeparator: \.isNewline).map { line in
        Array(line.utf8).withByteView { NormalText.of($0) }
      }.filter { !$0.isEmpty && !$0.hasPrefix("#") })
  }

  /// Whether a message is one of them.
  func contains(_ normal: String) -> Bool { questions.contains(normal) }

  /// How many.
  var count: Int { questions.count }
}
