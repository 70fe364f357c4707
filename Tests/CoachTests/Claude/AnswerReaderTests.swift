import Coach
import Testing

@Suite struct AnswerReaderTests {
  private func read(_ events: [String], textMax: Int = 1 << 20) throws -> (AnswerReader, String) {
    var reader = AnswerReader(textBytesMax: textMax)
    var text = ""
    for event in events {
      text += try reader.take(EventStreamParser.Event(data: Array(event.utf8)))
    }
    return (reader, text)
  }

  private static let start = """
    {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",\
    "model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,\
    "usage":{"input_tokens":10,"cache_creation_input_tokens":700,"cache_read_input_tokens":2000,\
    "cache_creation":{"ephemeral_5m_input_tokens":400,"ephemeral_1h_input_tokens":300},\
    "output_tokens":1,"service_tier":"standard"}}}
    """

  private static func block(_ index: Int, _ type: String) -> String {
    #"{"type":"content_block_start","index":\#(index),"content_block":{"type":"\#(type)"}}"#
  }

  private static func delta(_ index: Int, _ type: String, _ text: String) -> String {
    let delta = #"{"type":"\#(type)","text":"\#(text)"}"#
    return #"{"type":"content_block_delta","index":\#(index),"delta":\#(delta)}"#
  }

  private static func stop(_ index: Int) -> String {
    #"{"type":"content_block_stop","index":\#(index)}"#
  }

  private static let end = """
    {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},\
    "usage":{"output_tokens":42}}
    """
  private static let last = #"{"type":"message_stop"}"#

  @Test func `Text is what is not thought, and usage what is billed`() throws {
    let (reader, text) = try read([
      Self.start, Self.block(0, "thinking"), Self.delta(0, "thinking_delta", "no"),
      Self.delta(0, "signature_delta", "no"),
      Self.stop(0), #"{"type":"ping"}"#, Self.block(1, "text"),
      Self.delta(1, "text_delta", "Good \\ud83d\\ude00 "), #"{"type":"unheard_of","index":"x"}"#,
      Self.delta(1, "text_delta", "evening"), Self.stop(1), Self.end, Self.last,
    ])
    #expect(text == "Good 😀 evening")
    #expect(reader.isComplete)
    #expect(reader.answer.text == text)
    #expect(reader.answer.id == "msg_1")
    #expect(reader.answer.servedBy == "claude-x")
    #expect(
      reader.answer.usage
        == Usage(
          inputTokens: 10, cacheWriteTokens: 400, cacheWriteHourTokens: 300, cacheReadTokens: 2000,
          outputTokens: 42))
  }

  @Test(arguments: [
    [last], [end], [start, start], [start, last], [start, stop(0)],
    [start, delta(0, "text_delta", "x")],
    [start, block(0, "text"), block(1, "text")], [start, block(0, "text"), stop(1)],
    [start, block(0, "text"), delta(1, "text_delta", "x")],
    [start, end, last, end], [start, block(0, "text"), end, last],
    ["{"], ["[]"], ["{}"], [#"{"type":7}"#], [#"{"type":"message_start"}"#],
    [#"{"type":"content_block_start","index":0}"#], ["\u{0}"],
  ])
  func `What is out of order is refused`(events: [String]) throws {
    #expect {
      _ = try read(events)
    } throws: { error in
      if case .malformed? = error as? AnswerReader.Problem { return true }
      return false
    }
  }

  @Test func `Errors within a stream are told`() throws {
    #expect(
      throws: AnswerReader.Problem.reported(
        type: "overloaded_error", message: "Overloaded", code: nil)
    ) {
      _ = try read([
        Self.start,
        #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
      ])
    }
  }

  @Test func `Text is bounded`() throws {
    let events = [Self.start, Self.block(0, "text"), Self.delta(0, "text_delta", "0123456789")]
    #expect(try read(events, textMax: 10).1 == "0123456789")
    #expect(throws: AnswerReader.Problem.tooLarge) { _ = try read(events, textMax: 9) }
  }

  @Test func `A whole answer is picked by type, not by place`() throws {
    var reader = AnswerReader()
    let body = """
      {"id":"msg_2","type":"message","role":"assistant","model":"claude-x","content":[\
      {"type":"thinking","thinking":"text?","signature":"s"},{"type":"text","text":"A"},\
      {"type":"other","text":7},{"type":"text","text":"B"}],"stop_reason":"refusal",\
      "stop_sequence":null,"stop_details":{"type":"refusal","category":"cyber"},\
      "usage":{"input_tokens":3,"output_tokens":5}}
      """
    // A block of an unknown kind may have anything in it, but not a `text` that is none.
    #expect(throws: AnswerReader.Problem.self) { try reader.takeWhole(Array(body.utf8)) }
    reader = AnswerReader()
    try reader.takeWhole(Array(body.replacing(#"text":7"#, with: #"data":7"#).utf8))
    #expect(reader.answer.text == "AB")
    #expect(reader.answer.stopReason == .refusal)
    #expect(reader.answer.refusalCategory == "cyber")
    #expect(reader.answer.usage == Usage(inputTokens: 3, outputTokens: 5))
  }

  @Test func `Counts out of this world do not overflow a price`() throws {
    let huge = Self.start.replacing("2000", with: "9223372036854775807")
    let (reader, _) = try read([huge])
    let model = ModelCatalog.builtIn.chain(of: .premium)[0]
    #expect(model.cost(of: reader.answer.usage) < Money(picodollars: .max))
    let negative = Self.start.replacing("2000", with: "-5")
    #expect(try read([negative]).0.answer.usage.cacheReadTokens == 0)
  }

  @Test func `Reasons to end have the provider's words`() {
    for word in [
      "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal",
      "model_context_window_exceeded", "something_else",
    ] {
      #expect(ClaudeStopReason(word).word == word)
    }
  }
}
