internal import Bytes
internal import Synchronization

/// A rule for the keys whose names begin with a prefix.
struct CacheRule: Equatable {
  /// What becomes of writes that carry personal data.
  enum PersonalData: String {
    case allow = "no"
    case refuse
    case redact
  }

  /// What a prefix may hold at most.
  enum Quota: Equatable {
    case bytes(Int)
    case keys(Int)
  }

  let prefix: [UInt8]
  /// Seconds that a key lives that was written without an expiry.
  var defaultTTL: Int64?
  /// Seconds that a key may have left at most.
  var maxTTL: Int64?
  /// Whether a read gives the key its default time again.
  var isSliding = false
  var quota: Quota?
  var personalData = PersonalData.allow

  init(prefix: [UInt8]) { self.prefix = prefix }

  static let prefixBytesMax = 512
  /// Ten years: more is a mistake.
  static let secondsMax: Int64 = 10 * 366 * 86_400

  /// What is wrong with a rule, in words.
  struct Mistake: Error {
    let reason: String
  }

  /// Reads the options behind a prefix, two words each.
  init(prefix: [UInt8], options: [[UInt8]], canRedact: Bool) throws(Mistake) {
    self.prefix = prefix
    guard !prefix.isEmpty, prefix.count <= Self.prefixBytesMax else {
      throw Mistake(reason: "a prefix has 1 to \(Self.prefixBytesMax) bytes")
    }
    // It separates rules, quoted or not.
    guard prefix != [UInt8(ascii: ";")] else {
      throw Mistake(reason: "a prefix cannot be a semicolon alone")
    }
    guard !options.isEmpty, options.count % 2 == 0 else {
      throw Mistake(reason: "a rule is a prefix and pairs of option and value")
    }
    for index in stride(from: 0, to: options.count, by: 2) {
      let name = String(decoding: options[index], as: UTF8.self)
      let value = String(decoding: options[index + 1], as: UTF8.self)
      switch name.uppercased() {
      case "DEFAULTTTL": defaultTTL = try Self.seconds(value, name)
      case "MAXTTL": maxTTL = try Self.seconds(value, name)
      case "SLIDING": isSliding = try Self.boolean(value, name)
      case "QUOTA": quota = try Self.quota(value)
      case "NOPERSONALDATA": personalData = try Self.personalData(value, canRedact: canRedact)
      default: throw Mistake(reason: "unknown option '\(name)'")
      }
    }
    if isSliding, defaultTTL == nil { throw Mistake(reason: "SLIDING needs a DEFAULTTTL") }
    if let defaultTTL, let maxTTL, defaultTTL > maxTTL {
      throw Mistake(reason: "DEFAULTTTL is above MAXTTL")
    }
  }

  private static func seconds(_ text: String, _ name: String) throws(Mistake) -> Int64 {
    guard let number = Int64(text), number > 0, number <= secondsMax else {
      throw Mistake(reason: "\(name) takes 1 to \(secondsMax) seconds")
    }
    return number
  }

  private static func boolean(_ text: String, _ name: String) throws(Mistake) -> Bool {
    switch text.lowercased() {
    case "yes": return true
    case "no": return false
    default: throw Mistake(reason: "\(name) takes yes or no")
    }
  }

  private static func quota(_ text: String) throws(Mistake) -> Quota {
    let word = text.lowercased()
    if word.hasSuffix("keys") {
      if let count = Int(word.dropLast(4)), count > 0 { return .keys(count) }
    } else {
      let bytes = Array(word.utf8).withByteView { MemorySizeText.parse($0) }
      if let bytes, bytes > 0, let number = Int(exactly: bytes) { return .bytes(number) }
    }
    throw Mistake(reason: "QUOTA takes an amount of memory such as 64mb, or keys: 5000keys")
  }

  private static func personalData(
    _ text: String, canRedact: Bool
  ) throws(Mistake) -> PersonalData {
    let word = text.lowercased()
    guard let choice = word == "yes" ? .refuse : PersonalData(rawValue: word) else {
      throw Mistake(reason: "NOPERSONALDATA takes refuse (or yes), redact, or no")
    }
    guard choice == .allow || canRedact else {
      throw Mistake(reason: "this server has nothing that finds personal data")
    }
    return choice
  }

  /// The options as they are written, pairs of name and value.
  var options: [(name: String, value: String)] {
    var all: [(name: String, value: String)] = []
    if let defaultTTL { all.append(("DEFAULTTTL", "\(defaultTTL)")) }
    if let maxTTL { all.append(("MAXTTL", "\(maxTTL)")) }
    if isSliding { all.append(("SLIDING", "yes")) }
    switch quota {
    case .bytes(let bytes): all.append(("QUOTA", "\(bytes)"))
    case .keys(let keys): all.append(("QUOTA", "\(keys)keys"))
    case nil: break
    }
    // A rule that asks for nothing (it may take a part of another's prefix out) says so.
    if personalData != .allow || all.isEmpty {
      all.append(("NOPERSONALDATA", personalData.rawValue))
    }
    return all
  }

  /// The rule as `cache-rule` takes it.
  var text: String {
    let quoted = String(decoding: prefix.withByteView { QuotedText.quoted($0) }, as: UTF8.self)
    return ([quoted] + options.map { "\($0.name) \($0.value)" }).joined(separator: " ")
  }
}

/// What happened under a rule; any thread counts.
final class RuleFigures: Sendable {
  let hits = Atomic<Int>(0)
  let misses = Atomic<Int>(0)
  let keys = Atomic<Int>(0)
  let bytes = Atomic<Int>(0)
  /// Writes refused because the quota was used up, or because of personal data.
  let overQuota = Atomic<Int>(0)
  let refused = Atomic<Int>(0)
  let redacted = Atomic<Int>(0)
}
