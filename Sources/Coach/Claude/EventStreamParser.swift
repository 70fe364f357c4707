/// Reads server-sent events from a stream of bytes that comes in pieces of any size.
///
/// The rules are those of the HTML standard, "Server-sent events", 9.2.5: lines end with LF, CR or
/// CR LF; a field's value begins after the colon and at most one space; lines of data are joined
/// with LF; an empty line ends an event, which counts only if it has data; an event that is not
/// ended is dropped; lines that begin with a colon, and unknown fields, mean nothing.
///
/// Memory is bounded: an event, and each of its lines, has at most `eventBytesMax` bytes.
public struct EventStreamParser: Sendable {
  /// One event.
  public struct Event: Equatable, Sendable {
    /// Its kind; empty when it has none.
    public var name: [UInt8] = []
    /// Its data without the last line's end.
    public var data: [UInt8] = []

    /// Makes an event.
    public init(name: [UInt8] = [], data: [UInt8] = []) {
      self.name = name
      self.data = data
    }
  }

  /// A line or an event is longer than the limit: the stream is not what it should be.
  public struct TooLong: Error, Equatable, Sendable {}

  /// Bytes that an event may have.
  public let eventBytesMax: Int

  private var line: [UInt8] = []
  private var event = Event()
  private var hasData = false
  // The last byte was a CR, so an LF that follows belongs to it.
  private var isAfterReturn = false
  private var isFirstLine = true

  /// Makes a parser at the beginning of a stream.
  ///
  /// - Parameter eventBytesMax: bytes that an event may have.
  public init(eventBytesMax: Int = 1 << 20) {
    precondition(eventBytesMax > 0)
    self.eventBytesMax = eventBytesMax
  }

  /// Takes the next piece.
  ///
  /// - Returns: the events that it completes.
  /// - Throws: `TooLong`; the parser is of no use afterwards.
  /// - Complexity: O(bytes)
  public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(TooLong) -> [Event] {
    var events: [Event] = []
    var start = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        let isSecondHalf = isAfterReturn && byte == UInt8(ascii: "\n") && index == start
        isAfterReturn = byte == UInt8(ascii: "\r")
        if !isSecondHalf {
          try append(bytes[start..<index])
          if let event = try endLine() { events.append(event) }
        }
        start = index + 1
      }
      index += 1
    }
    if start < bytes.count {
      isAfterReturn = false
      try append(bytes[start...])
    }
    return events
  }

  private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) throws(TooLong) {
    guard line.count + bytes.count <= eventBytesMax else { throw TooLong() }
    line.append(contentsOf: bytes)
  }

  private mutating func endLine() throws(TooLong) -> Event? {
    defer { line.removeAll(keepingCapacity: true) }
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    guard !line.isEmpty else { return endEvent() }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
    var value = line[min(colon + 1, line.count)...]
    if value.first == UInt8(ascii: " ") { value.removeFirst() }
    let field = line[..<colon]
    if field.elementsEqual("data".utf8) {
      if hasData { event.data.append(UInt8(ascii: "\n")) }
      guard event.data.count + value.count <= eventBytesMax else { throw TooLong() }
      event.data.append(contentsOf: value)
      hasData = true
    } else if field.elementsEqual("event".utf8) {
      event.name = Array(value)
    }
    return nil
  }

  private mutating func endEvent() -> Event? {
    defer {
      event = Event()
      hasData = false
    }
    return hasData ? event : nil
  }
}
