internal import Bytes
internal import CacheCore

/// What an entry of a conversation's stream is.
enum EntryKind: Equatable, Sendable {
  case user, assistant
  /// Instructions; the last ones count.
  case system
  /// A fact that is sent always, see COACH.PIN.
  case pin

  /// Whether it is part of the dialogue.
  var isMessage: Bool { self == .user || self == .assistant }

  /// The role as it is stored, and sent where it is a message's.
  var name: StaticString {
    switch self {
    case .user: "user"
    case .assistant: "assistant"
    case .system: "system"
    case .pin: "pin"
    }
  }

  /// The role that a client names; pins are no role.
  init?(role: ByteView) {
    // Mostly one of these two as they are written here.
    if role == "user" || role.equalsIgnoringCase("user") {
      self = .user
    } else if role == "assistant" {
      self = .assistant
    } else if role.equalsIgnoringCase("assistant") {
      self = .assistant
    } else if role.equalsIgnoringCase("system") {
      self = .system
    } else {
      return nil
    }
  }
}

/// An entry of a conversation's stream in hand: fields role, text, tokens, label, and user where
/// the conversation has an owner. Valid until the stream changes.
///
/// The stream is an ordinary key, so entries may have been written by anybody: what has no known
/// role counts as a user's, what has no count is counted.
struct ConversationEntry {
  let id: StreamID
  private(set) var kind = EntryKind.user
  private(set) var text = ListpackValue.bytes(.empty)
  private var storedTokens: Int?
  private(set) var user: ListpackValue?

  init(_ entry: StreamEntry) {
    id = entry.id
    var role = EntryKind.user
    var text = ListpackValue.bytes(.empty)
    var tokens: Int?
    var user: ListpackValue?
    entry.forEachField { field, value in
      guard case .bytes(let name) = field else { return }
      if name == "text" {
        text = value
      } else if name == "role" {
        if case .bytes(let given) = value {
          role = given == "pin" ? .pin : EntryKind(role: given) ?? .user
        }
      } else if name == "tokens" {
        if case .integer(let count) = value, count >= 0, count <= 1 << 40 { tokens = Int(count) }
      } else if name == "user" {
        user = value
      }
    }
    kind = role
    self.text = text
    storedTokens = tokens
    self.user = user
  }

  /// Tokens of the text, counted where they are not stored.
  func tokens(_ counter: TokenCounter) -> Int {
    storedTokens ?? text.withText { counter.contentTokens($0) }
  }

  /// A copy of the text.
  var textArray: [UInt8] { text.withText { $0.array } }
}

extension StreamObject {
  /// The last entry; nil when there is none.
  var lastEntry: ConversationEntry? {
    var cursor = cursor(from: .zero, through: .max, isReversed: true)
    return cursor.next().map { ConversationEntry($0) }
  }
}
