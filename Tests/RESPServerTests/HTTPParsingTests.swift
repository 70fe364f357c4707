import Bytes
import Foundation
import SeededRandom
import Testing

@testable import HTTPServer

/// What is read out of HTTP requests, from any bytes.
@Suite struct HTTPParsingTests {
  private static let seed =
    ProcessInfo.processInfo.environment["WINGCACHE_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0 ... .max)

  /// Text made of pieces that mean something, and of any bytes.
  private func text(_ pieces: [String], _ random: inout SeededGenerator) -> String {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      if Int.random(in: 0...3, using: &random) == 0 {
        bytes.append(UInt8.random(in: 0...255, using: &random))
      } else {
        bytes += Array((pieces.randomElement(using: &random) ?? "").utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func targetsOfAnyBytes() {
    var random = SeededGenerator(seed: Self.seed)
    let pieces = [
      "/static/", "%", "%4", "%41", "%2f", "%2e", ".", "a", "Z9_-", "?", "#", "http://", "https://",
      "host", "/healthz", "/metrics", "//", "é", String(repeating: "x", count: 127),
    ]
    for _ in 0..<30_000 {
      let target = text(pieces, &random)
      guard case .content(let name) = HTTPTarget(target) else { continue }
      #expect((1...128).contains(name.utf8.count), "\(target), seed \(Self.seed)")
      #expect(!name.contains("/") && name != "." && name != "..", "\(target), seed \(Self.seed)")
      #expect(HTTPTarget("/static/" + name) == .content(name: name), "seed \(Self.seed)")
    }
  }

  @Test func listsOfTagsOfAnyBytes() {
    var random = SeededGenerator(seed: Self.seed)
    let pieces = ["\"1\"", "W/", "\"", ",", " ", "\t", "*", "\"a,b\"", "\"\"", "x"]
    for _ in 0..<30_000 {
      let list = text(pieces, &random)
      let names = EntityTags.list(list, names: "\"1\"")
      if names { #expect(list.contains("\"1\"") || list.contains("*"), "\(list)") }
      // Where a list names a tag, it does so with another one behind it.
      if names, !list.contains("*") {
        #expect(EntityTags.list(list + ", \"2\"", names: "\"1\""), "\(list), seed \(Self.seed)")
      }
    }
  }

  @Test func typesOfAnyBytes() {
    var random = SeededGenerator(seed: Self.seed)
    for length in 0..<2000 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(bytes.withByteView { MediaType.sniffed($0) }.contains("/"))
    }
    // A character that is cut where the looking ends is no reason to take a text for anything else.
    for length in 1020..<1030 {
      let text = String(repeating: "x", count: length) + String(repeating: "é", count: 100)
      #expect(Array(text.utf8).withByteView { MediaType.sniffed($0) }.hasPrefix("text/plain"))
    }
    #expect(Array("caf\u{0}".utf8).withByteView { MediaType.sniffed($0) }.hasSuffix("stream"))
    #expect([0x63, 0xC3].withByteView { MediaType.sniffed($0) }.hasSuffix("octet-stream"))
    #expect(Array(" [1, 2] \n".utf8).withByteView { MediaType.sniffed($0) }.hasSuffix("json"))
  }

  @Test func expositionIsAlwaysWellFormed() {
    var exposition = Exposition()
    let family = Exposition.Family("x-1.y", .gauge, "a\\b\nc")
    exposition.add(family, [("l", "a\"b\\c\nd")], "1")
    exposition.add(family, [("l", "a\"b\\c\nd")], "2")
    exposition.add(family, [], "3")
    #expect(
      exposition.text == """
        # HELP x_1_y a\\\\b\\nc
        # TYPE x_1_y gauge
        x_1_y{l="a\\"b\\\\c\\nd"} 1
        x_1_y 3

        """)
    #expect(Exposition.number("12") == "12")
    #expect(Exposition.number("1500", scale: 0.001) == "1.5")
    #expect(Exposition.number("on") == "1")
    for text in ["", "-", "1.2.3", "nan", "inf", "0x10", "1e5", "1 ", "--1"] {
      #expect(Exposition.number(text) == nil, "\(text)")
    }
  }
}
