internal import Bytes
internal import RESPServer

/// Where a conversation is kept: in ordinary keys, so that expiry, rights, XRANGE and every client
/// work on it. All commands of the coach take their names from here.
///
///     wingman:conv:{ID}          stream, an entry a message: role, text, tokens, label
///     wingman:conv:{ID}:state    hash: the fields below
///
/// The braces put both into one slot, which is that of the ID itself.
enum ConversationKeys {
  /// What all of them begin with: `coach-conversation-prefix`.
  static let prefix = KeyPrefix("wingman:conv:")
  /// The stream of messages.
  static let stream = KeyTemplate(prefix, "{", "}")
  /// The hash of what is known of the conversation.
  static let state = KeyTemplate(prefix, "{", "}:state")

  /// The key specifications of a command whose argument at `position` is a conversation's ID: its
  /// first key is the stream, its second one the state.
  static func specs(
    at position: Int = 1, stream: KeySpec.Flags, state: KeySpec.Flags
  ) -> [KeySpec] {
    [.made(from: position, Self.stream, stream), .made(from: position, Self.state, state)]
  }

  /// What a command that takes a conversation throws when `keyCount` is 0.
  static let invalidID = CommandError.fixed(
    "ERR invalid conversation ID: 1 to 512 bytes without braces")

  /// Fields of an entry of the stream.
  enum MessageField {
    static let role: StaticString = "role"
    static let text: StaticString = "text"
    static let tokens: StaticString = "tokens"
    static let label: StaticString = "label"
  }

  /// Fields of the state. Money is in picodollars, times are Unix milliseconds.
  enum StateField {
    /// Tier and model that answered last, and when.
    static let tier: StaticString = "tier"
    static let model: StaticString = "model"
    static let answeredAt: StaticString = "answered_at"
    /// Tokens of the instructions in front of the history, of all messages, and of what would be
    /// sent of them: summary and messages since.
    static let systemTokens: StaticString = "system_tokens"
    static let historyTokens: StaticString = "history_tokens"
    static let contextTokens: StaticString = "context_tokens"
    /// What the conversation has cost.
    static let spent: StaticString = "spent"
    /// The numbers of redacted values, see `PlaceholderBook`.
    static let placeholders: StaticString = "placeholders"
  }
}
