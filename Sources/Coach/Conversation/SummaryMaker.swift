internal import Bytes

/// Makes the summary of a conversation's older messages, within a number of tokens.
enum SummaryMaker {
  /// What stands in front of a summary where it is sent.
  static var heading: StaticString { "Summary of the conversation so far:\n" }

  /// Summaries of fewer tokens, heading included, say nothing.
  static var tokensMin: Int { 24 }

  /// How often a summary that came out too long is made again, shorter.
  static var attemptsMax: Int { 3 }

  /// A summary, and the tokens of the block that it makes with its heading.
  struct Made: Sendable {
    var text: [UInt8] = []
    var tokens = 0
  }

  /// Makes a summary.
  ///
  /// - Parameter limit: tokens of the block at most; the empty summary has none.
  /// - Complexity: O(n log n) with n the bytes of the transcript.
  static func make(
    _ transcript: Transcript, limit: Int, redacts: Bool, _ counter: TokenCounter
  ) -> Made {
    guard limit >= tokensMin else { return Made() }
    // Of one long turn only so many sentences would be read.
    let transcript = transcript.cut(bytesMax: 32 << 10)
    let headingTokens = counter.contentTokens(ByteView(heading))
    var budget = limit - headingTokens
    for _ in 0..<attemptsMax where budget > 0 {
      let summary = Summariser().summarise(
        transcript, budget: .tokens(budget) { counter.contentTokens($0) })
      if summary.text.isEmpty { break }
      // Messages are redacted when they come in, but the stream is open to everybody.
      let text =
        redacts
        ? summary.text.withByteView { Redactor.forWriting.redact($0).bytes } : summary.text
      let tokens = block(text).withByteView { counter.contentTokens($0) }
      if tokens <= limit { return Made(text: text, tokens: tokens) }
      budget = shorter(budget, tokens, limit)
    }
    return Made()
  }

  /// What to allow a summary next that has so many tokens instead of `limit`.
  static func shorter(_ budget: Int, _ tokens: Int, _ limit: Int) -> Int {
    min(budget - max(tokens - limit, 1), budget * limit / max(tokens, 1))
  }

  /// Takes a summary that the provider has made, cut to the sentences that say most where it came
  /// out too long; empty when nothing fits.
  static func take(
    _ text: [UInt8], limit: Int, redacts: Bool, _ counter: TokenCounter
  ) -> Made {
    let text = redacts ? text.withByteView { Redactor.forWriting.redact($0).bytes } : text
    let tokens = block(text).withByteView { counter.contentTokens($0) }
    if tokens <= limit { return Made(text: text, tokens: tokens) }
    return make(
      text.withByteView { Transcript(parsing: $0) }, limit: limit, redacts: redacts, counter)
  }

  /// The text that is sent.
  static func block(_ summary: [UInt8]) -> [UInt8] {
    ByteView(heading).array + summary
  }
}
