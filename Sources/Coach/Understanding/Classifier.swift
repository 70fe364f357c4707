public import Bytes

/// Says what a message to the coach is: trained weights, an operator's rules, learnt corrections
/// and the assistant's turn before it, in this order:
///
///     message ─▶ words ─▶ weights ─▶ + rules' weights ─▶ + context ─▶ probabilities
///        │                                                                 │
///        ├─▶ a rule that decides ────────────▶ label ◀── certain enough? ──┤
///        └─▶ a correction of this message ───▶   │            no ─▶ uncertain
///                                                ▼
///             "yes" after a question of the coach takes the question's label
///
/// Errors are not equal. A message that needs coaching and is answered by the cheap model is the
/// bad one, so a cheap label (greeting, confirmation, small talk) is given only when coaching and
/// assessment together are improbable; otherwise the answer is `uncertain`, which goes to the
/// better model. Both bounds come from messages of sources that were left out of training.
///
/// `classify` allocates nothing, counts no references and takes no lock: whoever changes rules or
/// corrections must be alone (the server does it with the gate closed).
public struct Classifier: ~Copyable {
  /// The weights in use: as shipped, or a copy with corrections in it.
  var model: ClassifierModel
  /// The operator's rules.
  public private(set) var rules: RuleTable
  /// What was learnt since the weights were trained.
  var corrections: CorrectionTable

  /// Bytes at the end of the assistant's turn that are looked at.
  static let turnBytesMax = 320

  /// Makes a classifier without rules and corrections.
  public init(model: ClassifierModel) {
    self.model = model
    rules = RuleTable()
    corrections = CorrectionTable(base: model)
  }

  /// Uses other rules from now on.
  public mutating func replaceRules(with rules: consuming RuleTable) {
    self.rules = rules
  }

  /// Classifies a message.
  ///
  /// - Parameters:
  ///   - message: its text; `MessageReader` says how much of it is looked at.
  ///   - turn: what the assistant said before it.
  ///   - reader: scratch memory; holds the message's words afterwards.
  /// - Complexity: O(bytes), at most that of `MessageReader.bytesMax`, and the same for the turn
  public func classify(
    _ message: ByteView, after turn: ByteView? = nil, reader: inout MessageReader
  ) -> Classification {
    var offer = Offer.none
    if let turn { offer = self.offer(in: turn, reader: &reader) }
    reader.read(message)
    guard reader.wordCount > 0 else { return .empty }
    var fired = FiredRules()
    rules.match(reader, into: &fired)
    var scores = model.scores(reader) / model.thresholds.temperature + fired.boosts
    switch offer {
    case .none: break
    case .coaching: scores[Int(MessageLabel.coachingRequest.rawValue)] += model.contextShift
    case .assessment: scores[Int(MessageLabel.assessment.rawValue)] += model.contextShift
    }
    var result = model.thresholds.decide(
      Probabilities.softmax(scores), wordCount: reader.wordCountForBounds)
    result.firedRules = fired.numbers
    if let label = fired.decision { result.settle(label, by: .rule) }
    if let label = corrections.label(of: reader) { result.settle(label, by: .correction) }
    if result.label == .confirmation, offer != .none, !reader.isThanks {
      result.label = offer == .coaching ? .coachingRequest : .assessment
      result.reason = .context
    }
    return result
  }

  /// What the assistant's turn before a message offered or asked.
  enum Offer {
    case none, coaching, assessment
  }

  /// Reads the end of the assistant's turn: an offer is a question there.
  func offer(in turn: ByteView, reader: inout MessageReader) -> Offer {
    let end = turn.lastSentences(bytesMax: Self.turnBytesMax)
    guard end.firstIndex(of: UInt8(ascii: "?")) != nil else { return .none }
    reader.read(end)
    guard reader.wordCount > 0, reader.hasQuestion else { return .none }
    let scores = model.scores(reader)
    let coaching = scores[6] - model.offerThresholds.x
    let assessment = scores[7] - model.offerThresholds.y
    if max(coaching, assessment) < 0 { return .none }
    return assessment > coaching ? .assessment : .coaching
  }
}

extension Classification {
  /// Takes a label from somebody who needs no probability.
  fileprivate mutating func settle(_ label: MessageLabel, by reason: Reason) {
    self.label = label
    self.reason = reason
    likeliest = label == .uncertain ? nil : label
    confidence = 1
  }
}

extension MessageReader {
  /// Whether the message says thanks, which answers no question.
  fileprivate var isThanks: Bool {
    for index in 0..<tokenCount {
      let word = word(index)
      for thanks in 0..<Self.thanks.count where word.hasSameBytes(as: Self.thanks[thanks]) {
        return true
      }
    }
    return false
  }

  private static var thanks: InlineArray<8, StaticString> {
    ["thanks", "thank", "thx", "ty", "tysm", "cheers", "appreciate", "appreciated"]
  }
}

extension ByteView {
  /// The last two sentences, as far as they lie in the last `bytesMax` bytes.
  func lastSentences(bytesMax: Int) -> ByteView {
    let part = dropFirst(max(0, count - bytesMax))
    var end = part.count
    while end > 0, part[end - 1].endsSentence || part[end - 1] <= 0x20 { end -= 1 }
    var found = 0
    var start = end
    while start > 0 {
      if part[start - 1].endsSentence {
        found += 1
        if found == 2 { break }
      }
      start -= 1
    }
    return part.dropFirst(start)
  }
}

extension UInt8 {
  /// Full stop, exclamation mark, question mark, line end.
  fileprivate var endsSentence: Bool {
    self == 0x2E || self == 0x21 || self == 0x3F || self == 0x0A
  }
}
