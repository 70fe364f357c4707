internal import Bytes

/// From text to value and back. The error texts are Redis's, which clients and tests know.
extension ConfigurationParameter {
  /// Why a text is no value of a parameter.
  struct Refusal: Error {
    let reason: String
  }

  /// Reads the arguments of a directive.
  func parse(_ arguments: [String]) throws(Refusal) -> ConfigurationValue {
    if case .words(let words) = kind {
      return try parseWords(arguments, words)
    }
    guard arguments.count == 1 else { throw Refusal(reason: "wrong number of arguments") }
    let text = arguments[0]
    switch kind {
    case .boolean:
      switch text.lowercased() {
      case "yes": return .boolean(true)
      case "no": return .boolean(false)
      default: throw Refusal(reason: "argument must be 'yes' or 'no'")
      }
    case .integer, .octal, .memory, .memoryOrPercent:
      return .integer(try parseNumber(text))
    case .choice(let words, let synonyms):
      let lowered = text.lowercased()
      if words.contains(lowered) { return .text(lowered) }
      if let word = synonyms[lowered] { return .text(word) }
      throw oneOf(words)
    case .text, .words, .custom:
      return .text(text)
    }
  }

  /// What CONFIG GET shows for `value`.
  func print(_ value: ConfigurationValue) -> String {
    switch kind {
    case .boolean: return value.boolean ? "yes" : "no"
    case .integer, .memory: return String(value.integer)
    case .memoryOrPercent:
      return value.integer < 0 ? "\(-value.integer)%" : String(value.integer)
    case .octal: return String(value.integer, radix: 8)
    case .words(let words):
      guard value.integer != 0 else { return words[0] }
      let chosen = words.indices.dropFirst().filter { value.integer & 1 << ($0 - 1) != 0 }
      return chosen.map { words[$0] }.joined(separator: " ")
    case .text, .choice, .custom: return value.text
    }
  }

  /// What CONFIG REWRITE writes after the name for `value`.
  func fileText(_ value: ConfigurationValue) -> String {
    switch kind {
    case .memory: return Self.memoryText(value.integer)
    case .memoryOrPercent:
      return value.integer < 0 ? print(value) : Self.memoryText(value.integer)
    case .text: return Self.quoted(value.text)
    default: return print(value)
    }
  }

  /// "100mb" where the bytes are a multiple of a unit.
  static func memoryText(_ bytes: Int) -> String {
    for (unit, shift) in [("gb", 30), ("mb", 20), ("kb", 10)]
    where bytes != 0 && bytes & (1 << shift - 1) == 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return String(bytes)
  }

  /// `text` between double quotes.
  static func quoted(_ text: String) -> String {
    let bytes = Array(text.utf8).withByteView { QuotedText.quoted($0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func oneOf(_ words: [String]) -> Refusal {
    Refusal(
      reason: "argument(s) must be one of the following: " + words.joined(separator: ", "))
  }

  private func parseWords(
    _ arguments: [String], _ words: [String]
  ) throws(Refusal) -> ConfigurationValue {
    guard !arguments.isEmpty else { throw oneOf(words) }
    var bits = 0
    for argument in arguments {
      guard let index = words.firstIndex(of: argument.lowercased()) else { throw oneOf(words) }
      if index > 0 { bits |= 1 << (index - 1) }
    }
    return .integer(bits)
  }

  private func parseNumber(_ text: String) throws(Refusal) -> Int {
    let bytes = Array(text.utf8)
    switch kind {
    case .octal(let range):
      guard let value = Int(text, radix: 8) else {
        throw Refusal(reason: "argument couldn't be parsed as an octal number")
      }
      guard range.contains(value) else {
        let low = String(range.lowerBound, radix: 8)
        let high = String(range.upperBound, radix: 8)
        throw Refusal(reason: "argument must be between \(low) and \(high) inclusive")
      }
      return value
    case .memory(let range):
      guard let value = bytes.withByteView({ MemorySizeText.parse($0) }) else {
        throw Refusal(reason: "argument must be a memory value")
      }
      return try check(Int(clamping: value), in: range)
    case .memoryOrPercent(let range):
      if let value = bytes.withByteView({ MemorySizeText.parse($0) }) {
        return try check(Int(clamping: value), in: range)
      }
      guard let percent = bytes.withByteView({ MemorySizeText.parsePercent($0) }) else {
        throw Refusal(reason: "argument must be a memory or percent value")
      }
      guard -percent >= range.lowerBound else {
        throw Refusal(
          reason: "percentage argument must be less or equal to \(-range.lowerBound)")
      }
      return Int(-percent)
    case .integer(let range):
      guard let value = bytes.withByteView({ IntegerText.parseInt64($0) }) else {
        throw Refusal(reason: "argument couldn't be parsed into an integer")
      }
      return try check(Int(value), in: range)
    default:
      preconditionFailure("parseNumber is called for numbers only")
    }
  }

  private func check(_ value: Int, in range: ClosedRange<Int>) throws(Refusal) -> Int {
    guard range.contains(value) else {
      throw Refusal(
        reason: "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive")
    }
    return value
  }
}
