internal import Bytes
internal import Platform

/// A connection to another server, for a thread that waits for it: requests are sent, replies read
/// line by line, each within a time.
final class MigrationLink {
  /// Where the other server is.
  struct Place: Hashable, Sendable {
    let host: String
    let port: Int
  }

  /// What has gone wrong with the connection.
  struct Failure: Error {
    enum Stage: String, Sendable {
      case writing, reading
      case connecting
    }
    let stage: Stage
    let isTimeout: Bool
  }

  let place: Place
  /// The database that it has selected there; nil: unknown.
  var database: Int64?
  /// When it was last of use, in microseconds of the monotonic clock.
  var usedAt: Int64 = 0

  private let fd: FileDescriptor
  private var waiting: [UInt8] = []
  private var received: [UInt8] = []
  private var position = 0

  /// Bytes that are sent together.
  private static let chunkBytes = 64 << 10
  /// No reply to what is asked here is longer.
  private static let lineBytesMax = 64 << 10

  /// Connects.
  init(_ place: Place, timeoutMilliseconds: Int) throws(Failure) {
    self.place = place
    do throws(Socket.ConnectFailure) {
      fd = try Socket.connect(
        host: place.host, port: place.port, timeoutMilliseconds: timeoutMilliseconds)
    } catch {
      // Redis notices a refusal when it writes, and says so.
      throw Failure(
        stage: error == .refused ? .writing : .connecting, isTimeout: error == .unreachable)
    }
    Socket.setNoDelay(fd)
    database = 0
  }

  deinit { fd.close() }

  // MARK: Sending

  /// Adds a command, its name first, to what is to be sent; sends what has gathered.
  func write(_ words: [[UInt8]], timeoutMilliseconds: Int) throws(Failure) {
    waiting += Array("*\(words.count)\r\n".utf8)
    for word in words {
      waiting += Array("$\(word.count)\r\n".utf8)
      waiting += word
      waiting += [0x0D, 0x0A]
      if waiting.count >= Self.chunkBytes {
        try flush(timeoutMilliseconds: timeoutMilliseconds)
      }
    }
  }

  /// Sends all that has gathered; the time is that for each part that is sent.
  func flush(timeoutMilliseconds: Int) throws(Failure) {
    var sent = 0
    defer { waiting.removeAll(keepingCapacity: true) }
    while sent < waiting.count {
      let result = waiting.withUnsafeBytes {
        Socket.send(
          to: fd, $0.baseAddress! + sent, count: min(Self.chunkBytes, $0.count - sent))
      }
      switch result {
      case .count(let count): sent += count
      case .wouldBlock:
        guard Socket.waitToSend(to: fd, milliseconds: timeoutMilliseconds) else {
          throw Failure(stage: .writing, isTimeout: true)
        }
      case .endOfStream, .failed: throw Failure(stage: .writing, isTimeout: false)
      }
    }
  }

  // MARK: Receiving

  /// The next line, without its end.
  ///
  /// - Parameter timeoutMilliseconds: for the whole line.
  func readLine(timeoutMilliseconds: Int) throws(Failure) -> [UInt8] {
    let deadline = Clock.monotonicMicroseconds + Int64(timeoutMilliseconds) * 1000
    var searched = position
    while true {
      if let end = received[searched...].firstIndex(of: 0x0A) {
        defer { position = end + 1 }
        let isCRLF = end > position && received[end - 1] == 0x0D
        return Array(received[position..<(isCRLF ? end - 1 : end)])
      }
      guard received.count - position <= Self.lineBytesMax else {
        throw Failure(stage: .reading, isTimeout: false)
      }
      received.removeFirst(position)
      position = 0
      searched = received.count
      try receive(until: deadline)
    }
  }

  private func receive(until deadline: Int64) throws(Failure) {
    while true {
      let result = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
        let result = Socket.receive(from: fd, into: buffer.baseAddress!, count: buffer.count)
        if case .count(let count) = result { received += buffer[0..<count] }
        return result
      }
      switch result {
      case .count: return
      case .wouldBlock:
        let left = (deadline - Clock.monotonicMicroseconds + 999) / 1000
        guard left > 0, Socket.waitToReceive(from: fd, milliseconds: Int(left)) else {
          throw Failure(stage: .reading, isTimeout: true)
        }
      case .endOfStream, .failed: throw Failure(stage: .reading, isTimeout: false)
      }
    }
  }
}
