public import Bytes
internal import Glibc

extension ReplyWriter {
  /// Starts an array of `count` elements, which follow.
  @inlinable
  public mutating func array(_ count: Int) {
    header(UInt8(ascii: "*"), Int64(count))
  }

  /// Starts a map of `count` pairs; an array of twice as many elements in RESP2.
  @inlinable
  public mutating func map(_ count: Int) {
    if version == .resp2 {
      array(count * 2)
    } else {
      header(UInt8(ascii: "%"), Int64(count))
    }
  }

  /// Starts a set of `count` members.
  @inlinable
  public mutating func set(_ count: Int) {
    header(version == .resp2 ? UInt8(ascii: "*") : UInt8(ascii: "~"), Int64(count))
  }

  /// Starts a message that answers no command; an array in RESP2.
  @inlinable
  public mutating func push(_ count: Int) {
    header(version == .resp2 ? UInt8(ascii: "*") : UInt8(ascii: ">"), Int64(count))
  }

  /// Starts `count` pairs of attributes that describe the reply behind them. RESP3 only.
  public mutating func attribute(_ count: Int) {
    assert(version == .resp3)
    header(UInt8(ascii: "|"), Int64(count))
  }

  /// Starts an array whose length is not known yet.
  ///
  /// - Returns: what `endArray` wants.
  public mutating func beginArray() -> Int {
    // Room for the longest header; `endArray` closes the gap.
    let start = output.count
    _ = output.reserve(Self.openHeaderLength)
    output.advance(by: Self.openHeaderLength)
    return start
  }

  /// Ends an array that `beginArray` started, now that it is known to have `count` elements.
  ///
  /// - Complexity: O(bytes written since), which are moved by a few places.
  public mutating func endArray(_ start: Int, count: Int) {
    endAggregate(start, UInt8(ascii: "*"), count: count)
  }

  /// Ends as a set what `beginArray` started.
  ///
  /// - Complexity: as `endArray`.
  public mutating func endSet(_ start: Int, count: Int) {
    endAggregate(start, version == .resp2 ? UInt8(ascii: "*") : UInt8(ascii: "~"), count: count)
  }

  private mutating func endAggregate(_ start: Int, _ type: UInt8, count: Int) {
    output.closeGap(at: start, length: Self.openHeaderLength) { place in
      place[0] = type
      let end = 1 + IntegerText.write(Int64(count), to: place + 1)
      place[end] = 0x0D
      place[end + 1] = 0x0A
      return end + 2
    }
  }

  private static var openHeaderLength: Int { 24 }

  /// Leaves a gap for a part of the reply that is only known after what follows it.
  ///
  /// - Parameter length: bytes that the part has at most.
  /// - Returns: what `fillGap` wants.
  public mutating func beginGap(length: Int) -> Int {
    let start = output.count
    _ = output.reserve(length)
    output.advance(by: length)
    return start
  }

  /// Fills a gap, and closes what is left of it.
  ///
  /// - Parameters:
  ///   - length: as given to `beginGap`.
  ///   - write: writes the part and returns the number of its bytes.
  /// - Complexity: O(bytes written since), which are moved by a few places.
  public mutating func fillGap(
    _ start: Int, length: Int, write: (UnsafeMutablePointer<UInt8>) -> Int
  ) {
    output.closeGap(at: start, length: length, write: write)
  }

  /// Starts the reply of SCAN and its kin: a cursor that is not known yet, and an array.
  ///
  /// - Returns: what `endPage` wants.
  public mutating func beginPage() -> Int {
    // "*2", "$20", a cursor of 20 digits, "*" with up to 20 digits, and their line ends.
    let start = output.count
    _ = output.reserve(Self.pageHeaderLength)
    output.advance(by: Self.pageHeaderLength)
    return start
  }

  /// Ends what `beginPage` started: the cursor for the next call, 0 at the end, and the number of
  /// elements written since.
  ///
  /// - Complexity: O(bytes written since), which are moved by a few places.
  public mutating func endPage(_ start: Int, cursor: UInt64, count: Int) {
    output.closeGap(at: start, length: Self.pageHeaderLength) { place in
      var end = 0
      func put(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { place[end + index] = text.utf8Start[index] }
        end += text.utf8CodeUnitCount
      }
      put("*2\r\n$")
      end += IntegerText.write(UInt64(IntegerText.digitCount(cursor)), to: place + end)
      put("\r\n")
      end += IntegerText.write(cursor, to: place + end)
      put("\r\n*")
      end += IntegerText.write(Int64(count), to: place + end)
      put("\r\n")
      return end
    }
  }

  private static var pageHeaderLength: Int { 64 }

  /// A Boolean: `#t` and `#f`, or 1 and 0 in RESP2.
  public mutating func boolean(_ value: Bool) {
    if version == .resp2 {
      integer(value ? 1 : 0)
    } else {
      output.append(value ? "#t\r\n" : "#f\r\n")
    }
  }

  /// A double; a bulk string in RESP2.
  public mutating func double(_ value: Double) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.byteCountMax) { text in
      let place = text.baseAddress!
      let length = FloatText.write(value, to: place)
      let bytes = ByteView(base: UnsafePointer(place), count: length)
      if version == .resp2 {
        bulk(bytes)
      } else {
        output.append(UInt8(ascii: ","))
        output.append(bytes)
        output.append("\r\n")
      }
    }
  }

  /// Text for people, with a three-letter format; a bulk string in RESP2.
  public mutating func verbatim(_ text: String, format: StaticString = "txt") {
    guard version == .resp3 else { return bulk(text) }
    precondition(format.utf8CodeUnitCount == 3)
    header(UInt8(ascii: "="), Int64(text.utf8.count + 4))
    output.append(format)
    output.append(UInt8(ascii: ":"))
    var text = text
    text.withUTF8 { output.append(ByteView(UnsafeRawBufferPointer($0))) }
    output.append("\r\n")
  }

  /// An integer of any size, given as decimal digits; a bulk string in RESP2.
  public mutating func bigNumber(_ digits: ByteView) {
    guard version == .resp3 else { return bulk(digits) }
    output.append(UInt8(ascii: "("))
    output.append(digits)
    output.append("\r\n")
  }
}

extension OutputBuffer {
  /// Writes at most `length` bytes at `start`, where a gap of that length was left, and moves what
  /// is behind it up.
  mutating func closeGap(
    at start: Int, length: Int, write: (UnsafeMutablePointer<UInt8>) -> Int
  ) {
    precondition(start >= 0 && start + length <= filled)
    let written = write(base + start)
    precondition(written <= length)
    let rest = filled - start - length
    memmove(base + start + written, base + start + length, rest)
    filled -= length - written
    moveSplices(after: start, by: written - length)
  }
}
