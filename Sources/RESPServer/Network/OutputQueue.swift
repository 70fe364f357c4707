internal import Bytes
internal import CacheCore
internal import Glibc
internal import Platform
internal import RESP

/// How far an output buffer has been sent.
struct OutputCursor {
  /// Bytes of the buffer itself.
  var byte = 0
  /// Splices sent in whole.
  var splice = 0
  /// Bytes of the splice that is under way.
  var withinSplice = 0

  /// Bytes between an earlier place and this one, splices included.
  func distance(from earlier: OutputCursor, in buffer: borrowing OutputBuffer) -> Int {
    var bytes = byte - earlier.byte + withinSplice - earlier.withinSplice
    for index in earlier.splice..<splice { bytes += buffer.splices[index].bytes.count }
    return bytes
  }
}

/// Replies that the socket did not take at once.
struct OutputQueue: ~Copyable {
  var buffer: OutputBuffer
  var cursor = OutputCursor()

  /// Bytes still to be sent, splices included.
  var waitingBytes = 0

  init(capacity: Int) { buffer = OutputBuffer(capacity: capacity) }

  deinit {
    for index in cursor.splice..<buffer.spliceCount {
      Blob(owner: buffer.splices[index].owner).release()
    }
  }

  /// Moves what `other` holds behind `cursor` to the end of this queue, owners included.
  mutating func append(_ other: borrowing OutputBuffer, from cursor: OutputCursor) {
    discardSent()
    move(other, from: cursor)
  }

  /// Sent bytes that are dropped at the next chance.
  private static var sentBytesMax: Int { 64 * 1024 }
  private static var sentSplicesMax: Int { 1024 }

  /// Drops what has been sent, once it is half of the buffer: a client that always lags a little
  /// would otherwise make the queue grow for ever.
  private mutating func discardSent() {
    let hasSentBytes = cursor.byte >= Self.sentBytesMax && cursor.byte >= buffer.count / 2
    let hasSentSplices =
      cursor.splice >= Self.sentSplicesMax && cursor.splice >= buffer.spliceCount / 2
    guard hasSentBytes || hasSentSplices else { return }
    let old = cursor
    var rest = OutputBuffer(capacity: max(1024, buffer.count - cursor.byte))
    swap(&rest, &buffer)
    cursor = OutputCursor()
    waitingBytes = 0
    move(rest, from: old)
  }

  private mutating func move(_ other: borrowing OutputBuffer, from cursor: OutputCursor) {
    var position = cursor.byte
    var skip = cursor.withinSplice
    for index in cursor.splice..<other.spliceCount {
      let splice = other.splices[index]
      appendBytes(other.bytes[position..<splice.position])
      position = splice.position
      let rest = splice.bytes.dropFirst(skip)
      skip = 0
      buffer.splice(rest, owner: splice.owner)
      waitingBytes += rest.count
    }
    appendBytes(other.bytes.dropFirst(position))
  }

  /// Bytes of memory held, large values that are only pointed to included.
  var memoryUsage: Int {
    let waitingInBuffer = buffer.count - cursor.byte
    return buffer.memoryUsage + waitingBytes - waitingInBuffer
  }

  /// Pieces that it is sent in: large values that are pointed to, and what stands between them.
  var pieceCount: Int { buffer.spliceCount - cursor.splice + 1 }

  /// Appends bytes that answer no command.
  mutating func append(_ bytes: ByteView) {
    discardSent()
    appendBytes(bytes)
  }

  /// Sends as much as the socket takes.
  mutating func send(to fd: FileDescriptor) -> SendResult {
    let before = cursor
    let result = fd.send(buffer, from: &cursor)
    waitingBytes -= cursor.distance(from: before, in: buffer)
    return result
  }

  private mutating func appendBytes(_ bytes: ByteView) {
    buffer.append(bytes)
    waitingBytes += bytes.count
  }
}

/// What sending a buffer came to.
enum SendResult {
  case complete
  case blocked
  case failed
}

extension FileDescriptor {
  /// Pieces handed to the kernel in one call.
  private static var vectorsMax: Int { 64 }

  /// Sends a buffer from `cursor` on and moves the cursor; splices sent in whole are released.
  func send(_ buffer: borrowing OutputBuffer, from cursor: inout OutputCursor) -> SendResult {
    if buffer.spliceCount == 0 {
      while cursor.byte < buffer.count {
        switch Socket.send(
          to: self, buffer.bytes.base + cursor.byte, count: buffer.count - cursor.byte)
        {
        case .count(let sent): cursor.byte += sent
        case .wouldBlock: return .blocked
        case .endOfStream, .failed: return .failed
        }
      }
      return .complete
    }
    return sendVectors(buffer, from: &cursor)
  }

  private func sendVectors(
    _ buffer: borrowing OutputBuffer, from cursor: inout OutputCursor
  ) -> SendResult {
    while cursor.byte < buffer.count || cursor.splice < buffer.spliceCount {
      let result = withUnsafeTemporaryAllocation(of: Socket.Piece.self, capacity: Self.vectorsMax) {
        let count = Self.fill($0, from: buffer, at: cursor)
        return Socket.send(to: self, pieces: UnsafeBufferPointer(rebasing: $0[..<count]))
      }
      switch result {
      case .count(let sent): Self.advance(&cursor, by: sent, in: buffer)
      case .wouldBlock: return .blocked
      case .endOfStream, .failed: return .failed
      }
    }
    return .complete
  }

  private static func fill(
    _ vectors: UnsafeMutableBufferPointer<Socket.Piece>, from buffer: borrowing OutputBuffer,
    at cursor: OutputCursor
  ) -> Int {
    var count = 0
    var byte = cursor.byte
    var skip = cursor.withinSplice
    func add(_ bytes: ByteView) {
      guard bytes.count > 0 else { return }
      vectors[count] = Socket.Piece(base: bytes.base, count: bytes.count)
      count += 1
    }
    for index in cursor.splice..<buffer.spliceCount where count + 3 <= vectors.count {
      let splice = buffer.splices[index]
      add(buffer.bytes[byte..<splice.position])
      add(splice.bytes.dropFirst(skip))
      byte = splice.position
      skip = 0
      if index + 1 == buffer.spliceCount { add(buffer.bytes.dropFirst(byte)) }
    }
    if cursor.splice == buffer.spliceCount { add(buffer.bytes.dropFirst(byte)) }
    return count
  }

  private static func advance(
    _ cursor: inout OutputCursor, by sent: Int, in buffer: borrowing OutputBuffer
  ) {
    var left = sent
    while left > 0 {
      let end =
        cursor.splice < buffer.spliceCount
        ? buffer.splices[cursor.splice].position : buffer.count
      if cursor.byte < end {
        let step = min(left, end - cursor.byte)
        cursor.byte += step
        left -= step
        continue
      }
      let splice = buffer.splices[cursor.splice]
      let step = min(left, splice.bytes.count - cursor.withinSplice)
      cursor.withinSplice += step
      left -= step
      if cursor.withinSplice == splice.bytes.count {
        Blob(owner: splice.owner).release()
        cursor.splice += 1
        cursor.withinSplice = 0
      }
    }
  }
}
