internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// A summary that is answered and not kept: COACH.SUMMARIZE.
final class SummaryJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  /// What is summarised.
  enum Source {
    case text([UInt8])
    /// The command's first key.
    case conversation
    /// The same, which may also hold a string.
    case key
  }

  /// What comes next. The middle ones are VIA CLAUDE's: parts are made, money is put aside, the
  /// provider is waited for.
  private enum Stage {
    case read, prepare, reserve, ask, summarise, done
  }

  private var source: Source
  private let request: SummaryRequest
  private let settings: MemorySettings
  private var gatherer: MessageGatherer?
  private var stage = Stage.read
  private var redacts = true
  private var transcript: Transcript?
  private var claude: ClaudeSummary?
  private var fallback: String?
  private var isByClaude = false

  private var summary: [UInt8] = []
  private var tokens = 0
  private var sourceTokens = 0
  private var sentences = 0
  private var sourceSentences = 0
  private var findings = 0

  init(_ source: Source, _ request: SummaryRequest, _ settings: MemorySettings) {
    self.source = source
    self.request = request
    self.settings = settings
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    switch stage {
    case .read:
      guard let bytes = try read(context) else { return .again }
      return ready(bytes, context)
    case .reserve:
      stage = claude?.reserve(context) == true ? .ask : .summarise
      return .work
    case .prepare, .ask, .summarise: return .work
    case .done: return .done
    }
  }

  /// Reads what is summarised; nil: there is more. Otherwise its length in bytes.
  private func read(_ context: borrowing CommandContext) throws(CommandError) -> Int? {
    redacts = context.keyCount > 0 ? context.redactsConversation : settings.redacts
    switch source {
    case .text(let text): return text.count
    case .key:
      guard let entry = context.find(context.key) else { throw .noSuchKey }
      switch context.keyspace.type(of: entry) {
      case .string:
        let text = context.keyspace.string(of: entry).array
        source = .text(text)
        return text.count
      case .stream: break
      default: throw .wrongType
      }
    case .conversation: break
    }
    guard let stream = try context.stream(context.key) else {
      throw .fixed("ERR no such conversation")
    }
    if gatherer == nil { gatherer = MessageGatherer(through: .max) }
    guard gatherer?.read(stream) ?? true else { return nil }
    return gatherer?.bytes ?? 0
  }

  private func ready(_ bytes: Int, _ context: borrowing CommandContext) -> LongStep {
    stage = .summarise
    if request.asksClaude {
      claude = ClaudeSummary(context, user: request.user, redacts: redacts, settings.counter)
      guard claude == nil else {
        stage = .prepare
        return .work
      }
      fallback = ClaudeSummary.missing(context)
    }
    guard bytes <= ContextJob.inlineBytesMax else { return .work }
    work()
    return .done
  }

  func work() {
    let transcript = self.transcript ?? takeTranscript()
    if stage == .prepare {
      self.transcript = transcript
      claude?.prepare(transcript) { tokensMax(of: $0) }
      stage = .reserve
      return
    }
    stage = .done
    for turn in transcript.turns {
      sourceTokens += turn.text.withByteView { settings.counter.contentTokens($0) }
    }
    if let text = claude?.text {
      take(text, of: transcript)
      fallback = isByClaude ? nil : "the answer is too long"
    } else if let claude {
      fallback = claude.why
    }
    if !isByClaude { makeLocally(transcript) }
    self.transcript = nil
  }

  func wait(_ done: @escaping @Sendable () -> Void) -> Bool {
    guard stage == .ask, let claude else { return false }
    stage = .summarise
    claude.ask(done)
    return true
  }

  func cancel() { claude?.cancel() }

  var workBytes: Int {
    let bytes = if case .text(let text) = source { text.count } else { gatherer?.bytes ?? 0 }
    return Redactor.forWriting.workBytes(bytes)
  }

  private func takeTranscript() -> Transcript {
    let transcript: Transcript
    if case .text(let text) = source {
      transcript = text.withByteView { Transcript(parsing: $0) }.cut(bytesMax: 32 << 10)
      source = .text([])
    } else {
      transcript = (gatherer?.transcript() ?? Transcript(turns: [])).cut(bytesMax: 32 << 10)
      gatherer = nil
    }
    return transcript
  }

  /// Tokens that a summary of so many may have.
  private func tokensMax(of tokens: Int) -> Int {
    switch request.length {
    case .ratio(let ratio): max(32, Int(Double(tokens) * ratio))
    case .sentences(let count): min(count, 10_000) * 40
    case .tokens(let limit): limit
    }
  }

  /// Takes the provider's summary, cut where it came out too long.
  private func take(_ text: [UInt8], of transcript: Transcript) {
    let counter = settings.counter
    let redacted = text.withByteView { redacts ? Redactor.forWriting.redact($0).bytes : $0.array }
    let own = redacted.withByteView { Transcript(parsing: $0) }
    let count = Summariser.sentenceCount(of: own)
    summary = redacted
    tokens = redacted.withByteView { counter.contentTokens($0) }
    sentences = count
    switch request.length {
    case .sentences(let limit) where count > limit: make(own, .sentences(limit))
    case .tokens(let limit) where tokens > limit: make(own, tokensMax: limit)
    default: break
    }
    isByClaude = !summary.isEmpty
    sourceSentences = Summariser.sentenceCount(of: transcript)
  }

  private func makeLocally(_ transcript: Transcript) {
    switch request.length {
    case .ratio(let ratio): make(transcript, .ratio(ratio))
    case .sentences(let count): make(transcript, .sentences(count))
    case .tokens(let limit): make(transcript, tokensMax: limit)
    }
  }

  /// Placeholders can have more tokens than what they stand for, so a summary that is redacted may
  /// have to be made again, shorter.
  private func make(_ transcript: Transcript, tokensMax: Int) {
    var budget = tokensMax
    let counter = settings.counter
    for _ in 0..<SummaryMaker.attemptsMax where budget > 0 {
      make(transcript, .tokens(budget) { counter.contentTokens($0) })
      if tokens <= tokensMax { return }
      budget = SummaryMaker.shorter(budget, tokens, tokensMax)
    }
    summary = []
    tokens = 0
    sentences = 0
  }

  private func make(_ transcript: Transcript, _ budget: Summariser.Budget) {
    let made = Summariser().summarise(transcript, budget: budget)
    sentences = made.keptCount
    sourceSentences = made.sentenceCount
    if redacts {
      let redacted = made.text.withByteView { Redactor.forWriting.redact($0) }
      summary = redacted.bytes
      findings = redacted.findings.count
    } else {
      summary = made.text
    }
    tokens = summary.withByteView { settings.counter.contentTokens($0) }
  }

  func write(_ reply: inout ReplyWriter) {
    reply.map(9)
    reply.bulk("summary")
    reply.bulk(summary)
    for (name, value) in [
      ("tokens", tokens), ("tokens_source", sourceTokens), ("sentences", sentences),
      ("sentences_source", sourceSentences), ("redacted", findings),
    ] {
      reply.bulk(name)
      reply.integer(value)
    }
    reply.bulk("via")
    reply.bulk(isByClaude ? "claude" : "local" as StaticString)
    reply.bulk("fallback")
    if let fallback { reply.bulk(fallback) } else { reply.null() }
    reply.bulk("cost")
    reply.bulk((claude?.cost ?? .zero).text)
  }
}

extension Transcript {
  /// The same with long turns cut into several of the same speaker, at blanks if there are any: the
  /// summariser weighs a part of a transcript at a time, and parts end between turns.
  func cut(bytesMax: Int) -> Transcript {
    var result: [Turn] = []
    for turn in turns {
      var rest = turn.text[...]
      while rest.count > bytesMax {
        let limit = rest.startIndex + bytesMax
        let window = rest[rest.startIndex..<limit]
        let end =
          window.lastIndex(of: 0x0A) ?? window.lastIndex(of: 0x20) ?? Self.border(rest, limit)
        let cut = end == rest.startIndex ? limit : end
        result.append(Turn(speaker: turn.speaker, text: Array(rest[rest.startIndex..<cut])))
        rest = rest[cut...]
      }
      result.append(Turn(speaker: turn.speaker, text: Array(rest)))
    }
    return Transcript(turns: result)
  }

  /// Where a character begins, at `limit` or a little before.
  private static func border(_ text: ArraySlice<UInt8>, _ limit: Int) -> Int {
    var index = limit
    while index > limit - 4, text[index] & 0xC0 == 0x80 { index -= 1 }
    return index
  }
}
