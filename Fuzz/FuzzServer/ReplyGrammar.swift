/// Says whether bytes are whole replies of RESP2 or RESP3, and where they cease to be.
public struct ReplyGrammar {
  private let bytes: [UInt8]
  /// The first byte of what is not a whole reply.
  public private(set) var position = 0
  /// Whether the bytes ended inside a reply that was right so far.
  public private(set) var endsEarly = false

  /// Replies may stand in each other this deep.
  private static let depthMax = 32

  /// Makes one for `bytes`.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// Whether all bytes are whole replies.
  public mutating func takeAll() -> Bool {
    while position < bytes.count {
      let start = position
      guard take(depth: 0) else {
        position = start
        return false
      }
    }
    return true
  }

  /// A line without its CR LF; nil when there is none or a bare CR or LF is in it.
  private mutating func line() -> ArraySlice<UInt8>? {
    guard let end = bytes[position...].firstIndex(where: { $0 == 0x0D || $0 == 0x0A }) else {
      endsEarly = true
      return nil
    }
    guard end + 1 < bytes.count else {
      endsEarly = true
      return nil
    }
    guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { return nil }
    defer { position = end + 2 }
    return bytes[position..<end]
  }

  private mutating func number() -> Int? {
    line().flatMap { Int(String(decoding: $0, as: UTF8.self)) }
  }

  private mutating func take(depth: Int) -> Bool {
    guard depth < Self.depthMax else { return false }
    guard position < bytes.count else {
      endsEarly = true
      return false
    }
    let type = bytes[position]
    position += 1
    switch type {
    case UInt8(ascii: "+"), UInt8(ascii: "-"): return line() != nil
    case UInt8(ascii: ":"): return number() != nil
    case UInt8(ascii: "("): return line().map { !$0.isEmpty } ?? false
    case UInt8(ascii: ","): return line().map { !$0.isEmpty } ?? false
    case UInt8(ascii: "_"): return line().map { $0.isEmpty } ?? false
    case UInt8(ascii: "#"): return line().map { $0 == [0x74] || $0 == [0x66] } ?? false
    case UInt8(ascii: "$"), UInt8(ascii: "="): return takeBulk()
    case UInt8(ascii: "*"): return takeElements(times: 1, depth: depth, mayBeNull: true)
    case UInt8(ascii: "~"), UInt8(ascii: ">"): return takeElements(times: 1, depth: depth)
    case UInt8(ascii: "%"): return takeElements(times: 2, depth: depth)
    case UInt8(ascii: "|"):
      // Attributes describe the reply behind them.
      return takeElements(times: 2, depth: depth) && take(depth: depth + 1)
    default: return false
    }
  }

  private mutating func takeBulk() -> Bool {
    guard let count = number() else { return false }
    if count == -1 { return true }
    guard count >= 0 else { return false }
    guard bytes.count - position >= count + 2 else {
      endsEarly = true
      return false
    }
    position += count
    defer { position += 2 }
    return bytes[position] == 0x0D && bytes[position + 1] == 0x0A
  }

  private mutating func takeElements(times: Int, depth: Int, mayBeNull: Bool = false) -> Bool {
    guard let count = number() else { return false }
    if count == -1 { return mayBeNull }
    guard count >= 0 else { return false }
    for _ in 0..<(count * times) {
      guard take(depth: depth + 1) else { return false }
    }
    return true
  }
}
