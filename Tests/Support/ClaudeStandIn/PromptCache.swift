import Foundation

/// What a request would be billed with: tokens are a quarter of the bytes, and prefixes are kept at
/// breakpoints for each model, as the provider does it.
struct PromptCache {
  struct Counts {
    var input = 0
    var write = 0
    var writeHour = 0
    var read = 0
    var output = 0
  }

  // Model and everything up to a breakpoint → until when it is kept.
  private var kept: [String: Date] = [:]

  static let lookBack = 20
  static let prefixTokensMin = 512

  /// Counts a request, and keeps its prefixes.
  mutating func count(_ body: [String: Any], model: String, now: Date) -> Counts {
    var prefix = model
    var tokens = 0
    var positions: [(prefix: String, tokens: Int, life: String?)] = []
    for (role, block) in Self.blocks(of: body) {
      let text = block["text"] as? String ?? ""
      prefix += "\u{1}\(role)\u{2}\(text)"
      tokens += max(1, text.utf8.count / 4)
      let control = block["cache_control"] as? [String: Any]
      positions.append((prefix, tokens, control.map { $0["ttl"] as? String ?? "5m" }))
    }
    var counts = Counts()
    guard let last = positions.lastIndex(where: { $0.life != nil }),
      positions[last].tokens >= Self.prefixTokensMin
    else {
      counts.input = tokens
      return counts
    }
    for index in positions.indices where positions[index].life != nil {
      for earlier in stride(from: index, through: max(0, index - Self.lookBack), by: -1)
      where kept[positions[earlier].prefix].map({ $0 > now }) == true {
        counts.read = max(counts.read, positions[earlier].tokens)
        break
      }
    }
    let written = max(0, positions[last].tokens - counts.read)
    if positions[last].life == "1h" { counts.writeHour = written } else { counts.write = written }
    counts.input = tokens - positions[last].tokens
    for position in positions {
      guard let life = position.life else { continue }
      kept[position.prefix] = now.addingTimeInterval(life == "1h" ? 3600 : 300)
    }
    return counts
  }

  /// Every block of the instructions and the conversation, in order.
  static func blocks(of body: [String: Any]) -> [(role: String, block: [String: Any])] {
    func blocks(_ content: Any?) -> [[String: Any]] {
      if let text = content as? String { return [["text": text]] }
      return content as? [[String: Any]] ?? []
    }
    var all = blocks(body["system"]).map { ("system", $0) }
    for message in body["messages"] as? [[String: Any]] ?? [] {
      let role = message["role"] as? String ?? ""
      all += blocks(message["content"]).map { (role, $0) }
    }
    return all
  }
}
