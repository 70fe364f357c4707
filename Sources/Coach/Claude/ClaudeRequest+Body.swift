internal import FoundationEssentials

extension ClaudeRequest {
  /// The body of `POST /v1/messages`: the same bytes for the same request.
  ///
  /// - Throws: `.invalid` or `.requestTooLarge`, before anything is sent.
  /// - Complexity: O(texts)
  func body(for model: Model) throws(ClaudeFailure) -> [UInt8] {
    if let mistake { throw ClaudeFailure(.invalid, mistake) }
    let encoder = JSONEncoder()
    // Sorted, or two processes would write the same request differently.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(WireRequest(self, model)) else {
      throw ClaudeFailure(.invalid, "a request cannot be written as JSON")
    }
    guard data.count <= Self.bodyBytesMax else {
      throw ClaudeFailure(.requestTooLarge, "a request has \(data.count) bytes")
    }
    return [UInt8](data)
  }
}

/// The body as it is written.
private struct WireRequest: Encodable {
  struct Cache: Encodable {
    let type = "ephemeral"
    let ttl: String

    private enum CodingKeys: CodingKey { case type, ttl }
  }

  struct Block: Encodable {
    let type = "text"
    let text: String
    let cache: Cache?

    private enum CodingKeys: String, CodingKey {
      case type
      case text
      case cache = "cache_control"
    }

    init(_ block: ClaudeRequest.Block) {
      text = block.text
      cache = block.cache.map { Cache(ttl: $0.rawValue) }
    }
  }

  struct Message: Encodable {
    let role: String
    let content: [Block]
  }

  struct Metadata: Encodable {
    let userID: String

    private enum CodingKeys: String, CodingKey { case userID = "user_id" }
  }

  struct OutputConfig: Encodable { let effort: String }

  let model: String
  let outputTokensMax: Int
  let system: [Block]?
  let messages: [Message]
  let stream: Bool?
  let stopSequences: [String]?
  let metadata: Metadata?
  let outputConfig: OutputConfig?

  private enum CodingKeys: String, CodingKey {
    case model, system, messages, stream, metadata
    case outputTokensMax = "max_tokens"
    case stopSequences = "stop_sequences"
    case outputConfig = "output_config"
  }

  init(_ request: ClaudeRequest, _ model: Model) {
    self.model = model.name
    outputTokensMax = min(request.outputTokensMax, max(1, model.outputTokensMax))
    system =
      request.system.isEmpty ? nil : request.system.map { Block($0) }
    messages = request.messages.map { message in
      Message(role: message.role.rawValue, content: message.blocks.map { Block($0) })
    }
    stream = request.isStreamed ? true : nil
    stopSequences = request.stopSequences.isEmpty ? nil : request.stopSequences
    metadata = request.userID.map { Metadata(userID: $0) }
    outputConfig = request.effort.map { OutputConfig(effort: $0.rawValue) }
  }
}
