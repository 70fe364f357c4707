internal import Bytes
internal import CacheCore

/// A conversation as it is sent: blocks of text under alternating roles.
///
///     user        [facts] [summary] [message] [message]
///     assistant   [message]
///     user        [message]
///
/// The provider wants the user to begin and the roles to alternate, so neighbours of one role share
/// a message, a block each; blocks keep what was said apart whatever the texts hold.
struct ContextDocument: Sendable {
  /// How it is written down.
  enum Format: Sendable {
    /// A JSON array for the provider's API.
    case messages
    /// Lines of "Speaker: text".
    case text
  }

  /// One block.
  struct Block: Sendable {
    let isAssistant: Bool
    /// Facts and summary have no speaker.
    let isMessage: Bool
    let text: [UInt8]
    let tokens: Int
  }

  /// What a conversation begins with that has neither facts nor summary, and whose first message is
  /// the assistant's, or too long to be sent at all.
  static var opening: StaticString { "(The conversation continues.)" }

  private(set) var blocks: [Block] = []

  mutating func add(_ text: [UInt8], tokens: Int) {
    blocks.append(Block(isAssistant: false, isMessage: false, text: text, tokens: tokens))
  }

  /// Adds the opening where nothing stands before.
  mutating func open(_ counter: TokenCounter) {
    guard blocks.isEmpty else { return }
    let opening = ByteView(Self.opening)
    add(opening.array, tokens: counter.contentTokens(opening))
  }

  mutating func add(_ entry: ConversationEntry, _ counter: TokenCounter) {
    let isAssistant = entry.kind == .assistant
    if isAssistant { open(counter) }
    blocks.append(
      Block(
        isAssistant: isAssistant, isMessage: true, text: entry.textArray,
        tokens: entry.tokens(counter)))
  }

  /// Messages among the blocks.
  var messageCount: Int { blocks.reduce(0) { $0 + ($1.isMessage ? 1 : 0) } }

  /// Tokens of all blocks.
  ///
  /// - Parameter separator: for each block beside its text.
  func tokens(separator: Int) -> Int {
    blocks.reduce(0) { $0 + $1.tokens + separator }
  }

  /// Where the mark belongs up to which the provider is to cache: the last block. What follows
  /// later leaves everything before it as it is.
  var breakpoint: (message: Int, block: Int)? {
    var message = -1
    var block = 0
    var last: Bool?
    for current in blocks {
      if current.isAssistant == last {
        block += 1
      } else {
        message += 1
        block = 0
        last = current.isAssistant
      }
    }
    return message < 0 ? nil : (message, block)
  }

  /// The API's messages.
  ///
  /// - Parameter isCached: whether the last block carries the mark.
  /// - Complexity: O(bytes)
  func json(isCached: Bool) -> [UInt8] {
    var json = JSONText()
    json.raw("[")
    var last: Bool?
    for (index, block) in blocks.enumerated() {
      if block.isAssistant == last {
        json.raw(",")
      } else {
        if last != nil { json.raw("]},") }
        json.raw(block.isAssistant ? "{\"role\":\"assistant\"," : "{\"role\":\"user\",")
        json.raw("\"content\":[")
        last = block.isAssistant
      }
      json.raw("{\"type\":\"text\",\"text\":")
      block.text.withByteView { json.string($0) }
      if isCached, index == blocks.count - 1 {
        json.raw(",\"cache_control\":{\"type\":\"ephemeral\"}")
      }
      json.raw("}")
    }
    if last != nil { json.raw("]}") }
    json.raw("]")
    return json.bytes
  }

  /// Lines of "Speaker: text". Further lines of a text are indented, so that none of them looks as
  /// though somebody else had said it.
  func plain() -> [UInt8] {
    var text: [UInt8] = []
    for block in blocks {
      if !text.isEmpty { text += [0x0A, 0x0A] }
      guard block.isMessage else {
        text += block.text
        continue
      }
      text += block.isAssistant ? Array("Assistant: ".utf8) : Array("User: ".utf8)
      for byte in block.text {
        text.append(byte)
        if byte == 0x0A { text += [0x20, 0x20] }
      }
    }
    return text
  }
}
