import Bytes
import FuzzServer
import FuzzSupport
import Glibc
import RESPServer

// Scripts of every kind, by the way that clients take: EVAL_RO, SCRIPT LOAD, FUNCTION LOAD.
//
//     byte 0    bits 0 and 1: how the script gets in, bit 2: HELLO 3 first
//     then      the script, text or bytecode
//
// What has to hold: nothing crashes, the replies are well-formed RESP, a script that does not end
// can be killed, and none leaves anything behind: after each, a fixed script finds the sandbox as
// it was, without bytecode in reach. (Scripts may not write here: one that has written cannot be
// killed, by design.)

private let options = """
  maxmemory 64mb
  busy-reply-threshold 20
  databases 1
  """

/// What the sandbox has to answer, whatever ran before.
private let canary: StaticString = """
  EVAL_RO "return {type(string.rep), type(redis.call), type(rawget(_G, 'x')), \
  type(loadstring('\\27Lua')), type(next(_G)), #('a'):rep(3), type(cjson.encode), \
  type(getmetatable('').__index)}" 0\r\n
  """

private let server = makeServer(options: options)
nonisolated(unsafe) private var expected: [UInt8] = []
nonisolated(unsafe) private var count = 0

private func answerToCanary() -> [UInt8] {
  var peer = Peer(server)
  defer { close(peer.fd) }
  peer.send(ByteView(canary), server)
  for _ in 0..<4 { server.turn() }
  peer.receive()
  return peer.received
}

private func request(_ words: [[UInt8]]) -> [UInt8] {
  words.reduce(into: Array("*\(words.count)\r\n".utf8)) { bytes, word in
    bytes += Array("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A]
  }
}

private func words(_ choices: UInt8, _ script: [UInt8]) -> [[UInt8]] {
  func texts(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
  switch choices & 3 {
  case 0, 1: return texts("EVAL_RO") + [script] + texts("1", "key", "argument", "7")
  case 2: return texts("SCRIPT", "LOAD") + [script]
  default:
    return texts("FUNCTION", "LOAD", "REPLACE") + [Array("#!lua name=lib\n".utf8) + script]
  }
}

private func run(_ data: UnsafePointer<UInt8>?, _ size: Int) {
  var input = FuzzInput(data, size)
  let choices = input.byte()
  let script = Array(input.takeAll().buffer)
  if expected.isEmpty { expected = answerToCanary() }
  var peer = Peer(server)
  var killer = Peer(server)
  server.turn()
  if choices & 4 != 0 { peer.send(ByteView("HELLO 3\r\n"), server) }
  // The second request waits in its socket and is read once the script is slow, or has ended.
  peer.write(request(words(choices, script)))
  killer.write(Array("SCRIPT KILL\r\nFUNCTION KILL\r\n".utf8))
  for _ in 0..<4 { server.turn() }
  for index in 0..<2 { index == 0 ? peer.receive() : killer.receive() }
  peer.checkReplies()
  killer.checkReplies()
  close(peer.fd)
  close(killer.fd)
  let answer = answerToCanary()
  require(answer == expected, "the sandbox has changed: \(String(decoding: answer, as: UTF8.self))")
  for _ in 0..<8 where server.connectionCount > 0 { server.turn() }
  require(server.connectionCount == 0, "a connection outlives its client")
  count += 1
  if count % 64 == 0 { forgetScripts() }
}

private func forgetScripts() {
  var peer = Peer(server)
  peer.send(ByteView("SCRIPT FLUSH\r\nFUNCTION FLUSH\r\n"), server)
  close(peer.fd)
  for _ in 0..<8 where server.connectionCount > 0 { server.turn() }
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  run(data, size)
  return 0
}
