import Bytes
import Coach
import Foundation
import SeededRandom

/// Texts as rows of features with their tags.
struct EncodedTexts {
  /// Feature rows of all tokens, one after another, and where each token's begin.
  var rows: [UInt32] = []
  var tokenStarts: [Int] = [0]
  var tags: [UInt8] = []
  /// Tokens that are never tagged.
  var isFixed: [Bool] = []
  /// The first token of each text; one more at the end.
  var textStarts: [Int] = [0]
  /// See `LabelledText`.
  var origins: [[Int]] = []

  var textCount: Int { textStarts.count - 1 }
}

private struct RowCollector: TagFeatureSink {
  var rows: [UInt32] = []
  let shift: UInt64

  mutating func add(_ hash: UInt64) { rows.append(UInt32(truncatingIfNeeded: hash >> shift)) }
}

/// Makes features of texts.
struct Encoder {
  let model: TaggerModel
  var random: SeededGenerator
  /// In how many of a hundred names and places a word is hidden, or what the lists know of it: so
  /// that the words around it are learned as well.
  var hiddenWords = 50
  var hiddenFacts = 20

  mutating func add(_ text: LabelledText, to result: inout EncodedTexts) {
    let (bytes, tags) = text.bytesWithTags()
    bytes.withByteView { view in
      var reading = TaggedText(for: view)
      var found: [PersonalDataFinding] = []
      Redactor(level: .introduced).scan(view, into: &found)
      found = Redactor.withPageAddresses(found, in: view)
      var next = 0
      var position = 0
      while position < view.count {
        let end = reading.read(view, from: position, found: found, next: &next, model: model)
        guard end > position, reading.count > 0 else { break }
        encode(&reading, tags, text.origins, &result)
        position = end
      }
    }
  }

  private mutating func encode(
    _ reading: inout TaggedText, _ tags: [NameTag], _ origins: [Int], _ result: inout EncodedTexts
  ) {
    var last = NameTag.other
    var hidesWord = false
    var hidesFacts = false
    for index in 0..<reading.count {
      let tag = Self.tag(of: reading.range(index), tags)
      if tag != last {
        hidesWord = random.chance(hiddenWords)
        hidesFacts = random.chance(hiddenFacts)
      }
      last = tag
      result.tags.append(reading.isFixed(index) ? 0 : UInt8(tag.rawValue))
      result.isFixed.append(reading.isFixed(index))
      guard tag != .other, tag != .date, !reading.isBetween(index), !reading.isFixed(index) else {
        continue
      }
      reading.hide(index, word: hidesWord ? random.next() : nil, facts: hidesFacts)
    }
    reading.survey()
    var collector = RowCollector(shift: UInt64(64 - model.rowBits))
    for index in 0..<reading.count {
      collector.rows.removeAll(keepingCapacity: true)
      reading.addFeatures(of: index, to: &collector)
      precondition(collector.rows.count <= TaggedText.featuresMax)
      result.rows += collector.rows
      result.tokenStarts.append(result.rows.count)
    }
    result.textStarts.append(result.tags.count)
    result.origins.append(origins)
  }

  /// The tag of most bytes.
  private static func tag(of range: Range<Int>, _ tags: [NameTag]) -> NameTag {
    var counts = [Int](repeating: 0, count: NameTag.allCases.count)
    for index in range { counts[tags[index].rawValue] += 1 }
    let best = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    return NameTag(rawValue: best) ?? .other
  }
}

extension LabelledText {
  /// The same as people would write it on another day: in small letters, shouted, or with some of
  /// it replaced by placeholders already.
  func varied(_ random: inout SeededGenerator) -> LabelledText {
    var result = self
    let form = random.number(0...99)
    if form < 14 { result = mapped { text, _ in text.lowercased() } }
    if form == 99 { result = mapped { text, _ in text.uppercased() } }
    if random.chance(15) { result = result.mapped { text, _ in text.replacing("'", with: "’") } }
    guard random.chance(20) else { return result }
    var number = 0
    for index in result.parts.indices {
      let tag = result.parts[index].tag
      guard tag != .other, random.chance(50), !result.parts[index].text.allSatisfy(\.isWhitespace)
      else { continue }
      number += 1
      result.parts[index] = ("[\(Self.labels[tag.rawValue])_\(number)]", .other)
    }
    return result
  }

  private static let labels = ["", "NAME", "ADDRESS", "PLACE", "ORGANISATION", "DATE"]
}
