import Bytes
import SeededRandom
import Testing

struct GlobTests {
  private func matches(_ pattern: String, _ text: String, ignoringCase: Bool = false) -> Bool {
    Array(pattern.utf8).withByteView { pattern in
      Array(text.utf8).withByteView { text in
        Glob.matches(pattern, text, ignoringCase: ignoringCase)
      }
    }
  }

  @Test func matchesAsRedisDoes() {
    let yes = [
      ("*", ""), ("*", "abc"), ("a*", "a"), ("a*c", "abbbc"), ("*b*", "abc"), ("a?c", "abc"),
      ("[abc]", "b"), ("[a-c]x", "bx"), ("[c-a]", "b"), ("[^a]", "b"), ("\\*", "*"), ("a\\", "a\\"),
      ("[\\]]", "]"), ("[abc", "c"), ("[a-]", "]"), ("[a-]", "_"), ("[^]", "a"),
      ("h[ae]llo", "hello"),
      ("**a**", "a"), ("", ""), ("[^", "x"), ("a**", "a"), ("\\a", "a"), ("[-a]", "-"),
    ]
    let no = [
      ("a", ""), ("", "a"), ("a?c", "ac"), ("[abc]", "d"), ("[^a]", "a"), ("\\*", "a"), ("[]", "]"),
      ("?", ""), ("[a]", ""), ("[", "["), ("a*b", "acbd"), ("[a-c", "d"), ("abc", "ABC"),
    ]
    for (pattern, text) in yes { #expect(matches(pattern, text), "\(pattern) \(text)") }
    for (pattern, text) in no { #expect(!matches(pattern, text), "\(pattern) \(text)") }
    #expect(matches("aBc*", "AbCd", ignoringCase: true))
    #expect(matches("[A-C]", "b", ignoringCase: true))
    // An escaped byte in a class keeps its case.
    #expect(!matches("[\\A]", "a", ignoringCase: true))
  }

  @Test func longPatternsStayBounded() {
    let text = String(repeating: "a", count: 5_000)
    let pattern = String(repeating: "a*", count: 500) + "b"
    // 500 stars and no match: hours by naive recursion, 2.5 million steps here at most.
    #expect(!matches(pattern, text))
  }

  @Test func findsLiteralPrefixes() {
    let cases: [(String, Int)] = [
      ("", 0), ("user:*", 5), ("abc", 3), ("a?", 1), ("[a]", 0), ("a\\*", 1),
    ]
    for (pattern, count) in cases {
      Array(pattern.utf8).withByteView {
        #expect(Glob.literalPrefixCount($0) == count)
        #expect(Glob.isLiteral($0) == (count == pattern.utf8.count))
      }
    }
  }

  /// The definition, by recursion over the elements.
  private func model(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    if first == 0x2A {
      return model(rest, text) || (!text.isEmpty && model(pattern, text.dropFirst()))
    }
    guard let byte = text.first else { return false }
    if first == 0x3F { return model(rest, text.dropFirst()) }
    if first == 0x5C, let escaped = rest.first {
      return escaped == byte && model(rest.dropFirst(), text.dropFirst())
    }
    guard first == 0x5B else { return first == byte && model(rest, text.dropFirst()) }
    var left = rest
    let isInverted = left.first == 0x5E
    if isInverted { left = left.dropFirst() }
    var isListed = false
    while let element = left.first, element != 0x5D {
      let next = left.dropFirst()
      if element == 0x5C, let escaped = next.first {
        isListed = isListed || escaped == byte
        left = next.dropFirst()
      } else if left.count >= 3, next.first == 0x2D {
        let end = next.dropFirst().first!
        isListed = isListed || (min(element, end)...max(element, end)).contains(byte)
        left = left.dropFirst(3)
      } else {
        isListed = isListed || element == byte
        left = next
      }
    }
    return isListed != isInverted && model(left.dropFirst(), text.dropFirst())
  }

  @Test func randomPatternsAgreeWithTheDefinition() {
    var random = SeededGenerator(test: "Glob")
    var matched = 0
    for _ in 0..<60_000 {
      let pattern = random.bytes(count: 0...8, from: Array("**??ab-c[]^\\ab".utf8))
      let text = random.bytes(count: 0...8, from: Array("abc-]\\".utf8))
      let expected = model(pattern[...], text[...])
      let actual = pattern.withByteView { pattern in
        text.withByteView { Glob.matches(pattern, $0) }
      }
      if expected { matched += 1 }
      #expect(actual == expected, "\(pattern) \(text)")
    }
    #expect(matched > 1000)
  }

  @Test func givesUpAfterAThousandStars() {
    func matches(stars: Int) -> Bool {
      let pattern = (0..<stars).flatMap { _ in Array("*?".utf8) }
      let text = [UInt8](repeating: 0x61, count: 2000)
      return pattern.withByteView { pattern in
        text.withByteView { Glob.matches(pattern, $0) }
      }
    }
    #expect(matches(stars: 1000))
    #expect(!matches(stars: 1001))
  }
}
