/// Redis's glob patterns, as KEYS, SCAN, PSUBSCRIBE and CONFIG GET use them.
///
///     *       any bytes, none included        [abc]   one of these
///     ?       any one byte                    [a-z]   one of this range, either end first
///     \x      the byte x itself               [^a]    one byte that is not listed
///
/// Every element but `*` matches exactly one byte. So when the text after a star does not fit, only
/// the last star needs another try, one byte further on: an earlier star taking more would leave
/// the later ones a shorter rest, which cannot fit better. (Redis has the same cut as
/// `skipLongerMatches`.) Hence no recursion and no pattern that takes exponential time: the bound
/// is text × pattern.
///
/// At the 1001st star, unless the pattern ends there, Redis gives up against abuse and finds no
/// match; so that both agree, the same holds here.
///
/// Malformed patterns mean what they mean in Redis: an unclosed `[` ends with the pattern, a
/// trailing `\` is a backslash, in `[a-]` the range runs from `a` to `]`, and an escaped byte in a
/// class is compared exactly even when case is ignored. Ranges compare signed bytes, as `char` is
/// signed where Redis runs mostly. One difference: here `*` matches the empty text.
public enum Glob {
  /// Whether all of `text` matches `pattern`.
  ///
  /// - Parameter ignoringCase: whether ASCII letters match either case.
  /// - Complexity: O(text × pattern) at worst, O(text + pattern) with at most one star.
  public static func matches(
    _ pattern: ByteView, _ text: ByteView, ignoringCase: Bool = false
  ) -> Bool {
    var patternAt = 0
    var textAt = 0
    // Where to go on after the last star, and the text position its next try starts from.
    var retryPatternAt = -1
    var retryTextAt = 0
    var starCount = 0

    while textAt < text.count {
      if patternAt < pattern.count, pattern.base[patternAt] == star {
        patternAt += 1
        while patternAt < pattern.count, pattern.base[patternAt] == star { patternAt += 1 }
        if patternAt == pattern.count { return true }
        starCount += 1
        guard starCount <= starCountMax else { return false }
        retryPatternAt = patternAt
        retryTextAt = textAt
        continue
      }
      if patternAt < pattern.count,
        let next = matchOne(pattern, at: patternAt, text.base[textAt], ignoringCase: ignoringCase)
      {
        patternAt = next
        textAt += 1
        continue
      }
      guard retryPatternAt >= 0 else { return false }
      retryTextAt += 1
      textAt = retryTextAt
      patternAt = retryPatternAt
    }
    while patternAt < pattern.count, pattern.base[patternAt] == star { patternAt += 1 }
    return patternAt == pattern.count
  }

  /// Whether `pattern` has no special byte, so that it matches itself alone.
  ///
  /// - Complexity: O(n)
  public static func isLiteral(_ pattern: ByteView) -> Bool {
    literalPrefixCount(pattern) == pattern.count
  }

  /// Number of bytes before the first special one: every match begins with them.
  ///
  /// - Complexity: O(n)
  public static func literalPrefixCount(_ pattern: ByteView) -> Int {
    for index in 0..<pattern.count {
      switch pattern.base[index] {
      case star, question, bracket, backslash: return index
      default: continue
      }
    }
    return pattern.count
  }

  private static let starCountMax = 1000
  private static let star: UInt8 = 0x2A
  private static let question: UInt8 = 0x3F
  private static let bracket: UInt8 = 0x5B
  private static let closing: UInt8 = 0x5D
  private static let backslash: UInt8 = 0x5C
  private static let caret: UInt8 = 0x5E
  private static let hyphen: UInt8 = 0x2D

  /// Matches the element at `start`, not a star, against `byte`.
  ///
  /// - Returns: where the next element starts, or nil when `byte` does not match.
  private static func matchOne(
    _ pattern: ByteView, at start: Int, _ byte: UInt8, ignoringCase: Bool
  ) -> Int? {
    var index = start
    switch pattern.base[index] {
    case question:
      return index + 1
    case bracket:
      return matchClass(pattern, at: index + 1, byte, ignoringCase: ignoringCase)
    case backslash where index + 1 < pattern.count:
      index += 1
      fallthrough
    default:
      return same(pattern.base[index], byte, ignoringCase) ? index + 1 : nil
    }
  }

  /// Matches the class whose first byte after `[` is at `start` against `byte`.
  private static func matchClass(
    _ pattern: ByteView, at start: Int, _ byte: UInt8, ignoringCase: Bool
  ) -> Int? {
    var index = start
    let isInverted = index < pattern.count && pattern.base[index] == caret
    if isInverted { index += 1 }
    var isListed = false
    // Each turn takes at least one byte of the pattern.
    while index < pattern.count {
      let left = pattern.count - index
      let element = pattern.base[index]
      if element == backslash, left >= 2 {
        if pattern.base[index + 1] == byte { isListed = true }
        index += 2
      } else if element == closing {
        return isListed != isInverted ? index + 1 : nil
      } else if left >= 3, pattern.base[index + 1] == hyphen {
        if inRange(byte, element, pattern.base[index + 2], ignoringCase) { isListed = true }
        index += 3
      } else {
        if same(element, byte, ignoringCase) { isListed = true }
        index += 1
      }
    }
    return isListed != isInverted ? index : nil
  }

  @inline(__always)
  private static func same(_ left: UInt8, _ right: UInt8, _ ignoringCase: Bool) -> Bool {
    left == right || (ignoringCase && left.lowercasedASCII == right.lowercasedASCII)
  }

  private static func inRange(
    _ byte: UInt8, _ first: UInt8, _ second: UInt8, _ ignoringCase: Bool
  ) -> Bool {
    // The ends are put in order before letters lose their case, as Redis does.
    var low = Int8(bitPattern: first)
    var high = Int8(bitPattern: second)
    var value = Int8(bitPattern: byte)
    if low > high { swap(&low, &high) }
    if ignoringCase {
      low = Int8(bitPattern: UInt8(bitPattern: low).lowercasedASCII)
      high = Int8(bitPattern: UInt8(bitPattern: high).lowercasedASCII)
      value = Int8(bitPattern: byte.lowercasedASCII)
    }
    return value >= low && value <= high
  }
}
