internal import Bytes

/// The models that may be called, their prices, and which serve which tier: data from a file that
/// an operator edits and reloads.
///
///     model NAME input PRICE output PRICE [cache-write PRICE] [cache-write-hour PRICE]
///                [cache-read PRICE] [long-prompt TOKENS FACTOR] [context TOKENS]
///                [output-max TOKENS] [cacheable TOKENS] [retirement DATE]
///     retired NAME DATE SUCCESSOR
///     tier economy|premium NAME...
///
/// Prices are dollars for a million tokens. A line that begins with # is a comment. The models of a
/// tier are a chain: the first one that answers serves. A retired name is taken for its successor,
/// over as many steps as it needs. Cache prices that are not given are those that a provider asks
/// at most: 1.25 and 2 times the input to write, as much as the input to read.
public struct ModelCatalog: Equatable, Sendable {
  /// Models by name.
  public private(set) var models: [String: Model] = [:]
  /// Names in the order of the file.
  public private(set) var names: [String] = []
  /// The chain of each tier.
  public private(set) var chains: [Tier: [String]] = [:]
  /// Retired name → date and successor.
  public private(set) var retired: [String: Retirement] = [:]

  /// When a model went, and what takes its place.
  public struct Retirement: Equatable, Sendable {
    public let date: String
    public let successor: String
  }

  /// Why a file is refused.
  public struct Problem: Error, Equatable, Sendable {
    /// The line, counted from 1; 0 for what concerns the whole file.
    public let line: Int
    /// A sentence without a full stop.
    public let message: String
  }

  /// Lines and words that are taken, so that a wrong file cannot exhaust memory.
  public static var linesMax: Int { 10_000 }

  /// Reads a file's text.
  ///
  /// - Throws: the first problem; nothing is taken then.
  public init(parsing text: String) throws(Problem) {
    var number = 0
    // Where tiers and retired names stand, for telling what is wrong with them at the end.
    var places: [String: Int] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      guard number <= Self.linesMax else {
        throw Problem(line: number, message: "more than \(Self.linesMax) lines")
      }
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
        .map(String.init)
      guard let verb = words.first, !verb.hasPrefix("#") else { continue }
      do throws(Complaint) {
        switch verb {
        case "model": try addModel(words)
        case "retired": try addRetired(words)
        case "tier": try addTier(words)
        default: throw Complaint("a line begins with model, retired or tier, not \"\(verb)\"")
        }
      } catch {
        throw Problem(line: number, message: error.message)
      }
      if verb != "model", words.count > 1 { places["\(verb) \(words[1])"] = number }
    }
    try check(places)
  }

  private struct Complaint: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  private mutating func addModel(_ words: [String]) throws(Complaint) {
    guard words.count >= 2 else { throw Complaint("a model needs a name") }
    guard models[words[1]] == nil else { throw Complaint("\(words[1]) is there twice") }
    var model = Model(name: words[1])
    var fields: Set<String> = []
    var index = 2
    while index < words.count {
      let field = words[index]
      let count = field == "long-prompt" ? 2 : 1
      guard index + count < words.count else { throw Complaint("\(field) needs a value") }
      guard fields.insert(field).inserted else { throw Complaint("\(field) is there twice") }
      try Self.set(field, Array(words[index + 1...index + count]), of: &model)
      index += count + 1
    }
    // What has no price would count as free.
    for field in ["input", "output"] where !fields.contains(field) {
      throw Complaint("\(model.name) has no price for its \(field)")
    }
    if !fields.contains("cache-write") {
      model.cacheWrite = Money(picodollars: model.input.picodollars * 5 / 4)
    }
    if !fields.contains("cache-write-hour") { model.cacheWriteHour = model.input * 2 }
    if !fields.contains("cache-read") { model.cacheRead = model.input }
    models[model.name] = model
    names.append(model.name)
  }

  private static func set(
    _ field: String, _ values: [String], of model: inout Model
  ) throws(Complaint) {
    switch field {
    case "input": model.input = try price(values[0])
    case "output": model.output = try price(values[0])
    case "cache-write": model.cacheWrite = try price(values[0])
    case "cache-write-hour": model.cacheWriteHour = try price(values[0])
    case "cache-read": model.cacheRead = try price(values[0])
    case "long-prompt":
      model.longPromptTokens = try whole(values[0])
      model.longPromptFactor = try whole(values[1])
      guard (1...1000).contains(model.longPromptFactor) else {
        throw Complaint("a long prompt costs 1 to 1000 times as much, not \(values[1])")
      }
    case "context":
      model.contextTokens = try whole(values[0])
      guard model.contextTokens > 0 else { throw Complaint("a context of 0 takes no prompt") }
    case "output-max": model.outputTokensMax = try whole(values[0])
    case "cacheable": model.cacheablePrefixTokens = try whole(values[0])
    case "retirement": model.retirement = try date(values[0])
    default: throw Complaint("a model has no \"\(field)\"")
    }
  }

  /// Dollars for a million tokens, as picodollars for one: six decimals at most.
  private static func price(_ text: String) throws(Complaint) -> Money {
    guard let dollars = Money(dollars: text), dollars.picodollars % 1_000_000 == 0 else {
      throw Complaint("\"\(text)\" is no price in dollars for a million tokens")
    }
    return Money(picodollars: dollars.picodollars / 1_000_000)
  }

  private static func whole(_ text: String) throws(Complaint) -> Int {
    guard let value = Int(text), value >= 0, value <= 1_000_000_000 else {
      throw Complaint("\"\(text)\" is no number of tokens")
    }
    return value
  }

  private static func date(_ text: String) throws(Complaint) -> String {
    let parts = text.split(separator: "-").map { Int($0) ?? 0 }
    guard text.utf8.count == 10, parts.count == 3, parts[0] > 2000, (1...12).contains(parts[1]),
      (1...31).contains(parts[2])
    else { throw Complaint("\"\(text)\" is no date such as 2027-10-07") }
    return text
  }

  private mutating func addRetired(_ words: [String]) throws(Complaint) {
    guard words.count == 4 else { throw Complaint("retired takes a name, a date, a successor") }
    guard retired[words[1]] == nil else { throw Complaint("\(words[1]) is there twice") }
    retired[words[1]] = Retirement(date: try Self.date(words[2]), successor: words[3])
  }

  private mutating func addTier(_ words: [String]) throws(Complaint) {
    guard words.count >= 3, let tier = Tier(rawValue: words[1]) else {
      throw Complaint("tier takes economy or premium, and models")
    }
    guard chains[tier] == nil else { throw Complaint("tier \(tier.rawValue) is there twice") }
    chains[tier] = Array(words[2...])
  }

  private func check(_ places: [String: Int]) throws(Problem) {
    for tier in Tier.allCases {
      guard let chain = chains[tier] else {
        throw Problem(line: 0, message: "tier \(tier.rawValue) has no models")
      }
      for name in chain where resolve(name) == nil {
        throw Problem(
          line: places["tier \(tier.rawValue)"] ?? 0,
          message: "tier \(tier.rawValue) names an unknown model, \(name)")
      }
    }
    for (name, retirement) in retired.sorted(by: { $0.key < $1.key }) {
      let line = places["retired \(name)"] ?? 0
      guard models[name] == nil else {
        throw Problem(line: line, message: "\(name) is retired, and a model as well")
      }
      guard resolve(name) != nil else {
        throw Problem(
          line: line, message: "\(name) has no successor that is there: \(retirement.successor)")
      }
    }
  }

  /// The model that a name means today, and whether the name itself is retired.
  ///
  /// - Returns: nil for unknown names.
  public func resolve(_ name: String) -> (model: Model, isSuccessor: Bool)? {
    var current = name
    // A circle of successors ends, too.
    for _ in 0...retired.count {
      if let model = models[current] { return (model, current != name) }
      guard let next = retired[current] else { return nil }
      current = next.successor
    }
    return nil
  }

  /// The models of a tier in the order in which they are tried.
  public func chain(of tier: Tier) -> [Model] {
    (chains[tier] ?? []).compactMap { resolve($0)?.model }
  }

  /// The models of the tiers that may be gone on a day, such as 2027-10-07: their `retirement` has
  /// come. They are asked all the same; a name that is gone for certain is a `retired` line's.
  public func retiring(on day: String) -> [Model] {
    let used = Tier.allCases.flatMap { chain(of: $0) }
    return names.compactMap { name in
      used.first { $0.name == name && $0.mayBeGone(on: day) }
    }
  }

  /// The models as of November 2026: what a server starts with that is given no file.
  public static let builtIn: ModelCatalog = {
    do throws(Problem) {
      return try ModelCatalog(parsing: builtInText)
    } catch {
      preconditionFailure("built-in models, line \(error.line): \(error.message)")
    }
  }()

  /// The text of `builtIn`, as a start for an operator's own file.
  public static let builtInText = """
    # Prices in US dollars for a million tokens, from the provider's public documentation,
    # November 2026. Where a price of the five-minute cache write is not published it is taken as
    # 1.25 times the input price, and the one-hour write as twice the input price.
    model claude-haiku-5-5 input 0.10 output 0.50 cache-write 0.125 cache-write-hour 0.20 \
    cache-read 0.01 long-prompt 100000 5 context 1000000 output-max 128000 cacheable 512 \
    retirement 2027-10-07
    model claude-sonnet-5-5 input 2 output 10 cache-write 2.50 cache-write-hour 4 cache-read 0.10 \
    context 1000000 output-max 128000 cacheable 1024
    model claude-opus-5-5 input 4 output 20 cache-write 5 cache-write-hour 8 cache-read 0.20 \
    context 1000000 output-max 128000 cacheable 1024
    model claude-haiku-4-5-20251001 input 1 output 5 cache-write 1.25 cache-write-hour 2 \
    cache-read 0.10 context 200000 output-max 64000 cacheable 4096

    retired claude-3-5-sonnet-20241022 2025-10-28 claude-sonnet-5-5
    retired claude-3-haiku-20240307 2026-04-20 claude-haiku-5-5

    tier economy claude-haiku-5-5 claude-haiku-4-5-20251001
    tier premium claude-sonnet-5-5 claude-opus-5-5 claude-haiku-5-5
    """
}
