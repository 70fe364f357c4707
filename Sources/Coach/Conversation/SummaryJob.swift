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

  private var source: Source
  private let length: SummaryLength
  private let settings: MemorySettings
  private var gatherer: MessageGatherer?
  private var isDone = false

  private var summary: [UInt8] = []
  private var tokens = 0
  private var sourceTokens = 0
  private var sentences = 0
  private var sourceSentences = 0
  private var findings = 0

  init(_ source: Source, _ length: SummaryLength, _ settings: MemorySettings) {
    self.source = source
    self.length = length
    self.settings = settings
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    if isDone { return .done }
    switch source {
    case .text(let text): return ready(text.count)
    case .key:
      guard let entry = context.find(context.key) else { throw .noSuchKey }
      switch context.keyspace.type(of: entry) {
      case .string:
        let text = context.keyspace.string(of: entry).array
        source = .text(text)
        return ready(text.count)
      case .stream: break
      default: throw .wrongType
      }
    case .conversation: break
    }
    guard let stream = try context.stream(context.key) else {
      throw .fixed("ERR no such conversation")
    }
    if gatherer == nil { gatherer = MessageGatherer(through: .max) }
    guard gatherer?.read(stream) ?? true else { return .again }
    return ready(gatherer?.bytes ?? 0)
  }

  private func ready(_ bytes: Int) -> LongStep {
    guard bytes <= ContextJob.inlineBytesMax else { return .work }
    work()
    return .done
  }

  func work() {
    isDone = true
    let transcript: Transcript
    if case .text(let text) = source {
      transcript = text.withByteView { Transcript(parsing: $0) }.cut(bytesMax: 32 << 10)
      source = .text([])
    } else {
      transcript = (gatherer?.transcript() ?? Transcript(turns: [])).cut(bytesMax: 32 << 10)
      gatherer = nil
    }
    for turn in transcript.turns {
      sourceTokens += turn.text.withByteView { settings.counter.contentTokens($0) }
    }
    switch length {
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
    for _ in 0..<6 where budget > 0 {
      make(transcript, .tokens(budget) { counter.contentTokens($0) })
      if tokens <= tokensMax { return }
      budget -= max(tokens - tokensMax, budget / 16, 1)
    }
    summary = []
    tokens = 0
    sentences = 0
  }

  private func make(_ transcript: Transcript, _ budget: Summariser.Budget) {
    let made = Summariser().summarise(transcript, budget: budget)
    sentences = made.keptCount
    sourceSentences = made.sentenceCount
    if settings.redacts {
      let redacted = made.text.withByteView { Redactor().redact($0) }
      summary = redacted.bytes
      findings = redacted.findings.count
    } else {
      summary = made.text
    }
    tokens = summary.withByteView { settings.counter.contentTokens($0) }
  }

  func write(_ reply: inout ReplyWriter) {
    reply.map(6)
    reply.bulk("summary")
    reply.bulk(summary)
    for (name, value) in [
      ("tokens", tokens), ("tokens_source", sourceTokens), ("sentences", sentences),
      ("sentences_source", sourceSentences), ("redacted", findings),
    ] {
      reply.bulk(name)
      reply.integer(value)
    }
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
