/// A reply as it came over the wire, in either protocol.
indirect enum Reply: Equatable, Sendable {
  case simple(String)
  case error(String)
  case integer(Int64)
  case bulk([UInt8])
  case null
  case array([Reply])
  case map([Reply])
  case set([Reply])
  case push([Reply])
  case double(String)
  case boolean(Bool)
  case bigNumber(String)
  case verbatim(String)

  /// A bulk string of text.
  static func text(_ text: String) -> Reply { .bulk(Array(text.utf8)) }

  /// `+OK`.
  static let ok = Reply.simple("OK")

  /// An array of bulk strings.
  static func texts(_ texts: String...) -> Reply { .array(texts.map { .text($0) }) }

  /// The text of a bulk, simple or verbatim string or an error.
  var string: String? {
    switch self {
    case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
    case .simple(let text), .error(let text), .verbatim(let text): text
    default: nil
    }
  }

  /// The number of an integer reply.
  var number: Int64? { if case .integer(let value) = self { value } else { nil } }

  /// The parts of an array, map, set or push.
  var elements: [Reply]? {
    switch self {
    case .array(let all), .map(let all), .set(let all), .push(let all): all
    default: nil
    }
  }

  /// Whether it is an error that starts with `prefix`.
  func isError(_ prefix: String = "") -> Bool {
    if case .error(let text) = self { text.hasPrefix(prefix) } else { false }
  }
}

/// Finds replies in received bytes.
struct ReplyParser {
  private(set) var bytes: [UInt8] = []
  private var position = 0

  mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  /// The next whole reply; nil when it has not arrived in whole.
  mutating func next() -> Reply? {
    let start = position
    guard let reply = parse() else {
      position = start
      return nil
    }
    if position == bytes.count || position > 1 << 16 {
      bytes.removeFirst(position)
      position = 0
    }
    return reply
  }

  private mutating func line() -> String? {
    guard let end = bytes[position...].firstIndex(of: 0x0D), end + 1 < bytes.count else {
      return nil
    }
    defer { position = end + 2 }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }

  private mutating func parse() -> Reply? {
    guard position < bytes.count else { return nil }
    let type = bytes[position]
    position += 1
    guard let line = line() else { return nil }
    switch type {
    case UInt8(ascii: "+"): return .simple(line)
    case UInt8(ascii: "-"): return .error(line)
    case UInt8(ascii: ":"): return .integer(Int64(line) ?? .min)
    case UInt8(ascii: "_"): return .null
    case UInt8(ascii: ","): return .double(line)
    case UInt8(ascii: "#"): return .boolean(line == "t")
    case UInt8(ascii: "("): return .bigNumber(line)
    case UInt8(ascii: "$"), UInt8(ascii: "="):
      guard let count = Int(line) else { return .error("bad length \(line)") }
      if count < 0 { return .null }
      guard bytes.count - position >= count + 2 else { return nil }
      let content = Array(bytes[position..<(position + count)])
      position += count + 2
      if type == UInt8(ascii: "=") {
        return .verbatim(String(decoding: content.dropFirst(4), as: UTF8.self))
      }
      return .bulk(content)
    case UInt8(ascii: "*"):
      guard let count = Int(line) else { return .error("bad count \(line)") }
      return count < 0 ? .null : elements(count).map { .array($0) }
    case UInt8(ascii: "%"): return elements((Int(line) ?? 0) * 2).map { .map($0) }
    case UInt8(ascii: "~"): return elements(Int(line) ?? 0).map { .set($0) }
    case UInt8(ascii: ">"): return elements(Int(line) ?? 0).map { .push($0) }
    default: return .error("unknown type \(type) in \(line)")
    }
  }

  private mutating func elements(_ count: Int) -> [Reply]? {
    var all: [Reply] = []
    for _ in 0..<count {
      guard let element = parse() else { return nil }
      all.append(element)
    }
    return all
  }
}
