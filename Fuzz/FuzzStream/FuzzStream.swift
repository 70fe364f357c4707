import Bytes
import FuzzServer
import FuzzSupport
import Glibc
import RESPServer

// The whole server, but for the listening port: bytes of clients through socket pairs, so that the
// parsing of arguments of every command is in reach.
//
//     byte 0    bit 0: HELLO 3 first, bit 1: in pieces of 7 bytes, bit 2: lines go to two clients
//               in turn, bit 3: the clients leave without reading
//     then      the stream; inline commands are what a fuzzer's dictionary makes best
//
// What has to hold: nothing crashes, the replies are well-formed RESP whatever was sent, every
// connection ends when its client does, and the key space's invariants stand.

/// The server under test; made by the first input, kept for all.
struct Subject {
  let server: LoopbackServer
  var count = 0

  init() {
    server = makeServer(
      options: """
        maxmemory 32mb
        maxmemory-policy allkeys-lru
        proto-max-bulk-len 1mb
        databases 4
        """)
  }
}

nonisolated(unsafe) private var subject = Subject()

/// Parameters that reach out of the process: no business of a fuzzer.
private let forbidden = ["dir", "logfile", "pidfile", "unixsocket", "bind", "port", "rewrite"]

private func isForbidden(_ stream: ByteView) -> Bool {
  let text = String(decoding: stream.buffer, as: UTF8.self).lowercased()
  // Quoted, a name can be spelled in many ways.
  return text.contains("config")
    && (text.contains("\\x") || forbidden.contains { text.contains($0) })
}

/// Whether clients may have left something behind that the next input would meet.
private func mayChangeServer(_ stream: ByteView) -> Bool {
  let text = String(decoding: stream.buffer, as: UTF8.self).lowercased()
  return ["config", "client", "shutdown", "debug", "\\x"].contains { text.contains($0) }
}

private func run(_ data: UnsafePointer<UInt8>?, _ size: Int) {
  var input = FuzzInput(data, size)
  let choices = input.byte()
  let stream = input.takeAll()
  guard !isForbidden(stream) else { return }
  let server = subject.server
  var peers = [Peer(server)]
  peers[0].send(ByteView("FLUSHALL\r\n"), server)
  if choices & 1 != 0 { peers[0].send(ByteView("HELLO 3\r\n"), server) }
  if choices & 4 != 0 {
    peers.append(Peer(server))
    for (index, line) in lines(of: stream).enumerated() { peers[index & 1].send(line, server) }
  } else if choices & 2 != 0 {
    var rest = stream
    while !rest.isEmpty {
      peers[0].send(rest[0..<min(7, rest.count)], server)
      rest = rest.dropFirst(7)
    }
  } else {
    peers[0].send(stream, server)
  }
  if choices & 8 == 0 {
    for index in peers.indices { peers[index].receive() }
    for peer in peers { peer.checkReplies() }
  }
  for peer in peers { close(peer.fd) }
  if mayChangeServer(stream) { server.reset() }
  for _ in 0..<8 where server.connectionCount > 0 { server.turn() }
  require(server.connectionCount == 0, "a connection outlives its client")
  subject.count += 1
  if subject.count % 64 == 0 { server.checkInvariants() }
}

private func lines(of stream: ByteView) -> [ByteView] {
  var all: [ByteView] = []
  var rest = stream
  while let end = rest.firstIndex(of: 0x0A) {
    all.append(rest[0..<(end + 1)])
    rest = rest.dropFirst(end + 1)
  }
  if !rest.isEmpty { all.append(rest) }
  return all
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  run(data, size)
  return 0
}
