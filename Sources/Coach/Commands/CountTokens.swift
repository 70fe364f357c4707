internal import Bytes
internal import Platform
internal import RESP
internal import RESPServer

/// COACH.TOKENS: how many tokens a message has.
enum CountTokens: Command {
  static let spec = CommandSpec(
    "COACH.TOKENS", since: "1.0.0", group: .coach, arity: -2,
    summary: "Counts the tokens of a text as one user message to Claude.",
    complexity: "O(N) with N the bytes of the text; long ones are read off the loop",
    arguments: [
      ArgumentSpec("text", .string),
      ArgumentSpec("bare", .pureToken, token: "BARE", optional: true),
      ArgumentSpec("family", .string, token: "FAMILY", optional: true),
    ],
    example: """
      > COACH.TOKENS ""
      1) "tokens"
      2) (integer) 6
      3) "method"
      4) "estimate"
      5) "family"
      6) "v5"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var isFramed = true
    var family = TokenFamily.v5
    var index = 2
    while index < context.count {
      if context.argument(at: index, is: "BARE") {
        isFramed = false
        index += 1
      } else if context.argument(at: index, is: "FAMILY"), index + 1 < context.count {
        guard let named = TokenFamily(rawValue: context[index + 1].string.lowercased()) else {
          throw .fixed("ERR unknown token family, try v5 or v4.7")
        }
        family = named
        index += 2
      } else {
        throw .syntax
      }
    }
    let counter = context.tokenCounter(family)
    let frame = isFramed ? counter.requestFrameTokens : 0
    if context[1].count > LongText.inlineBytesMax {
      return try context.run(
        LongText(context[1].array) { [family] text in
          let tokens = frame + counter.contentTokens(text)
          return (nil, { write(tokens, counter, family, &$0) })
        })
    }
    write(frame + counter.contentTokens(context[1]), counter, family, &context.reply)
  }

  private static func write(
    _ tokens: Int, _ counter: TokenCounter, _ family: TokenFamily, _ reply: inout ReplyWriter
  ) {
    reply.map(3)
    reply.bulk("tokens")
    reply.integer(tokens)
    reply.bulk("method")
    reply.bulk(counter.isExact ? "exact" : "estimate" as StaticString)
    reply.bulk("family")
    reply.bulk(family.rawValue)
  }
}

/// The vocabulary that is configured, for every command that counts.
enum TokenCounting {
  static let fileParameterName = "coach-vocabulary-file"
  static let frameParameterName = "coach-message-frame-tokens"

  /// Most tokens that a message may be said to add to the frame.
  private static let messageFrameTokensMax = 1000

  /// The settings; a file that cannot be used is refused when it is set.
  static var parameters: [ConfigurationParameter] {
    [
      .module(
        fileParameterName, .text, default: .text(""),
        "vocabulary for exact token counts; empty: estimates",
        validation: { value in
          switch load(value.text) {
          case .success: nil
          case .failure(let problem): problem.message
          }
        }),
      .module(
        frameParameterName, .integer(0...messageFrameTokensMax),
        default: .integer(TokenCounter.messageFrameTokensDefault),
        "tokens that each message after the first adds to a request"),
    ]
  }

  private struct Loaded {
    var path = ""
    var vocabulary: TokenVocabulary?
  }

  private static let loaded = Guarded(Loaded())

  /// The vocabulary of the file at `path`; nil when there is none or it cannot be read.
  ///
  /// - Complexity: O(length of the path); reads the file when another was read last.
  static func vocabulary(at path: String) -> TokenVocabulary? {
    if path.isEmpty { return nil }
    let known = loaded.withLock { $0.path == path ? $0.vocabulary : nil }
    if let known { return known }
    guard case .success(let vocabulary) = load(path) else { return nil }
    return vocabulary
  }

  /// Reads the file at `path` and keeps it for the commands.
  static func load(_ path: String) -> Result<TokenVocabulary?, VocabularyError> {
    guard !path.isEmpty else { return .success(nil) }
    do throws(VocabularyError) {
      let vocabulary = try TokenVocabulary(path: path)
      loaded.withLock { $0 = Loaded(path: path, vocabulary: vocabulary) }
      return .success(vocabulary)
    } catch {
      return .failure(error)
    }
  }
}

extension CommandContext {
  /// The counter that the configuration asks for.
  ///
  /// - Complexity: O(length of the vocabulary's path); ask once in a command.
  func tokenCounter(_ family: TokenFamily = .v5) -> TokenCounter {
    let path = setting(TokenCounting.fileParameterName)?.text ?? ""
    return TokenCounter(
      TokenCounting.vocabulary(at: path), family: family,
      messageFrameTokens: setting(TokenCounting.frameParameterName)?.integer
        ?? TokenCounter.messageFrameTokensDefault)
  }
}
