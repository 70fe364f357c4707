/// Metrics in the text format 0.0.4 of Prometheus: families of samples, each family once, with its
/// HELP and TYPE lines before its samples.
///
///     # HELP wingcache_command_calls_total Calls of a command.
///     # TYPE wingcache_command_calls_total counter
///     wingcache_command_calls_total{command="get"} 27
struct Exposition {
  /// What a family is about.
  struct Family: Hashable, Sendable {
    enum Kind: String, Sendable {
      case counter, gauge
    }

    let name: String
    let kind: Kind
    let help: String

    init(_ name: String, _ kind: Kind, _ help: String) {
      self.name = name
      self.kind = kind
      self.help = help
    }
  }

  private var order: [String] = []
  private var families: [String: (family: Family, samples: [String], labels: Set<String>)] = [:]

  /// Adds a sample. Of two with one name and the same labels the first one counts; of two families
  /// with one name, too.
  ///
  /// - Parameters:
  ///   - labels: names, which must be fit for labels, and values, which may be anything.
  ///   - value: a number's text.
  mutating func add(_ family: Family, _ labels: [(String, String)] = [], _ value: String) {
    let name = Self.name(family.name)
    let shown =
      labels.isEmpty
      ? "" : "{" + labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}"
    if families[name] == nil {
      order.append(name)
      families[name] = (family, [], [])
    }
    guard families[name]?.labels.insert(shown).inserted == true else { return }
    families[name]?.samples.append("\(name)\(shown) \(value)\n")
  }

  /// The whole text.
  ///
  /// - Complexity: O(samples)
  var text: String {
    var text = ""
    for name in order {
      guard let (family, samples, _) = families[name] else { continue }
      let help = family.help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(family.kind.rawValue)\n"
      for sample in samples { text += sample }
    }
    return text
  }

  /// A name made fit: what is no letter, digit or "_" becomes "_".
  static func name(_ text: String) -> String {
    let made = text.unicodeScalars.map { scalar -> Character in
      let isFit = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.value.isDigit)
      return isFit ? Character(scalar) : "_"
    }
    return made.first?.isNumber == true ? "_" + String(made) : String(made)
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  /// A number's text as INFO has it, times `scale`; nil for what is no number.
  static func number(_ text: String, scale: Double = 1) -> String? {
    switch text {
    case "on", "yes", "true", "ok": return "1"
    case "off", "no", "false": return "0"
    default: break
    }
    guard text.utf8.allSatisfy({ $0 == 0x2D || $0 == 0x2E || (0x30...0x39).contains($0) }),
      let value = Double(text)
    else { return nil }
    return scale == 1 ? text : "\(value * scale)"
  }
}

extension UInt32 {
  fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
