import Bytes

/// A place between the elements of a sorted set: some are before it, the rest behind.
struct SortedSetBound {
  enum Kind {
    /// Before the first element with the score.
    case score
    /// Behind the last element with the score.
    case afterScore
    /// Before the element with score and bytes.
    case element
    /// Behind it.
    case afterElement
    /// Before the first element whose bytes are not smaller, whatever the scores: for sets in
    /// which all scores are equal.
    case bytes
    /// Behind the last element whose bytes are not larger, whatever the scores.
    case afterBytes
  }

  let kind: Kind
  var score = 0.0
  var bytes = ByteView.empty

  /// Whether the element stands before this place.
  @inline(__always)
  func isBehind(_ elementScore: Double, _ member: SortedSetMember) -> Bool {
    switch kind {
    case .score: return elementScore < score
    case .afterScore: return elementScore <= score
    case .element, .afterElement:
      if elementScore != score { return elementScore < score }
    case .bytes, .afterBytes: break
    }
    let order = member.bytes.order(against: bytes)
    switch kind {
    case .element, .bytes: return order < 0
    default: return order <= 0
    }
  }
}
