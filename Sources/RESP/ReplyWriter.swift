public import Bytes
public import Glibc

/// The protocol that a client asked for with HELLO.
public enum ProtocolVersion: Int, Sendable {
  case resp2 = 2
  case resp3 = 3
}

/// Writes replies in RESP2 or RESP3 into an output buffer.
///
/// What RESP2 lacks is written as Redis writes it there: null as a null bulk string, maps and sets
/// as arrays, doubles and verbatim text as bulk strings, Booleans as 1 and 0.
public struct ReplyWriter: ~Copyable {
  /// Where the bytes go.
  public var output: OutputBuffer

  /// The protocol of the connection that is being answered.
  public var version: ProtocolVersion = .resp2

  /// Makes a writer with an output buffer of `capacity` bytes.
  public init(capacity: Int) {
    output = OutputBuffer(capacity: capacity)
  }

  /// `+OK`
  @inlinable
  public mutating func ok() {
    // "+OK CR LF" as one store of eight bytes, of which five count.
    UnsafeMutableRawPointer(output.reserve(8))
      .storeBytes(of: UInt64(0x0A0D_4B4F_2B).littleEndian, as: UInt64.self)
    output.advance(by: 5)
  }

  /// A status that holds no CR or LF.
  @inlinable
  @inline(__always)
  public mutating func simple(_ text: StaticString) {
    output.append(UInt8(ascii: "+"))
    output.append(text)
    output.append("\r\n")
  }

  /// A status made at run time; line breaks become spaces.
  public mutating func simple(_ text: ByteView) {
    output.append(UInt8(ascii: "+"))
    appendLine(text)
  }

  /// An error: `text` starts with its code, as in "ERR syntax error".
  public mutating func error(_ text: StaticString) {
    output.append(UInt8(ascii: "-"))
    output.append(text)
    output.append("\r\n")
  }

  /// An error made at run time; line breaks, which would end it early, become spaces, and go at its
  /// end.
  public mutating func error(_ text: String) {
    output.append(UInt8(ascii: "-"))
    var text = text
    text.withUTF8 { appendLine(ByteView(UnsafeRawBufferPointer($0))) }
  }

  /// An error of any bytes; line breaks become spaces.
  public mutating func error(_ text: ByteView) {
    output.append(UInt8(ascii: "-"))
    appendLine(text)
  }

  private mutating func appendLine(_ text: ByteView) {
    func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }
    var count = text.count
    while count > 0, isLineBreak(text[count - 1]) { count -= 1 }
    let place = output.reserve(count + 2)
    for index in 0..<count { place[index] = isLineBreak(text[index]) ? 0x20 : text[index] }
    output.advance(by: count)
    output.append("\r\n")
  }

  /// An integer.
  @inlinable
  public mutating func integer(_ value: Int64) {
    header(UInt8(ascii: ":"), value)
  }

  /// An integer.
  @inlinable
  public mutating func integer(_ value: Int) {
    header(UInt8(ascii: ":"), Int64(value))
  }

  /// A bulk string.
  @inlinable
  public mutating func bulk(_ bytes: ByteView) {
    // 1 type byte, up to 20 digits, and CR LF twice.
    let place = output.reserve(bytes.count &+ 25)
    place[0] = UInt8(ascii: "$")
    var end = 1 &+ IntegerText.write(Int64(bytes.count), to: place + 1)
    place[end] = 0x0D
    place[end &+ 1] = 0x0A
    memcpy(place + (end &+ 2), bytes.base, bytes.count)
    end &+= bytes.count &+ 2
    place[end] = 0x0D
    place[end &+ 1] = 0x0A
    output.advance(by: end &+ 2)
  }

  /// A bulk string of text fixed at compile time.
  @inlinable
  public mutating func bulk(_ text: StaticString) {
    bulk(ByteView(text))
  }

  /// A bulk string of a Swift string. Allocation-free for native strings.
  public mutating func bulk(_ text: String) {
    var text = text
    text.withUTF8 { bulk(ByteView(UnsafeRawBufferPointer($0))) }
  }

  /// A bulk string of bytes.
  public mutating func bulk(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bulk(ByteView($0)) }
  }

  /// A bulk string holding the decimal digits of `value`.
  public mutating func bulk(_ value: Int64) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
      let place = digits.baseAddress!
      bulk(ByteView(base: UnsafePointer(place), count: IntegerText.write(value, to: place)))
    }
  }

  /// A bulk string whose bytes are sent from where they are, see `OutputBuffer.splice`.
  public mutating func bulk(splicing bytes: ByteView, owner: UnsafeMutableRawPointer) {
    header(UInt8(ascii: "$"), Int64(bytes.count))
    output.splice(bytes, owner: owner)
    output.append("\r\n")
  }

  /// Nothing: `$-1`, or `_` in RESP3.
  @inlinable
  public mutating func null() {
    output.append(version == .resp2 ? "$-1\r\n" : "_\r\n")
  }

  /// Nothing in place of an array: `*-1`, or `_` in RESP3.
  @inlinable
  public mutating func nullArray() {
    output.append(version == .resp2 ? "*-1\r\n" : "_\r\n")
  }

  /// A type byte, a number and CR LF.
  @inlinable
  mutating func header(_ type: UInt8, _ value: Int64) {
    let place = output.reserve(24)
    place[0] = type
    let end = 1 &+ IntegerText.write(value, to: place + 1)
    place[end] = 0x0D
    place[end &+ 1] = 0x0A
    output.advance(by: end &+ 2)
  }
}
