internal import Bytes

/// Finds names, addresses, places, organisations and dates wherever they stand.
///
/// A linear-chain model: each token has a score for each tag, the sum of one row of signed bytes
/// per feature, and each pair of neighbouring tags has one. The tags with the highest sum are found
/// by Viterbi's algorithm (1967); the weights were trained as a conditional random field (Lafferty,
/// McCallum and Pereira, 2001) by `coachtag`. What the redactor's rules have found stands: cards
/// and the like are single tokens to the tagger, introduced names and addresses keep their tag.
///
/// What is found becomes a placeholder, which is a token like another, and the text is read again
/// until nothing more is found, so redacting twice mostly changes nothing: two readings are the
/// rule and `roundsMax` the end.
///
/// Bounds: O(bytes) time with a factor of `TaggedText.featuresMax` rows for each token and round;
/// one block of memory for each text (`TaggedText`).
enum NameTagger {
  static let roundsMax = 4

  /// Adds what the tagger finds to what rules have found.
  ///
  /// - Parameter found: what the rules have found, in order and without overlaps.
  /// - Returns: everything, likewise.
  /// - Complexity: O(bytes)
  static func run(
    _ bytes: ByteView, _ found: [PersonalDataFinding], by model: TaggerModel
  ) -> [PersonalDataFinding] {
    var text = TaggedText(for: bytes)
    var tagged: [PersonalDataFinding] = []
    var position = 0
    var next = 0
    while position < bytes.count {
      let end = text.read(bytes, from: position, found: found, next: &next, model: model)
      // A stretch without tokens is blank, and the last one.
      guard end > position, text.count > 0 else { break }
      for _ in 0..<roundsMax {
        text.survey()
        text.tag(by: model)
        guard text.collapseSpans() else { break }
      }
      for index in 0..<text.count where text[index].form == .fixed && text[index].tag != 0 {
        guard let kind = NameTag(rawValue: Int(text[index].tag))?.kind else { continue }
        let range = text.range(index)
        tagged.append(
          PersonalDataFinding(kind: kind, start: range.lowerBound, end: range.upperBound))
      }
      position = end
    }
    return merged(found, tagged)
  }

  /// Both lists in one; what the rules have found gives way to a longer stretch that holds it.
  private static func merged(
    _ found: [PersonalDataFinding], _ tagged: [PersonalDataFinding]
  ) -> [PersonalDataFinding] {
    var result: [PersonalDataFinding] = []
    result.reserveCapacity(found.count + tagged.count)
    var index = 0
    for finding in tagged {
      while index < found.count, found[index].end <= finding.start {
        result.append(found[index])
        index += 1
      }
      var finding = finding
      // Rules' names and addresses; anything else is a token that is never tagged.
      while index < found.count, found[index].start < finding.end {
        finding.start = min(finding.start, found[index].start)
        finding.end = max(finding.end, found[index].end)
        index += 1
      }
      if let last = result.last, last.end > finding.start {
        result[result.count - 1].end = max(last.end, finding.end)
      } else {
        result.append(finding)
      }
    }
    result.append(contentsOf: found[index...])
    return result
  }
}

extension TaggedText {
  /// Makes one token of each run of tokens with the same tag.
  ///
  /// - Returns: whether there was any.
  mutating func collapseSpans() -> Bool {
    var kept = 0
    var index = 0
    var hasSpans = false
    while index < count {
      let tag = NameTag(rawValue: Int(self[index].tag)) ?? .other
      var last = index
      let begins = self[index].form != .fixed && tag != .other && !isBetween(index)
      if begins {
        var end = index + 1
        while end < count, self[end].form != .fixed, Int(self[end].tag) == tag.rawValue,
          tag == .address || self[end].form != .newline
        {
          if !isBetween(end) { last = end }
          end += 1
        }
      }
      self[kept] = self[index]
      if begins {
        self[kept].end = self[last].end
        fix(kept, as: tag)
        hasSpans = true
      }
      kept += 1
      index = last + 1
    }
    keep(kept)
    return hasSpans
  }

  /// What a tag is worth that a rule gave.
  private static let ruleScore: Int32 = 20_000
  /// What no tag reaches: of a token that has to stay as it is.
  private static let never: Int32 = -1_000_000_000 / 1024

  /// Gives each token the tag that is best in the best sequence of tags.
  ///
  /// - Complexity: O(tokens · tags²), and `featuresMax` rows a token.
  public func tag(by model: TaggerModel) {
    var best = SIMD8<Int32>(repeating: Self.never)
    best[0] = 0
    for index in 0..<count {
      var (score, way) = step(best, model)
      if self[index].form == .fixed {
        let other = score[0]
        score = SIMD8(repeating: Self.never)
        score[0] = other
      } else {
        var sum = RowSum(model)
        addFeatures(of: index, to: &sum)
        score &+= SIMD8<Int32>(truncatingIfNeeded: sum.sum) &+ model.bias
        if self[index].ruled != 0 { score[Int(self[index].ruled)] &+= Self.ruleScore }
      }
      // Only differences matter: so no sum leaves its 32 bits.
      best = score &- SIMD8(repeating: score.max())
      best.replace(with: Self.never, where: best .< Self.never)
      (ways + index).pointee = way
    }
    var tag = 0
    for candidate in 1..<NameTag.allCases.count where best[candidate] > best[tag] {
      tag = candidate
    }
    for index in stride(from: count - 1, through: 0, by: -1) {
      if self[index].form != .fixed { self[index].tag = UInt8(truncatingIfNeeded: tag) }
      tag = Int(ways[index][tag])
    }
  }

  /// The best score of each tag after one more token, and the tag before it.
  @inline(__always)
  private func step(
    _ best: SIMD8<Int32>, _ model: TaggerModel
  ) -> (SIMD8<Int32>, SIMD8<UInt8>) {
    var score = SIMD8<Int32>(repeating: .min)
    var way = SIMD8<Int32>()
    for tag in 0..<NameTag.allCases.count {
      let row = SIMD8<Int32>(truncatingIfNeeded: model.transitions[tag])
      let candidate = row &+ SIMD8(repeating: best[tag])
      let isBetter = candidate .> score
      score.replace(with: candidate, where: isBetter)
      way.replace(with: SIMD8(repeating: Int32(tag)), where: isBetter)
    }
    return (score, SIMD8<UInt8>(truncatingIfNeeded: way))
  }
}

/// Adds up the rows of a token's features.
private struct RowSum: TagFeatureSink {
  let rows: UnsafePointer<SIMD8<Int8>>
  let shift: UInt64
  // 48 × 128 fits into 16 bits.
  var sum = SIMD8<Int16>()

  init(_ model: TaggerModel) {
    assert(TaggedText.featuresMax < 256)
    rows = model.rows
    shift = UInt64(64 - model.rowBits)
  }

  @inline(__always)
  mutating func add(_ hash: UInt64) {
    // In bounds: the shift leaves as many bits as number the rows.
    sum &+= SIMD8<Int16>(truncatingIfNeeded: rows[Int(truncatingIfNeeded: hash &>> shift)])
  }
}
