/// Reads Prometheus's text format 0.0.4 as strictly as its description allows, and says what is
/// wrong with a text.
struct ExpositionParser {
  struct Mistake: Error, CustomStringConvertible {
    let description: String
  }

  struct Sample {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  private(set) var types: [String: String] = [:]
  private(set) var helps: [String: String] = [:]
  private(set) var samples: [Sample] = []

  /// Reads a whole text.
  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Mistake(description: "the last line has no end") }
    var current = ""
    var finished: Set<String> = []
    var seen: Set<String> = []
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      func wrong(_ reason: String) -> Mistake { Mistake(description: "\(reason): \(line)") }
      if line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") {
        let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
        guard words.count == 2, Self.isName(words[0], allowsColon: true) else {
          throw wrong("no name and text")
        }
        let name = String(words[0])
        if name != current {
          finished.insert(current)
          guard !finished.contains(name) else { throw wrong("a family in two places") }
          current = name
        }
        if line.hasPrefix("# HELP ") {
          guard helps.updateValue(String(words[1]), forKey: name) == nil else {
            throw wrong("two HELP lines")
          }
        } else {
          guard ["counter", "gauge", "histogram", "summary", "untyped"].contains(words[1]) else {
            throw wrong("no type")
          }
          guard types.updateValue(String(words[1]), forKey: name) == nil else {
            throw wrong("two TYPE lines")
          }
        }
        continue
      }
      let sample = try Self.sample(line)
      guard sample.name == current, types[current] != nil, helps[current] != nil else {
        throw wrong("a sample without its TYPE and HELP before it")
      }
      let labels = sample.labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
      guard seen.insert("\(sample.name){\(labels.joined(separator: ","))}").inserted else {
        throw wrong("the same sample twice")
      }
      samples.append(sample)
    }
  }

  /// The value of a sample; nil when there is none.
  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  private static func sample(_ line: Substring) throws -> Sample {
    func wrong(_ reason: String) -> Mistake { Mistake(description: "\(reason): \(line)") }
    var rest = line
    let name = rest.prefix { $0 != "{" && $0 != " " }
    guard isName(name, allowsColon: true) else { throw wrong("no metric's name") }
    rest = rest.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while rest.first != "}" {
        let label = rest.prefix { $0 != "=" }
        guard isName(label, allowsColon: false) else { throw wrong("no label's name") }
        rest = rest.dropFirst(label.count)
        guard rest.hasPrefix("=\"") else { throw wrong("no value of a label") }
        rest = rest.dropFirst(2)
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
          guard character == "\\" else {
            value.append(character)
            continue
          }
          switch rest.popFirst() {
          case "n": value.append("\n")
          case "\\": value.append("\\")
          case "\"": value.append("\"")
          default: throw wrong("an unknown escape")
          }
        }
        guard labels.updateValue(value, forKey: String(label)) == nil else {
          throw wrong("a label twice")
        }
        if rest.first == "," { rest = rest.dropFirst() }
        guard !rest.isEmpty else { throw wrong("labels without an end") }
      }
      rest = rest.dropFirst()
    }
    guard rest.first == " ", let value = Double(rest.dropFirst()), !rest.dropFirst().contains(" ")
    else { throw wrong("no value") }
    return Sample(name: String(name), labels: labels, value: value)
  }

  private static func isName(_ text: some StringProtocol, allowsColon: Bool) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy {
      (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
        || $0 == 0x5F || allowsColon && $0 == 0x3A
    }
  }
}
