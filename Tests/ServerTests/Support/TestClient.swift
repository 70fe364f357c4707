import Glibc

/// A blocking client over one socket. A read that takes longer than 20 seconds fails the test.
final class TestClient {
  /// The connection is gone, or nothing came in time.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let fd: Int32
  private var parser = ReplyParser()

  /// Programs that other tests start meanwhile must not hold the connection open.
  private static let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  /// Connects to a port of the loopback interface.
  init(port: UInt16, receiveBufferBytes: Int32? = nil) throws {
    fd = socket(AF_INET, Self.kind, 0)
    if var bytes = receiveBufferBytes {
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    // Whole by now: `deinit` closes the socket.
    guard result == 0 else {
      throw Failure(description: "cannot connect to port \(port): errno \(errno)")
    }
    setTimeout(seconds: 20)
  }

  /// Connects to a Unix socket.
  init(path: String) throws {
    fd = socket(AF_UNIX, Self.kind, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      throw Failure(description: "cannot connect to \(path): errno \(errno)")
    }
    setTimeout(seconds: 20)
  }

  deinit { close(fd) }

  /// How long a read may take.
  func setTimeout(seconds: Int) {
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Sends a command and reads its reply.
  @discardableResult
  func send(_ words: String...) throws -> Reply { try send(words) }

  @discardableResult
  func send(_ words: [String]) throws -> Reply {
    try write(Self.encode(words.map { Array($0.utf8) }))
    return try read()
  }

  /// The same with arguments of any bytes.
  @discardableResult
  func send(bytes words: [[UInt8]]) throws -> Reply {
    try write(Self.encode(words))
    return try read()
  }

  /// Sends commands at once and reads all replies.
  func pipeline(_ commands: [[String]]) throws -> [Reply] {
    try write(commands.flatMap { Self.encode($0.map { Array($0.utf8) }) })
    return try commands.map { _ in try read() }
  }

  /// A request as clients encode it.
  static func encode(_ words: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(words.count)\r\n".utf8)
    for word in words {
      bytes += Array("$\(word.count)\r\n".utf8)
      bytes += word
      bytes += [0x0D, 0x0A]
    }
    return bytes
  }

  /// Sends raw text.
  func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Sends raw bytes.
  func write(_ bytes: [UInt8]) throws {
    var sent = 0
    try bytes.withUnsafeBytes { buffer in
      while sent < buffer.count {
        let count = Glibc.send(
          fd, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { throw Failure(description: "cannot send: errno \(errno)") }
        sent += count
      }
    }
  }

  /// Reads the next reply or push.
  func read() throws -> Reply {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if let reply = parser.next() { return reply }
      let count = recv(fd, &buffer, buffer.count, 0)
      guard count > 0 else {
        throw Failure(
          description: count == 0 ? "the connection was closed" : "no reply: errno \(errno)")
      }
      parser.append(buffer[..<count])
    }
  }

  /// Whether the server closes the connection, once everything it sent was read.
  func isClosedByServer() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(fd, &buffer, buffer.count, 0)
      if count == 0 { return true }
      if count < 0 { return errno == ECONNRESET }
      parser.append(buffer[..<count])
    }
  }

  /// Ends the sending direction only.
  func finishSending() { shutdown(fd, Int32(SHUT_WR)) }
}
