/// What a model is asked: instructions, the conversation, and limits.
///
/// Parts that stay the same from turn to turn come first, and the last block of what is to be kept
/// carries a `CacheLife`: the provider then keeps everything up to there, and the next call reads
/// it for a tenth of the price.
public struct ClaudeRequest: Equatable, Sendable {
  /// How long the provider keeps a prefix after its last use.
  public enum CacheLife: String, Sendable {
    case fiveMinutes = "5m"
    case hour = "1h"
  }

  /// Who says something.
  public enum Role: String, Sendable {
    case user
    case assistant
  }

  /// A piece of text: of the instructions, or of a turn.
  public struct Block: Equatable, Sendable {
    public var text: String
    /// Not nil: the prompt is kept up to and with this piece.
    public var cache: CacheLife?

    public init(_ text: String, cache: CacheLife? = nil) {
      self.text = text
      self.cache = cache
    }
  }

  /// A turn of the conversation.
  public struct Message: Equatable, Sendable {
    public var role: Role
    /// What is said, in pieces that stay apart whatever they hold.
    public var blocks: [Block]

    public init(_ role: Role, _ blocks: [Block]) {
      self.role = role
      self.blocks = blocks
    }

    /// A turn of one piece.
    public init(_ role: Role, _ text: String, cache: CacheLife? = nil) {
      self.init(role, [Block(text, cache: cache)])
    }
  }

  /// How much thought an answer is worth; not every model takes it.
  public enum Effort: String, Sendable {
    case low
    case medium
    case high
  }

  /// Instructions, which come before the conversation; may be empty.
  public var system: [Block]
  /// The conversation; its last turn is the user's.
  public var messages: [Message]
  /// Tokens that the answer may have, thinking included; no more than the model allows are asked
  /// for.
  public var outputTokensMax: Int
  /// Texts that end the answer.
  public var stopSequences: [String] = []
  /// A name for the user that means nothing outside; users never share an answer.
  public var userID: String?
  /// nil leaves it to the model.
  public var effort: Effort?
  /// Whether the answer is sent while it is written. Without it nothing is known until it is
  /// whole, and a stalled call is noticed late.
  public var isStreamed = true

  /// Makes a request.
  public init(system: [Block] = [], messages: [Message], outputTokensMax: Int) {
    self.system = system
    self.messages = messages
    self.outputTokensMax = outputTokensMax
  }

  /// Breakpoints that the provider takes.
  public static let cacheBreakpointsMax = 4
  /// Turns and pieces of instructions that are taken.
  public static let messagesMax = 100_000
  /// Bytes of a request's body that the provider takes.
  public static let bodyBytesMax = 32_000_000

  /// What the provider would refuse: nil when there is nothing.
  ///
  /// - Complexity: O(texts)
  public var mistake: String? {
    guard (1...Self.messagesMax).contains(messages.count), system.count <= Self.messagesMax else {
      return "a request has 1 to \(Self.messagesMax) messages"
    }
    guard messages[messages.count - 1].role == .user else {
      return "the last message is the user's"
    }
    guard outputTokensMax > 0 else { return "an answer has at least 1 token" }
    guard messages.allSatisfy({ !$0.blocks.isEmpty }) else { return "a message needs text" }
    let blocks = system + messages.flatMap(\.blocks)
    guard blocks.allSatisfy({ Self.hasText($0.text) }) else {
      return "a message needs more than white space"
    }
    let lives = blocks.compactMap(\.cache)
    guard lives.count <= Self.cacheBreakpointsMax else {
      return "a request has at most \(Self.cacheBreakpointsMax) cache breakpoints"
    }
    // Whatever is kept for an hour has to stand before what is kept for five minutes.
    if let short = lives.firstIndex(of: .fiveMinutes), lives[short...].contains(.hour) {
      return "breakpoints of an hour come before those of five minutes"
    }
    guard stopSequences.allSatisfy(Self.hasText) else {
      return "a stop sequence needs more than white space"
    }
    return nil
  }

  private static func hasText(_ text: String) -> Bool {
    text.utf8.contains { $0 > 0x20 }
  }
}
