import Bytes
import FuzzSupport
import NIOCore
import NIOEmbedded
import NIOHTTP1
import RESPServer

@testable import HTTPServer

// What comes in over HTTP: whole connections through the pipeline that a real one has, and what is
// read out of requests and of INFO by itself. Byte 0 chooses the subject.

/// Content in the place of the key space's; every name has some.
private final class FuzzService: HTTPAnswering {
  func answer(
    _ head: HTTPRequestHead, on eventLoop: any EventLoop,
    _ reply: @escaping @Sendable (HTTPAnswer) -> Void
  ) {
    let answer = Self.answer(head)
    eventLoop.execute { reply(answer) }
  }

  private static func answer(_ head: HTTPRequestHead) -> HTTPAnswer {
    if let refusal = HTTPService.refusal(of: head) { return refusal }
    switch HTTPTarget(head.uri) {
    case .content(let name):
      let bytes = Array(name.utf8)
      let etag: Int64? = bytes.count % 2 == 0 ? 7 : nil
      return StaticContent(bytes, etag: etag, remaining: bytes.count % 3 == 0 ? nil : 60_000)
        .answer(conditions: head.headers["if-none-match"], type: "")
    case .malformed(let reason): return HTTPAnswer(.badRequest, text: reason)
    case .unknown: return HTTPAnswer(.notFound, text: "nothing")
    default: return HTTPAnswer(.ok, text: "fine")
    }
  }

  func noteAnswer(_ status: HTTPResponseStatus, bytes: Int) {}
  func noteTimeout() {}
}

private enum Defaults {
  private static let values: [String: ConfigurationValue] = [
    "http-port": .integer(1), "http-max-connections": .integer(1000),
    "http-max-header-bytes": .integer(2048), "http-timeout": .integer(15),
  ]
  static let settings = HTTPSettings { values[$0] }
  static let statuses: Set<String> = [
    "200", "304", "400", "404", "405", "413", "431", "505",
  ]
}

/// A connection that sends `bytes` in pieces and then nothing more: every answer is whole HTTP, and
/// the connection ends, at the latest when its time is over.
private func fuzzConnection(_ bytes: ByteView, pieceBytes: Int) {
  let channel = EmbeddedChannel()
  do {
    try HTTPListener.configure(channel, Defaults.settings, FuzzService())
    try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
  } catch {
    require(false, "no channel: \(error)")
  }
  var rest = bytes
  while !rest.isEmpty, channel.isActive {
    let piece = rest[0..<min(pieceBytes, rest.count)]
    rest = rest.dropFirst(piece.count)
    // What is wrong with the bytes is answered by the handler.
    _ = try? channel.writeInbound(ByteBuffer(bytes: piece.buffer))
    channel.embeddedEventLoop.run()
  }
  channel.embeddedEventLoop.advanceTime(by: .hours(1))
  require(!channel.isActive, "a connection stays open")
  var sent: [UInt8] = []
  while let data = try? channel.readOutbound(as: IOData.self) {
    if case .byteBuffer(let buffer) = data { sent += buffer.readableBytesView }
  }
  check(sent[...])
  _ = try? channel.finish()
}

/// Answers one after the other, nothing between them. To HEAD there is a length and no body, which
/// cannot be told from here: then the next answer follows at once.
private func check(_ sent: ArraySlice<UInt8>) {
  var rest = sent
  while !rest.isEmpty {
    let lines = rest.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    let status = String(decoding: lines[0], as: UTF8.self).split(separator: " ")
    require(
      status.count >= 2 && status[0] == "HTTP/1.1" && Defaults.statuses.contains(String(status[1])),
      "an answer begins with \(status)")
    guard let end = firstRange(of: [13, 10, 13, 10], in: rest) else {
      return require(false, "headers without an end")
    }
    let head = String(decoding: rest[..<end], as: UTF8.self).lowercased().split(separator: "\r\n")
    rest = rest[(end + 4)...]
    let length = head.compactMap { line in
      line.hasPrefix("content-length: ") ? Int(line.dropFirst("content-length: ".count)) : nil
    }
    require(length.count == (status[1] == "304" ? 0 : 1), "\(length.count) lengths")
    // A text may begin with the protocol's name, but no digit follows then.
    let next = rest.dropFirst(9).first ?? 0
    if rest.starts(with: Array("HTTP/1.1 ".utf8)), (0x30...0x39).contains(next) { continue }
    guard let count = length.first, !rest.isEmpty else { continue }
    require(rest.count >= count, "an answer is cut")
    rest = rest.dropFirst(count)
  }
}

private func firstRange(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
  guard bytes.count >= pattern.count else { return nil }
  return (bytes.startIndex...bytes.endIndex - pattern.count).first { start in
    bytes[start..<start + pattern.count].elementsEqual(pattern)
  }
}

/// A name that is taken is a plain one, and is found again.
private func fuzzTarget(_ text: ByteView) {
  guard case .content(let name) = HTTPTarget(String(decoding: text.buffer, as: UTF8.self)) else {
    return
  }
  require((1...128).contains(name.utf8.count), "a name of \(name.utf8.count) bytes")
  require(!name.contains("/") && name != "." && name != "..", "the name \(name)")
  require(HTTPTarget("/static/" + name) == .content(name: name), "another name than \(name)")
}

/// A list names a tag only if the tag stands in it, and still does so with another one behind it.
private func fuzzTags(_ text: ByteView) {
  let list = String(decoding: text.buffer, as: UTF8.self)
  guard EntityTags.list(list, names: "\"1\"") else { return }
  require(list.contains("\"1\"") || list.contains("*"), "named out of nothing")
  if !list.contains("*") {
    require(EntityTags.list(list + ", \"2\"", names: "\"1\""), "forgotten behind another")
  }
}

/// Fields of INFO make metrics of which every line is a comment or a name, labels and a number.
private func fuzzMetrics(_ text: ByteView) {
  let lines = String(decoding: text.buffer, as: UTF8.self).split(separator: "\n")
  let fields = lines.map { line in
    let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return (name: String(sides[0]), value: sides.count > 1 ? String(sides[1]) : "")
  }
  var exposition = Exposition()
  for name in ["coach", "stats"] {
    let section = InfoSection(name, fields)
    ServerMetrics.add([section], to: &exposition)
    ModuleMetrics.add(section, to: &exposition)
  }
  var types: Set<Substring> = []
  for line in exposition.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
    if line.hasPrefix("# TYPE ") {
      require(types.insert(line.split(separator: " ")[2]).inserted, "two families: \(line)")
      continue
    }
    if line.hasPrefix("# HELP ") { continue }
    guard let value = line.split(separator: " ").last, Double(value) != nil,
      line.utf8.first != UInt8(ascii: " ")
    else { return require(false, "no sample: \(line)") }
  }
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  switch input.byte() % 6 {
  case 0: fuzzConnection(input.takeAll(), pieceBytes: 1 << 16)
  case 1: fuzzConnection(input.takeAll(), pieceBytes: 7)
  case 2: fuzzTarget(input.takeAll())
  case 3: fuzzTags(input.takeAll())
  case 4: _ = MediaType.sniffed(input.takeAll())
  default: fuzzMetrics(input.takeAll())
  }
  return 0
}
