import Bytes
import Testing

@testable import ReadThrough

@Suite struct KeyPatternTests {
  private func values(_ pattern: String, _ key: String) throws -> [String]? {
    let pattern = try KeyPattern(pattern)
    return Array(key.utf8).withByteView { view in
      pattern.match(view).map { found in
        pattern.placeholders.indices.map { found.value($0, in: view).string }
      }
    }
  }

  @Test func findsValues() throws {
    #expect(try values("wingman:matches:{u:int}:{r:int}", "wingman:matches:42:10") == ["42", "10"])
    #expect(try values("abc:{name}", "abc:Zoë Ångström") == ["Zoë Ångström"])
    #expect(try values("abc:{a}-{b}/x", "abc:one-two/x") == ["one", "two"])
    #expect(try values("abc{{{id:int}}}", "abc{7}") == ["7"])
    #expect(try values("abc:{a}", "abc:") == nil)
    #expect(try values("abc:{a}", "abc:x:y") == nil)
    #expect(try values("abc:{a}:z", "abc:x:y") == nil)
    #expect(try values("abc:{a}", "ab") == nil)
    #expect(try values("abc:{a}", "") == nil)
    #expect(try values("abc:{a}", "abc:x\n") == nil)
    #expect(try values("abc:{a}", "abc:" + String(repeating: "x", count: 257)) == nil)
  }

  /// One value has one spelling, or a change of its row would miss some of its keys.
  @Test(arguments: [
    (
      "int", ["0", "7", "-7", "9223372036854775807"],
      ["07", "+7", "-0", "", "7 ", " 7", "7x", "0x7", "1e3", "9223372036854775808", "-"]
    ),
    ("number", ["0", "1.5", "-1.5", "007"], [".5", "5.", "1.2.3", "-", "1e3", "", "1,5"]),
    (
      "uuid", ["0a1b2c3d-0000-4000-8000-0123456789ab"],
      ["0A1B2C3D-0000-4000-8000-0123456789AB", "0a1b2c3d00004000800001234567890ab", "{0a1b}"]
    ),
    ("word", ["abc", "A_b-9.x"], ["a b", "ä", "a'b", "a;b", ""]),
    ("text", ["' OR 1=1 --", "é", "a b"], ["", "\u{7F}", "a\0b"]),
  ])
  func kinds(kind: String, taken: [String], refused: [String]) throws {
    let pattern = "abc:{v:\(kind)}"
    for text in taken { #expect(try values(pattern, "abc:" + text) == [text], "\(text)") }
    for text in refused { #expect(try values(pattern, "abc:" + text) == nil, "\(text)") }
  }

  @Test func bytesThatAreNoText() throws {
    let pattern = try KeyPattern("abc:{v}")
    let bytes: [UInt8] = Array("abc:".utf8) + [0xFF, 0xFE]
    #expect(bytes.withByteView { pattern.match($0) == nil })
  }

  @Test(arguments: [
    "", "{a}", "ab{a}", "abc", "abc:{a", "abc:}", "abc:{}", "abc:{a}{b}", "abc:{a}:{a}",
    "abc:{a:date}", "abc:{1a}", "abc {a}", "abc:{a b}", "*{a}", "{a}:abc",
  ])
  func mistakes(pattern: String) {
    #expect(throws: KeyPattern.Mistake.self) { try KeyPattern(pattern) }
  }

  @Test func keysAreMadeFromValues() throws {
    let pattern = try KeyPattern("abc:{a:int}:{b}")
    #expect(pattern.key([Array("7".utf8), Array("x".utf8)]) == Array("abc:7:x".utf8))
    #expect(pattern.key([Array("07".utf8), Array("x".utf8)]) == nil)
    #expect(pattern.key([Array("7".utf8), Array("x:y".utf8)]) == nil)
    #expect(pattern.key([Array("7".utf8)]) == nil)
  }

  @Test(arguments: [
    ("abc:{a}", "abc:{b:int}", true),
    ("abc:{a}", "abc:{a}:{b}", false),
    ("abc:{a}", "abd:{a}", false),
    ("abc:x{a}", "abc:y{a}", false),
    ("abc:x{a}", "abc:{a}", true),
    ("abc:{a}x", "abc:{a}y", false),
    ("abc:{a}:one", "abc:{a}:two", false),
    ("abc:{a}:one", "abc:two:{b}", true),
    ("abcd{a}", "abc{a}", true),
  ])
  func overlaps(one: String, other: String, mayOverlap: Bool) throws {
    #expect(try KeyPattern(one).mayOverlap(KeyPattern(other)) == mayOverlap)
    #expect(try KeyPattern(other).mayOverlap(KeyPattern(one)) == mayOverlap)
  }
}
