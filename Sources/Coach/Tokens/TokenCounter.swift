public import Bytes

/// Counts the tokens of conversations: exactly where a vocabulary is configured, otherwise by an
/// estimate that errs on the side of more.
///
/// What a conversation costs is a sum, so a conversation that grows is never counted again: count
/// each message once, keep the number beside it, and add.
///
///     request = requestFrameTokens + Σ contentTokens + (messages - 1) · messageFrameTokens
///
/// The frame of a request with one message and the cost of content are known; what each further
/// message adds to the frame is not published and has not been measured. It is a setting, and its
/// default is a whole frame, so that a budget is kept.
///
/// A value of this type may be kept for the length of a command, and used from any thread.
public struct TokenCounter: Sendable {
  private let vocabulary: TokenVocabulary?
  let family: TokenFamily

  /// What every message after the first adds to the frame, in tokens: a setting.
  public let messageFrameTokens: Int

  /// What a message after the first is taken to add unless set otherwise.
  public static let messageFrameTokensDefault = 6

  /// Makes a counter.
  ///
  /// - Parameter vocabulary: nil for estimates.
  public init(
    _ vocabulary: TokenVocabulary? = nil, family: TokenFamily = .v5,
    messageFrameTokens: Int = messageFrameTokensDefault
  ) {
    self.vocabulary = vocabulary
    self.family = family
    self.messageFrameTokens = messageFrameTokens
  }

  /// Whether contents are counted exactly, not estimated.
  public var isExact: Bool { vocabulary != nil }

  /// Tokens of a request with one user message around that message's content.
  public var requestFrameTokens: Int {
    vocabulary?.frameTokens(family) ?? TokenEstimate.overhead(family)
  }

  /// Tokens of one message's content, without any frame.
  ///
  /// - Parameter text: ill-formed UTF-8 counts as U+FFFD.
  /// - Complexity: O(n); no allocation when estimated.
  public func contentTokens(_ text: ByteView) -> Int {
    vocabulary?.count(text, family: family, isFramed: false)
      ?? TokenEstimate.count(text, family: family, isFramed: false)
  }

  /// Tokens of a whole request.
  ///
  /// - Parameters:
  ///   - contentTokens: of all messages, the system prompt among them.
  ///   - messageCount: how many there are.
  public func requestTokens(contentTokens: Int, messageCount: Int) -> Int {
    requestFrameTokens + contentTokens + max(0, messageCount - 1) * messageFrameTokens
  }

  /// A count of one message that is still being written, an answer that streams in; nil when
  /// counts are estimates, which are additive enough: sum the parts.
  public func growing() -> GrowingTokenCount? {
    vocabulary.map { GrowingTokenCount($0, family: family) }
  }
}
