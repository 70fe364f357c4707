internal import Bytes
internal import CacheCore
internal import RESPServer

/// A conversation as far as the routing of its next turn goes.
struct RoutedConversation {
  /// The tier and the model that answered last; nil: none has.
  var tier: Tier?
  var model: String?
  /// When the provider has last seen it, in Unix milliseconds; nil: never.
  var seenAt: Int64?
  /// Tokens of instructions and pinned facts that the conversation keeps itself.
  var systemTokens = 0
  /// Tokens of what would be sent: summary and messages since, frames included; without a user's
  /// message at the end, which is the one that is routed.
  var historyTokens = 0
  /// The assistant's last turn; nil where there is none. Valid until the stream changes.
  var assistantTurn: ByteView?
  /// Whether it has neither messages nor a state.
  private(set) var isNew = false

  /// Entries from the end that are looked at for the assistant's turn: the message that is routed
  /// may have been appended already, with instructions or a fact around it.
  private static var entriesLookedAtMax: Int { 4 }
  /// Entries whose tokens are added up where the state does not have the sum.
  private static var entriesSummedMax: Int { 1000 }

  /// Reads the conversation of a command with the keys of `ConversationKeys.specs`.
  ///
  /// - Throws: WRONGTYPE; an error when there are no keys, because the ID is none.
  /// - Complexity: O(1); O(messages), 1,000 at most, where the state does not fit the stream.
  init(_ context: borrowing CommandContext, _ counter: TokenCounter) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    let stream = try context.stream(context[key: 0])
    let hash = try context.hashForReading(context[key: 1])
    isNew = stream == nil && hash == nil
    let state = ConversationState(hash)
    tier = Tier(rawValue: String(decoding: state.tier, as: UTF8.self))
    model = hash?.value(of: ByteView(ConversationKeys.StateField.model))?.withText { $0.string }
    let answered = Self.time(hash?.integer(ConversationKeys.StateField.answeredAt))
    seenAt = [answered, state.sentAt > 0 ? Int64(state.sentAt) : nil].compactMap { $0 }.max()
    systemTokens = state.systemTokens + state.pinTokens
    guard let stream else { return }
    assistantTurn = Self.assistantTurn(of: stream)
    historyTokens =
      state.fits(stream)
      ? state.contextTokens(separator: counter.messageFrameTokens)
      : Self.tokens(of: stream, counter)
    if let last = stream.lastEntry, last.kind == .user {
      historyTokens = max(0, historyTokens - last.tokens(counter) - counter.messageFrameTokens)
    }
  }

  private static func time(_ value: ListpackValue?) -> Int64? {
    if case .integer(let time)? = value, time > 0 { time } else { nil }
  }

  private static func assistantTurn(of stream: StreamObject) -> ByteView? {
    var cursor = stream.cursor(from: .zero, through: .max, isReversed: true)
    for _ in 0..<entriesLookedAtMax {
      guard let raw = cursor.next() else { return nil }
      let entry = ConversationEntry(raw)
      guard entry.kind == .assistant, case .bytes(let text) = entry.text else { continue }
      return text
    }
    return nil
  }

  /// Tokens of the newest messages.
  private static func tokens(of stream: StreamObject, _ counter: TokenCounter) -> Int {
    var cursor = stream.cursor(from: .zero, through: .max, isReversed: true)
    var sum = 0
    for _ in 0..<entriesSummedMax {
      guard let raw = cursor.next() else { break }
      let entry = ConversationEntry(raw)
      if entry.kind.isMessage { sum += entry.tokens(counter) + counter.messageFrameTokens }
    }
    return sum
  }
}
