/// Takes the features of one token.
public protocol TagFeatureSink {
  /// A feature by its hash; the upper bits name its row.
  mutating func add(_ hash: UInt64)
}

/// What is seen from one token: the word, how it is written, what is known of it, its neighbours,
/// and where in the line it stands.
extension TaggedText {
  /// Features of a token at most.
  public static let featuresMax = 48

  /// Adds the features of a token.
  ///
  /// - Complexity: O(1)
  @inline(__always)
  public func addFeatures(of index: Int, to sink: inout some TagFeatureSink) {
    addWords(index, &sink)
    addShapes(index, &sink)
    addFacts(index, &sink)
    addPlace(index, &sink)
  }

  @inline(__always)
  private func addWords(_ index: Int, _ sink: inout some TagFeatureSink) {
    let here = self[index]
    let before = self[index - 1].word
    let after = self[index + 1].word
    let second = self[index - 2].word
    let next = self[index + 2].word
    let kind = sort(index)
    sink.add(TagHash.feature(1, here.word))
    sink.add(TagHash.feature(2, before))
    sink.add(TagHash.feature(3, after))
    sink.add(TagHash.feature(4, second))
    sink.add(TagHash.feature(5, next))
    sink.add(TagHash.feature(6, before, here.word))
    sink.add(TagHash.feature(7, here.word, after))
    sink.add(TagHash.feature(8, second, before))
    sink.add(TagHash.feature(9, after, next))
    sink.add(TagHash.feature(10, before, kind))
    sink.add(TagHash.feature(11, after, kind))
    sink.add(TagHash.feature(12, TagHash.feature(12, second, before), kind))
    sink.add(TagHash.feature(13, TagHash.feature(13, after, next), kind))
    sink.add(TagHash.feature(14, before, after))
  }

  @inline(__always)
  private func addShapes(_ index: Int, _ sink: inout some TagFeatureSink) {
    let here = self[index]
    let before = self[index - 1].shape
    let after = self[index + 1].shape
    let mode: UInt64 = isCaseless ? 1 << 60 : 0
    sink.add(TagHash.feature(15, here.shape | mode))
    sink.add(TagHash.feature(16, before | mode, here.shape))
    sink.add(TagHash.feature(17, here.shape | mode, after))
    let sorts =
      sort(index - 2) << 12 | sort(index - 1) << 9 | sort(index) << 6 | sort(index + 1) << 3
      | sort(index + 2)
    sink.add(TagHash.feature(18, sorts))
    sink.add(TagHash.feature(19, sorts >> 3 & 0x1FF))
    if here.form == .word {
      sink.add(TagHash.feature(20, UInt64(here.prefix) | mode))
      sink.add(TagHash.feature(21, UInt64(here.ending & 0xFFFF) | mode))
      sink.add(TagHash.feature(22, UInt64(here.ending & 0xFF_FFFF) | mode))
      sink.add(TagHash.feature(23, UInt64(here.ending) | mode))
    }
    sink.add(TagHash.feature(24, UInt64(self[index + 1].ending & 0xFF_FFFF), sort(index)))
    sink.add(TagHash.feature(25, UInt64(self[index - 1].ending & 0xFF_FFFF), sort(index)))
  }

  @inline(__always)
  private func addFacts(_ index: Int, _ sink: inout some TagFeatureSink) {
    let kind = sort(index)
    let here = UInt64(self[index].facts.rawValue) << 3 | kind
    let before = UInt64(self[index - 1].facts.rawValue) << 3 | sort(index - 1)
    let after = UInt64(self[index + 1].facts.rawValue) << 3 | sort(index + 1)
    let second = UInt64(self[index - 2].facts.rawValue) << 3 | sort(index - 2)
    let next = UInt64(self[index + 2].facts.rawValue) << 3 | sort(index + 2)
    sink.add(TagHash.feature(26, here))
    sink.add(TagHash.feature(27, before << 11 | here))
    sink.add(TagHash.feature(28, here << 11 | after))
    sink.add(TagHash.feature(29, before << 22 | here << 11 | after))
    sink.add(TagHash.feature(30, self[index - 1].word, here))
    sink.add(TagHash.feature(31, self[index + 1].word, here))
    sink.add(TagHash.feature(32, second << 22 | before << 11 | here))
    sink.add(TagHash.feature(33, here << 22 | after << 11 | next))
    sink.add(TagHash.feature(34, before))
    sink.add(TagHash.feature(35, after))
    sink.add(TagHash.feature(36, UInt64(self[index].ruled) << 8 | kind))
  }

  @inline(__always)
  private func addPlace(_ index: Int, _ sink: inout some TagFeatureSink) {
    let here = self[index]
    let kind = sort(index)
    let facts = UInt64(here.facts.rawValue)
    let front = UInt64(here.fromFront)
    let back = UInt64(here.fromBack)
    let line = Int(here.line)
    let prose = lines[line] >> 62
    let form = lines[line] & ~Self.proseBit
    let previous = (line > 0 ? lines[line - 1] : 0) & ~Self.proseBit
    let next = (line + 1 < lineCount ? lines[line + 1] : 0) & ~Self.proseBit
    let standing = prose << 3 | UInt64(min(line, 5))
    sink.add(TagHash.feature(37, front << 8 | kind, facts))
    sink.add(TagHash.feature(38, back << 8 | kind, facts))
    sink.add(TagHash.feature(39, form, front))
    sink.add(TagHash.feature(40, form, previous << 8 | front))
    sink.add(TagHash.feature(41, form, next << 8 | front))
    sink.add(TagHash.feature(42, previous & 0xFF, (next & 0xFF) << 32 | front << 8 | kind))
    let around = surroundings(index)
    sink.add(TagHash.feature(43, around << 3 | kind))
    sink.add(TagHash.feature(44, around << 3 | kind, facts))
    let lineNumber = UInt64(min(line, 4)) << 4 | UInt64(min(lineCount, 6))
    sink.add(TagHash.feature(45, lineNumber << 16 | front << 8 | kind))
    sink.add(TagHash.feature(47, standing << 16 | front << 8 | kind, facts))
    sink.add(TagHash.feature(48, standing, TagHash.feature(48, form, front)))
    sink.add(TagHash.feature(46, isBeginning(index) ? 1 : 0, kind << 8 | facts))
  }

  /// What a token is at the coarsest: fixed, new line, sign, number, or a word as it is written.
  @inline(__always)
  private func sort(_ index: Int) -> UInt64 {
    let token = self[index]
    guard token.form == .word else { return UInt64(token.form.rawValue) }
    if isCaseless { return 6 }
    return token.isCapitalised ? (token.shape >> 16 & 7 == 2 ? 7 : 5) : 4
  }

  /// Whether streets, numbers and capitals stand near, before and behind.
  @inline(__always)
  private func surroundings(_ index: Int) -> UInt64 {
    var bits: UInt64 = 0
    for distance in 1...3 {
      let before = self[index - distance]
      let after = self[index + distance]
      if before.facts.contains(.street) { bits |= 1 }
      if after.facts.contains(.street) { bits |= 2 }
      if before.form == .number { bits |= 4 }
      if after.form == .number { bits |= 8 }
      if before.facts.contains(.place) { bits |= 16 }
      if after.facts.contains(.place) { bits |= 32 }
    }
    return bits
  }

  /// Whether a sentence or a line begins here, where capitals say less.
  @inline(__always)
  private func isBeginning(_ index: Int) -> Bool {
    let before = self[index - 1]
    if index == 0 || before.form == .newline { return true }
    return before.form == .sign
      && (before.shape == 8 + UInt64(UInt8(ascii: ".")) || before.shape == 8 + 0x3F
        || before.shape == 8 + 0x21)
  }
}
