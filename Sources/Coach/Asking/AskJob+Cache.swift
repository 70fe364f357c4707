internal import Bytes

/// How answers are kept, as of the parameters.
struct AnswerCacheSettings: Sendable {
  var isOn = false
  var seconds: Int64 = 0
  var bytesMax = 0
}

/// What an answer may be found by, and whether it may be kept.
extension AskJob {
  /// A number that changes when what is sent is put together in another way.
  private static let promptVersion: UInt8 = 1

  /// Whether an answer to the message may be kept, whatever stands in front of it.
  var mayBeKept: Bool {
    guard cacheSettings.isOn, safety.isHarmless, findings == 0, let text = preparedText else {
      return false
    }
    return text.withByteView { text in
      guard
        label == .greeting || label == .smallTalk
          || AskState.staticQuestions.contains(NormalText.of(text))
      else { return false }
      // Where redaction is off, nobody has looked yet.
      return redacts || !Redactor.forWriting.finds(in: text)
    }
  }

  /// What the answer is found by; nil where it must come from the provider.
  var cacheKey: (key: AnswerCache.Key, owner: [UInt8])? {
    guard mayBeKept, let asked = models.first, let text = preparedText else { return nil }
    let blocks = document.blocks
    guard let last = blocks.last, last.isMessage, !last.isAssistant, last.text == text else {
      return nil
    }
    let normal = text.withByteView { NormalText.of($0) }
    let isStatic = AskState.staticQuestions.contains(normal)
    // With nothing but the system prompt in front, the answer knows of nobody.
    let owner = isStatic && blocks.count == 1 ? [] : owner
    var bytes: [UInt8] = [Self.promptVersion]
    func add(_ part: [UInt8]) {
      for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: part.count >> shift)) }
      bytes += part
    }
    add(owner)
    add(Array(asked.name.utf8))
    add(system ?? [])
    for block in blocks.dropLast() {
      bytes.append(block.isAssistant ? 1 : 0)
      add(block.text)
    }
    add(Array(normal.utf8))
    return (AnswerCache.Key(digest: bytes.withByteView { SHA256.digest(of: $0) }), owner)
  }

  /// Who may be given what is kept: the user, or the conversation where nobody is named.
  private var owner: [UInt8] {
    user.isEmpty ? Array("c:".utf8) + conversationName : Array("u:\(user)".utf8)
  }

  /// The conversation by one name, however it was named.
  private var conversationName: [UInt8] {
    conversation.withByteView { ConversationKeys.names(of: $0)?[0] } ?? conversation
  }

  /// The answer that is kept, if it is not longer than it may be.
  func findAnswer() -> ClaudeAnswer? {
    guard let (key, _) = cacheKey,
      let answer = AnswerCache.shared.find(key, now: AnswerCache.now),
      answer.usage.outputTokens <= outputTokensMax
    else { return nil }
    return answer
  }

  /// Keeps an answer, if it is one that may be given again.
  func keepAnswer(_ answer: ClaudeAnswer) {
    guard let (key, owner) = cacheKey, answer.stopReason == .endTurn,
      answer.model == models.first?.name
    else { return }
    let isClean = Array(answer.text.utf8).withByteView { text in
      !Redactor.forWriting.finds(in: text) && SafetyDetector.verdict(on: text).isHarmless
    }
    guard isClean else { return }
    AnswerCache.shared.insert(
      answer, for: key, owner: owner, conversation: conversationName,
      endsAt: AnswerCache.now + cacheSettings.seconds, bytesMax: cacheSettings.bytesMax)
  }
}
