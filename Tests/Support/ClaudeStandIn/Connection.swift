import Foundation

/// One connection of HTTP/1.1, read and written by blocking calls.
final class Connection {
  /// A request as it came.
  struct Request {
    var method = ""
    var path = ""
    /// Names in small letters.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
  }

  let fd: Int32
  private var pending: [UInt8] = []

  static let headBytesMax = 64 * 1024
  static let bodyBytesMax = 40_000_000

  init(_ fd: Int32) { self.fd = fd }

  /// The next request; nil at the end, and for what is none.
  func read() -> Request? {
    guard let end = readHead() else { return nil }
    var lines = String(decoding: pending[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    pending.removeFirst(end + 4)
    let words = lines.removeFirst().split(separator: " ")
    guard words.count == 3 else { return nil }
    var request = Request(method: String(words[0]), path: String(words[1]))
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { continue }
      request.headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let count = request.headers["content-length"].flatMap { Int($0) } ?? 0
    guard (0...Self.bodyBytesMax).contains(count) else { return nil }
    while pending.count < count { guard readMore() else { return nil } }
    request.body = Array(pending[..<count])
    pending.removeFirst(count)
    return request
  }

  private func readHead() -> Int? {
    let separator = Array("\r\n\r\n".utf8)
    var searched = 0
    while true {
      var index = max(0, searched - 3)
      while index + 4 <= pending.count {
        if pending[index..<index + 4].elementsEqual(separator) { return index }
        index += 1
      }
      searched = pending.count
      guard pending.count < Self.headBytesMax, readMore() else { return nil }
    }
  }

  private func readMore() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(fd, &bytes, bytes.count, 0)
    guard count > 0 else { return false }
    pending.append(contentsOf: bytes[..<count])
    return true
  }

  /// Waits until the other side has gone.
  func waitForEnd() {
    while readMore() { pending = [] }
  }

  /// Sends everything; false when the other side has gone.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.send(fd, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends a whole answer.
  @discardableResult
  func answer(_ status: Int, _ headers: [String], _ body: String) -> Bool {
    var head = "HTTP/1.1 \(status) Status\r\n"
    for line in headers { head += line + "\r\n" }
    return send(head + "content-length: \(body.utf8.count)\r\n\r\n" + body)
  }

  /// Begins an answer that comes in pieces.
  @discardableResult
  func begin(_ headers: [String]) -> Bool {
    var head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
    for line in headers { head += line + "\r\n" }
    return send(head + "\r\n")
  }

  /// Sends a piece; an empty one is the end.
  @discardableResult
  func piece(_ text: String) -> Bool {
    send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
  }
}
