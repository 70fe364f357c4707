package import Bytes
import FuzzSupport
import Glibc
package import RESPServer

/// A server without a port, for fuzz targets to keep through all inputs.
///
/// - Parameter options: lines as in redis.conf.
package func makeServer(options: String) -> LoopbackServer {
  let registry = ConfigurationRegistry()
  var loader = ConfigurationLoader(registry: registry)
  do {
    try loader.load(text: options)
    try loader.finish()
    return try LoopbackServer(configuration: loader.configuration, registry: registry)
  } catch {
    fatalError("no server: \(error)")
  }
}

/// The client's end of a connection.
public struct Peer {
  /// Its socket.
  public let fd: CInt
  /// What has come so far.
  public private(set) var received: [UInt8] = []
  /// Whether the server has closed the connection.
  public private(set) var hasEnded = false

  /// Connects to `server`.
  package init(_ server: LoopbackServer) {
    var pair: [CInt] = [0, 0]
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    require(socketpair(AF_UNIX, type, 0, &pair) == 0, "no socketpair: errno \(errno)")
    server.adopt(pair[0])
    fd = pair[1]
  }

  /// Sends `bytes`, turning the server while the socket is full.
  package mutating func send(_ bytes: ByteView, _ server: LoopbackServer) {
    var rest = bytes
    // A server that has stopped reading (a blocked client) leaves the rest unsent.
    for _ in 0..<64 where !rest.isEmpty && !hasEnded {
      let sent = Glibc.send(fd, rest.base, rest.count, CInt(MSG_NOSIGNAL))
      if sent > 0 { rest = rest.dropFirst(sent) }
      server.turn()
      receive()
    }
  }

  /// One buffer for all: AddressSanitizer keeps what is freed for a while.
  nonisolated(unsafe) private static let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 1 << 16, alignment: 1)

  /// Takes what the server has sent.
  public mutating func receive() {
    let buffer = Self.buffer
    while !hasEnded {
      let count = recv(fd, buffer.baseAddress, buffer.count, 0)
      if count > 0 { received += buffer[..<count] } else if count == 0 { hasEnded = true }
      if count < 0 {
        if errno != EAGAIN { hasEnded = true }
        return
      }
    }
  }

  /// Stops unless what was received is a row of whole replies, the last cut off only where the
  /// server has closed the connection.
  public func checkReplies() {
    var grammar = ReplyGrammar(bytes: received)
    let isWhole = grammar.takeAll()
    guard !isWhole, !(hasEnded && grammar.endsEarly) else { return }
    let at = String(decoding: received.dropFirst(grammar.position).prefix(200), as: UTF8.self)
    fatalError("malformed reply at byte \(grammar.position): \(at.debugDescription)")
  }

  /// Puts `bytes` into the socket, which has room for them, without a turn of the server.
  public func write(_ bytes: [UInt8]) { _ = Glibc.send(fd, bytes, bytes.count, CInt(MSG_NOSIGNAL)) }
}
