import Foundation

/// What the provider would object to in a request.
enum RequestCheck {
  struct Objection {
    let status: Int
    let type: String
    let message: String
  }

  static let retired = [
    "claude-3-haiku-20240307", "claude-3-5-sonnet-20241022", "claude-3-opus-20240229",
  ]

  static func objection(
    to request: Connection.Request, _ body: [String: Any]?, key: String?
  ) -> Objection? {
    func invalid(_ message: String) -> Objection {
      Objection(status: 400, type: "invalid_request_error", message: message)
    }
    guard request.path == "/v1/messages", request.method == "POST" else {
      return Objection(status: 404, type: "not_found_error", message: "Not found")
    }
    guard let given = request.headers["x-api-key"], !given.isEmpty, key == nil || given == key
    else {
      return Objection(status: 401, type: "authentication_error", message: "invalid x-api-key")
    }
    guard request.body.count <= 32_000_000 else {
      return Objection(
        status: 413, type: "request_too_large", message: "Request exceeds the maximum size")
    }
    guard request.headers["anthropic-version"] == "2023-06-01" else {
      return invalid("anthropic-version: header is required")
    }
    guard let body else { return invalid("The request body is not valid JSON") }
    guard let model = body["model"] as? String, body["max_tokens"] is Int,
      let messages = body["messages"] as? [[String: Any]], !messages.isEmpty
    else { return invalid("model, max_tokens and messages: Field required") }
    if retired.contains(model) {
      return Objection(status: 404, type: "not_found_error", message: "model: \(model)")
    }
    for name in ["temperature", "top_p", "top_k"] where body[name] != nil && model.contains("5-5") {
      return invalid("\(name): Extra inputs are not permitted")
    }
    if messages.last?["role"] as? String != "user" {
      return invalid("messages: final turn must be the user's")
    }
    let blocks = PromptCache.blocks(of: body)
    if blocks.contains(where: { (($0.block["text"] as? String) ?? "").isEmpty }) {
      return invalid("messages: text content blocks must be non-empty")
    }
    if blocks.filter({ $0.block["cache_control"] != nil }).count > 4 {
      return invalid("A maximum of 4 blocks with cache_control may be provided")
    }
    return nil
  }
}
