// Answers as the provider writes them, as far as we read them; what is not named here is skipped.

struct WireUsage: Decodable {
  struct Creation: Decodable {
    var hour: Int?

    private enum CodingKeys: String, CodingKey { case hour = "ephemeral_1h_input_tokens" }
  }

  var input: Int?
  var cacheWrite: Int?
  var cacheRead: Int?
  var output: Int?
  var creation: Creation?

  private enum CodingKeys: String, CodingKey {
    case input = "input_tokens"
    case cacheWrite = "cache_creation_input_tokens"
    case cacheRead = "cache_read_input_tokens"
    case output = "output_tokens"
    case creation = "cache_creation"
  }
}

struct WireBlock: Decodable {
  var type: String
  var text: String?
}

struct WireEnd: Decodable {
  struct Details: Decodable {
    var category: String?

    private enum CodingKeys: CodingKey { case category }

    // Details are a hint: of another shape than expected, they are none.
    init(from decoder: any Decoder) throws {
      let values = try? decoder.container(keyedBy: CodingKeys.self)
      category = try? values?.decodeIfPresent(String.self, forKey: .category)
    }
  }

  var reason: String?
  var sequence: String?
  var details: Details?

  private enum CodingKeys: String, CodingKey {
    case reason = "stop_reason"
    case sequence = "stop_sequence"
    case details = "stop_details"
  }
}

struct WireMessage: Decodable {
  var id: String?
  var type: String?
  var model: String?
  var content: [WireBlock]?
  var usage: WireUsage?
  var end: WireEnd

  private enum CodingKeys: CodingKey { case id, type, model, content, usage }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decodeIfPresent(String.self, forKey: .id)
    type = try values.decodeIfPresent(String.self, forKey: .type)
    model = try values.decodeIfPresent(String.self, forKey: .model)
    content = try values.decodeIfPresent([WireBlock].self, forKey: .content)
    usage = try values.decodeIfPresent(WireUsage.self, forKey: .usage)
    // A whole answer has beside its content what a stream has in message_delta.
    end = try WireEnd(from: decoder)
  }
}

struct WireError: Decodable {
  struct Details: Decodable {
    var code: String?

    private enum CodingKeys: String, CodingKey { case code = "error_code" }

    // See WireEnd.Details.
    init(from decoder: any Decoder) throws {
      let values = try? decoder.container(keyedBy: CodingKeys.self)
      code = try? values?.decodeIfPresent(String.self, forKey: .code)
    }
  }

  var type: String?
  var message: String?
  var details: Details?
}

/// The body of an error.
struct WireErrorBody: Decodable {
  var error: WireError?
  var requestID: String?

  private enum CodingKeys: String, CodingKey {
    case error
    case requestID = "request_id"
  }
}

/// One event of a stream.
enum WireEvent: Decodable {
  struct Delta: Decodable {
    var type: String
    var text: String?
  }

  case messageStart(WireMessage)
  case blockStart(Int, WireBlock)
  case blockDelta(Int, Delta)
  case blockStop(Int)
  case messageDelta(WireEnd, WireUsage?)
  case messageStop
  case failure(WireError)
  case ping
  case unknown

  private enum CodingKeys: String, CodingKey {
    case type, message, index, delta, usage, error
    case block = "content_block"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    switch try values.decode(String.self, forKey: .type) {
    case "message_start":
      self = .messageStart(try values.decode(WireMessage.self, forKey: .message))
    case "content_block_start":
      self = .blockStart(
        try values.decode(Int.self, forKey: .index),
        try values.decode(WireBlock.self, forKey: .block))
    case "content_block_delta":
      self = .blockDelta(
        try values.decode(Int.self, forKey: .index),
        try values.decode(Delta.self, forKey: .delta))
    case "content_block_stop":
      self = .blockStop(try values.decode(Int.self, forKey: .index))
    case "message_delta":
      self = .messageDelta(
        try values.decode(WireEnd.self, forKey: .delta),
        try values.decodeIfPresent(WireUsage.self, forKey: .usage))
    case "message_stop": self = .messageStop
    case "error": self = .failure(try values.decode(WireError.self, forKey: .error))
    case "ping": self = .ping
    default: self = .unknown
    }
  }
}
