import Foundation
import Glibc

/// An HTTP client of few words, over one connection.
final class HTTPClient {
  let fd: Int32
  private var buffer: [UInt8] = []

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// An answer.
  struct Answer {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? {
      headers.first { $0.name == name.lowercased() }?.value
    }
  }

  /// Connects to a port of the loopback interface.
  init(port: UInt16) throws {
    fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    try connect(address)
  }

  /// Connects to a Unix socket.
  init(path: String) throws {
    fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    try connect(address)
  }

  private func connect<Address>(_ address: Address) throws {
    let result = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(fd, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard result == 0 else { throw Failure(description: "cannot connect: errno \(errno)") }
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(fd) }

  /// Sends a request and reads its answer.
  func send(
    _ method: String, _ target: String, _ headers: [(String, String)] = []
  ) throws -> Answer {
    try write(Self.request(method, target, headers))
    return try read(isHead: method == "HEAD")
  }

  /// A request's text.
  static func request(
    _ method: String, _ target: String, _ headers: [(String, String)] = []
  ) -> String {
    "\(method) \(target) HTTP/1.1\r\nHost: test\r\n"
      + headers.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
  }

  /// Sends raw text; false when the server has closed the connection.
  @discardableResult
  func write(_ text: String) throws -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EPIPE || errno == ECONNRESET { return false }
      guard count > 0 else { throw Failure(description: "cannot send: errno \(errno)") }
      sent += count
    }
    return true
  }

  /// Reads the next answer.
  func read(isHead: Bool = false) throws -> Answer {
    let separator = Array("\r\n\r\n".utf8)
    while buffer.firstRange(of: separator) == nil { try receive() }
    guard let end = buffer.firstRange(of: separator) else { throw Failure(description: "no head") }
    let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: false)
    buffer.removeSubrange(..<end.upperBound)
    let words = lines[0].split(separator: " ")
    guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
      throw Failure(description: "no status line: \(lines[0])")
    }
    let headers = try lines.dropFirst().map { line -> (name: String, value: String) in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { throw Failure(description: "no header: \(line)") }
      return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
    let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    var body: [UInt8] = []
    if !isHead, status != 304 {
      while buffer.count < length { try receive() }
      body = Array(buffer[..<length])
      buffer.removeSubrange(..<length)
    }
    return Answer(status: status, headers: headers, body: body)
  }

  private func receive() throws {
    var room = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(fd, &room, room.count, 0)
    guard count > 0 else {
      throw Failure(
        description: count == 0 ? "the connection was closed" : "no answer: errno \(errno)")
    }
    buffer += room[..<count]
  }

  /// Ends the sending direction only.
  func finishSending() { shutdown(fd, Int32(SHUT_WR)) }

  /// Whether the server closes the connection.
  func isClosedByServer() -> Bool {
    var room = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(fd, &room, room.count, 0)
      if count == 0 { return true }
      if count < 0 { return errno == ECONNRESET }
    }
  }
}
