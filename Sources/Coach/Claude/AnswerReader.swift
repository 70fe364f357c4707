internal import FoundationEssentials

/// Puts an answer together, from a stream's events or from a whole body.
///
/// A stream has to begin with `message_start` and end with `message_stop`; blocks that are no text
/// (thinking and whatever comes) and events that are not known are skipped. What it keeps is
/// bounded: `textBytesMax` of text.
public struct AnswerReader: Sendable {
  /// Why an answer cannot be read.
  public enum Problem: Error, Equatable, Sendable {
    /// It is not what the provider's documentation says.
    case malformed(String)
    /// It is longer than the limit.
    case tooLarge
    /// The provider itself says so, after it had begun well.
    case reported(type: String, message: String, code: String?)
  }

  /// The answer so far.
  public private(set) var answer = ClaudeAnswer()
  /// Whether it is whole.
  public private(set) var isComplete = false
  /// Whether the provider has said what it bills.
  public private(set) var hasUsage = false

  private let textBytesMax: Int
  private var hasStarted = false
  private var hasStopReason = false
  private var openBlock: (index: Int, isText: Bool)?
  private var totals = UsageTotals()

  /// Makes a reader of one answer.
  public init(textBytesMax: Int = 4 << 20) { self.textBytesMax = textBytesMax }

  /// Takes the next event.
  ///
  /// - Returns: the text that it adds; empty when it adds none.
  public mutating func take(_ event: EventStreamParser.Event) throws(Problem) -> String {
    let wire: WireEvent
    do {
      wire = try JSONDecoder().decode(WireEvent.self, from: Data(event.data))
    } catch {
      throw .malformed("an event is no JSON of the kind that is documented")
    }
    return try take(wire)
  }

  private mutating func take(_ event: WireEvent) throws(Problem) -> String {
    switch event {
    case .ping, .unknown:
      return ""
    case .failure(let error):
      throw .reported(
        type: error.type ?? "", message: error.message ?? "", code: error.details?.code)
    case .messageStart(let message):
      guard !hasStarted else { throw .malformed("a second message_start") }
      hasStarted = true
      takeHead(message)
      return ""
    default: break
    }
    guard hasStarted else { throw .malformed("an event before message_start") }
    guard !isComplete else { throw .malformed("an event after message_stop") }
    switch event {
    case .blockStart(let index, let block):
      guard openBlock == nil else { throw .malformed("a block within a block") }
      openBlock = (index, block.type == "text")
      return block.type == "text" ? try add(block.text ?? "") : ""
    case .blockDelta(let index, let delta):
      guard let openBlock, openBlock.index == index else {
        throw .malformed("a piece of a block that is not open")
      }
      guard openBlock.isText, delta.type == "text_delta" else { return "" }
      return try add(delta.text ?? "")
    case .blockStop(let index):
      guard openBlock?.index == index else {
        throw .malformed("the end of a block that is not open")
      }
      openBlock = nil
    case .messageDelta(let delta, let usage):
      takeEnd(delta)
      take(usage)
    case .messageStop:
      guard openBlock == nil, hasStopReason else { throw .malformed("an end before its time") }
      isComplete = true
    default: break
    }
    return ""
  }

  /// Takes a whole answer.
  public mutating func takeWhole(_ body: [UInt8]) throws(Problem) {
    let message: WireMessage
    do {
      message = try JSONDecoder().decode(WireMessage.self, from: Data(body))
    } catch {
      throw .malformed("the answer is no JSON of the kind that is documented")
    }
    guard message.type == "message", let content = message.content else {
      throw .malformed("the answer is no message")
    }
    hasStarted = true
    takeHead(message)
    for block in content where block.type == "text" { _ = try add(block.text ?? "") }
    takeEnd(message.end)
    guard hasStopReason else { throw .malformed("an answer without an end") }
    isComplete = true
  }

  private mutating func add(_ text: String) throws(Problem) -> String {
    guard answer.text.utf8.count + text.utf8.count <= textBytesMax else { throw .tooLarge }
    answer.text += text
    return text
  }

  private mutating func takeHead(_ message: WireMessage) {
    answer.id = message.id ?? ""
    answer.servedBy = message.model ?? ""
    take(message.usage)
  }

  private mutating func takeEnd(_ end: WireEnd) {
    if let reason = end.reason {
      answer.stopReason = ClaudeStopReason(reason)
      hasStopReason = true
    }
    if let sequence = end.sequence { answer.stopSequence = sequence }
    if let category = end.details?.category { answer.refusalCategory = category }
  }

  private mutating func take(_ usage: WireUsage?) {
    guard let usage else { return }
    hasUsage = true
    totals.take(usage)
    answer.usage = totals.usage
  }
}

/// The counts of a usage as they stand: later ones replace earlier ones, they are not added.
private struct UsageTotals: Sendable {
  private var input = 0
  private var written = 0
  private var writtenForHour = 0
  private var read = 0
  private var output = 0

  // More than any model takes: a wrong count must not overflow a price.
  private static let tokensMax = 1_000_000_000

  mutating func take(_ wire: WireUsage) {
    func set(_ total: inout Int, _ value: Int?) {
      if let value { total = min(max(value, 0), Self.tokensMax) }
    }
    set(&input, wire.input)
    set(&written, wire.cacheWrite)
    set(&writtenForHour, wire.creation?.hour)
    set(&read, wire.cacheRead)
    set(&output, wire.output)
  }

  /// `written` is the sum of both lives; where only that is told, it is the short one's.
  var usage: Usage {
    let hour = min(writtenForHour, written)
    return Usage(
      inputTokens: input, cacheWriteTokens: written - hour, cacheWriteHourTokens: hour,
      cacheReadTokens: read, outputTokens: output)
  }
}
