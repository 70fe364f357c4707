import Coach
import Foundation
import SeededRandom
import ToolSupport

/// A sentence of presidio-research with its labels.
struct LabelledSentence {
  var text: String
  /// By bytes.
  var labels: [(type: String, start: Int, end: Int)]
  var template: Int
  /// The template itself.
  var mask: String
  /// Templates that resemble each other are in one group, and the same fold.
  var group = 0

  /// For training: everything that the tagger is to find.
  var labelledText: LabelledText {
    let bytes = Array(text.utf8)
    var result = LabelledText(origins: [group])
    var end = 0
    func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    for label in labels.sorted(by: { $0.start < $1.start }) where label.start >= end {
      result.append(part(end..<label.start), .other)
      result.append(part(label.start..<label.end), Self.tags[label.type] ?? .other)
      end = label.end
    }
    result.append(part(end..<bytes.count), .other)
    // What stands between the parts of one address belongs to it.
    for index in result.parts.indices.dropFirst().dropLast()
    where result.parts[index].tag == .other && result.parts[index - 1].tag == .address
      && result.parts[index + 1].tag == .address
      && result.parts[index].text.allSatisfy({ $0.isWhitespace || $0 == "," })
    {
      result.parts[index].tag = .address
    }
    return result
  }

  static let tags: [String: NameTag] = [
    "PERSON": .name, "PREFIX": .name, "ADDRESS": .address, "LOCATION": .place,
    "ORGANIZATION": .organisation, "DATE_TIME": .date,
  ]
}

/// Reads the public sets beside the checkout.
struct Corpus {
  let sets: PublicSets

  func presidio() throws -> [LabelledSentence] {
    let rows = try sets.json("presidio-research/generated_large.json") as? [[String: Any]] ?? []
    var masks: [Int: String] = [:]
    var result: [LabelledSentence] = []
    for row in rows {
      guard let text = row["full_text"] as? String, let template = row["template_id"] as? Int else {
        continue
      }
      let mask = masks[template] ?? row["masked"] as? String ?? ""
      masks[template] = mask
      // The set counts code points.
      var offsets = [0]
      for scalar in text.unicodeScalars { offsets.append(offsets.last! + UTF8.width(scalar)) }
      let labels = (row["spans"] as? [[String: Any]] ?? []).compactMap { span in
        if let type = span["entity_type"] as? String, let start = span["start_position"] as? Int,
          let end = span["end_position"] as? Int, start < end, end < offsets.count
        {
          return (type: type, start: offsets[start], end: offsets[end])
        }
        return nil
      }
      result.append(LabelledSentence(text: text, labels: labels, template: template, mask: mask))
    }
    let groups = Self.groups(masks)
    for index in result.indices { result[index].group = groups[result[index].template] ?? 0 }
    return result
  }

  /// Puts templates together that share half of their words and slots.
  static func groups(_ masks: [Int: String]) -> [Int: Int] {
    let sets = masks.mapValues { Set(pieces(of: $0)) }
    let templates = masks.keys.sorted()
    var group: [Int: Int] = [:]
    for template in templates { group[template] = template }
    for first in templates {
      for second in templates where second > first {
        guard let one = sets[first], let other = sets[second], isSimilar(one, other),
          let from = group[second], let to = group[first]
        else { continue }
        for template in templates where group[template] == from { group[template] = to }
      }
    }
    return group
  }

  /// Words and slots of a template; slots begin with a brace.
  private static func pieces(of template: String) -> [String] {
    template.lowercased().split { !$0.isLetter && $0 != "_" && $0 != "{" }.map(String.init)
  }

  private static func isSimilar(_ one: Set<String>, _ other: Set<String>) -> Bool {
    let shared = one.intersection(other).count
    return shared > 0 && 2 * shared >= one.union(other).count
  }

  /// The templates of our own that share half of their words with one of presidio-research, by its
  /// group. Slots do not count: those of the two have other names.
  func similar(_ templates: [String], to sentences: [LabelledSentence]) -> [Int: Set<Int>] {
    func words(_ template: String) -> Set<String> {
      Set(Self.pieces(of: template).filter { !$0.hasPrefix("{") })
    }
    let own = templates.map { words($0.replacing("\\n", with: " ")) }
    var result: [Int: Set<Int>] = [:]
    var seen: Set<Int> = []
    for sentence in sentences where seen.insert(sentence.template).inserted {
      let mask = words(sentence.mask)
      for (place, template) in own.enumerated() where Self.isSimilar(mask, template) {
        result[sentence.group, default: []].insert(place)
      }
    }
    return result
  }

  func clinc() throws -> [String] {
    let sections = try sets.clinc150()
    return sections.keys.sorted().flatMap { (sections[$0] ?? []).map { $0[0] } }
  }

  func hwu() throws -> [String] { try sets.hwu64() }

  func counsel() throws -> [String] {
    let rows = try sets.counselChat()
    guard let header = rows.first, let question = header.firstIndex(of: "questionText"),
      let answer = header.firstIndex(of: "answerText")
    else { return [] }
    var seen = Set<String>()
    return rows.dropFirst().filter { $0.count == header.count }
      .flatMap { [$0[question], $0[answer]] }.filter { !$0.isEmpty && seen.insert($0).inserted }
  }

  /// Questions to a bank, and an empty text after the last: which of them are drawn depends on how
  /// many there are, and the weights that are shipped were trained with it.
  func banking() throws -> [String] { try sets.banking77() + [""] }

  func qmsum() throws -> [String] { try sets.qmsum().flatMap { $0 } }
}
