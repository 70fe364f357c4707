public import Bytes
import Glibc

/// A range of scores, as ZCOUNT and ZRANGEBYSCORE are given it.
public struct ScoreRange {
  /// The lowest score, and whether it is left out.
  public var min: Double
  public var excludesMin: Bool
  /// The highest score, and whether it is left out.
  public var max: Double
  public var excludesMax: Bool

  public init(min: Double, excludesMin: Bool = false, max: Double, excludesMax: Bool = false) {
    self.min = min
    self.excludesMin = excludesMin
    self.max = max
    self.excludesMax = excludesMax
  }

  /// Reads `1.5`, `(1.5`, `-inf`, `+inf`.
  ///
  /// - Returns: nil when one of both is no number ("min or max is not a float").
  public init?(min: ByteView, max: ByteView) {
    guard let (low, excludesLow) = Self.parse(min), let (high, excludesHigh) = Self.parse(max)
    else { return nil }
    self.init(min: low, excludesMin: excludesLow, max: high, excludesMax: excludesHigh)
  }

  /// As C's strtod has it: the empty text is 0, blanks may lead, what is too large is infinite.
  private static func parse(_ text: ByteView) -> (value: Double, isExcluded: Bool)? {
    let isExcluded = !text.isEmpty && text[0] == UInt8(ascii: "(")
    let number = isExcluded ? text.dropFirst(1) : text
    if let value = FloatText.parse(number) { return (value, isExcluded) }
    let lengthMax = 255
    guard number.count <= lengthMax else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: lengthMax + 1) { buffer in
      let start = buffer.baseAddress.unsafelyUnwrapped
      memcpy(start, number.base, number.count)
      start[number.count] = 0
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(start, &end)
      guard let end, end.pointee == 0, !value.isNaN else { return nil }
      return (value, isExcluded)
    }
  }

  @inline(__always)
  func isBelow(_ score: Double) -> Bool { excludesMin ? score <= min : score < min }

  @inline(__always)
  func isAbove(_ score: Double) -> Bool { excludesMax ? score >= max : score > max }
}

/// A range of members by their bytes, as ZLEXCOUNT and ZRANGEBYLEX are given it.
public struct LexRange {
  /// One end.
  public enum Bound {
    /// `-`: before everything.
    case least
    /// `+`: behind everything.
    case greatest
    /// `[text`.
    case including(ByteView)
    /// `(text`.
    case excluding(ByteView)

    init?(_ text: ByteView) {
      guard !text.isEmpty else { return nil }
      // Redis sees a string that ends with the first zero byte.
      let isAlone = text.count == 1 || text[1] == 0
      switch text[0] {
      case UInt8(ascii: "-") where isAlone: self = .least
      case UInt8(ascii: "+") where isAlone: self = .greatest
      case UInt8(ascii: "["): self = .including(text.dropFirst(1))
      case UInt8(ascii: "("): self = .excluding(text.dropFirst(1))
      default: return nil
      }
    }
  }

  /// The ends.
  public var min: Bound
  public var max: Bound

  /// Reads `[a`, `(a`, `-`, `+`.
  ///
  /// - Returns: nil when one of both is none of these ("min or max not valid string range item").
  public init?(min: ByteView, max: ByteView) {
    guard let low = Bound(min), let high = Bound(max) else { return nil }
    self.min = low
    self.max = high
  }

  /// Whether a member is before the range.
  func isBelow(_ member: ByteView) -> Bool {
    switch min {
    case .least: false
    case .greatest: true
    case .including(let text): member < text
    case .excluding(let text): !(text < member)
    }
  }

  /// Whether a member is behind the range.
  func isAbove(_ member: ByteView) -> Bool {
    switch max {
    case .least: true
    case .greatest: false
    case .including(let text): text < member
    case .excluding(let text): !(member < text)
    }
  }
}

extension SortedSet {
  /// The ranks of the members in a range of scores.
  ///
  /// - Complexity: O(log n), O(n) in a listpack.
  public func ranks(of range: ScoreRange) -> Range<Int> {
    if range.min > range.max { return 0..<0 }
    if isListpack {
      return listpackRanks { _, score in
        range.isBelow(score) ? -1 : range.isAbove(score) ? 1 : 0
      }
    }
    let tree = tree
    let low = tree.rank(
      of: SortedSetBound(kind: range.excludesMin ? .afterScore : .score, score: range.min))
    let high = tree.rank(
      of: SortedSetBound(kind: range.excludesMax ? .score : .afterScore, score: range.max))
    return low..<Swift.max(low, high)
  }

  /// The ranks of the members in a range of bytes, given that all scores are equal.
  ///
  /// - Complexity: O(log n), O(n) in a listpack.
  public func ranks(of range: LexRange) -> Range<Int> {
    if isListpack {
      return listpackRanks { member, _ in
        member.withText { range.isBelow($0) ? -1 : range.isAbove($0) ? 1 : 0 }
      }
    }
    let tree = tree
    let low: Int
    switch range.min {
    case .least: low = 0
    case .greatest: return 0..<0
    case .including(let text): low = tree.rank(of: SortedSetBound(kind: .bytes, bytes: text))
    case .excluding(let text): low = tree.rank(of: SortedSetBound(kind: .afterBytes, bytes: text))
    }
    let high: Int
    switch range.max {
    case .least: return 0..<0
    case .greatest: high = tree.count
    case .including(let text): high = tree.rank(of: SortedSetBound(kind: .afterBytes, bytes: text))
    case .excluding(let text): high = tree.rank(of: SortedSetBound(kind: .bytes, bytes: text))
    }
    return low..<Swift.max(low, high)
  }

  /// The ranks from the first element for which `side` gives 0 or more, to the first behind it for
  /// which it gives 1.
  @inline(__always)
  private func listpackRanks(_ side: (ListpackValue, Double) -> Int) -> Range<Int> {
    let pack = pack
    var position = pack.first
    var rank = 0
    var low = -1
    while let present = position {
      let scorePosition = pack.after(present)
      let place = side(pack.value(at: present), Self.score(pack.value(at: scorePosition)))
      if low < 0, place >= 0 { low = rank }
      if low >= 0, place > 0 { return low..<rank }
      rank += 1
      position = pack.next(scorePosition)
    }
    return low < 0 ? 0..<0 : low..<rank
  }
}
