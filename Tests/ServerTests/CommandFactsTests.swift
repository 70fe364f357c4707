import Foundation
import Testing

@testable import RESPServer

/// Compares every command's spec with a table of Redis's facts, where it lies beside the checkout.
@Suite struct CommandFactsTests {
  static let path = "../shared/reference/commands.json"

  static let data: Data? = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return FileManager.default.contents(atPath: path)
      ?? FileManager.default.contents(atPath: folder.appendingPathComponent("../../" + path).path)
  }()

  /// Redis's facts by the command's name, "CONFIG|GET" for a subcommand.
  static func facts() throws -> [String: [String: Any]] {
    let list = try JSONSerialization.jsonObject(with: try #require(data)) as? [[String: Any]]
    var byName: [String: [String: Any]] = [:]
    for facts in try #require(list) {
      guard let name = facts["name"] as? String else { continue }
      byName[name.replacingOccurrences(of: " ", with: "|")] = facts
    }
    return byName
  }

  /// Where a spec differs on purpose, with the reason.
  static let exceptions: [String: Set<String>] = [
    // The table is of a later version, in which the end of the range is optional.
    "BITCOUNT": ["arguments"],
    // Its argument is repeatable by a text where others have true.
    "CLIENT|CAPA": ["arguments"],
    // Takes MAXAGE, as Redis 7.4 does.
    "CLIENT|KILL": ["arguments", "history"],
    // In 7.2 both have an error of their own inside MULTI.
    "MULTI": ["flags"],
    "WATCH": ["flags"],
    // Take a member, as KeyDB's do.
    "PERSIST": ["arity", "arguments"],
    "PTTL": ["arity", "arguments"],
    "TTL": ["arity", "arguments"],
    // Takes IFEQ, as Valkey does.
    "SET": ["arguments"],
  ]

  @Test(.enabled(if: data != nil, "\(path) is not there"))
  func specsAgreeWithRedis() throws {
    let all = try Self.facts()
    for command in CommandCatalog.commands {
      let spec = command.spec
      guard let facts = all[spec.name] else { continue }
      for (what, ours, theirs) in Self.comparisons(spec, facts)
      where Self.exceptions[spec.name]?.contains(what) != true {
        #expect(ours == theirs, "\(spec.name): \(what)")
      }
    }
  }

  private static func comparisons(
    _ spec: CommandSpec, _ facts: [String: Any]
  ) -> [(String, String, String)] {
    [
      ("arity", "\(spec.arity)", "\(facts["arity"] as? Int ?? 0)"),
      ("since", spec.since, facts["since"] as? String ?? ""),
      ("group", spec.group.rawValue, (facts["group"] as? String ?? "").dashed),
      ("flags", flags(spec), flags(facts)),
      ("categories", categories(spec), categories(facts)),
      ("keys", spec.keys.map(text).joined(separator: "; "), keys(facts)),
      ("arguments", text(spec.arguments), arguments(facts["arguments"])),
      (
        "tips", spec.tips.joined(separator: " "),
        strings(facts["command_tips"]).joined(separator: " ")
      ),
      ("history", spec.history.map(\.version).joined(separator: " "), history(facts)),
      ("deprecation", spec.deprecatedSince ?? "", facts["deprecated_since"] as? String ?? ""),
    ]
  }

  private static func strings(_ value: Any?) -> [String] {
    (value as? [String] ?? []).map { $0.lowercased() }
  }

  /// Later versions than the one whose replies we give are none of ours.
  private static func history(_ facts: [String: Any]) -> String {
    strings(facts["history"]).filter { $0 < "7.3" }.joined(separator: " ")
  }

  private static func flags(_ spec: CommandSpec) -> String {
    CommandFlags.names.filter { spec.flags.subtracting(.movableKeys).contains($0.0) }
      .map { $0.1 }.sorted().joined(separator: " ")
  }

  private static func flags(_ facts: [String: Any]) -> String {
    strings(facts["command_flags"]).filter { !$0.hasSuffix("sentinel") }.sorted()
      .joined(separator: " ")
  }

  private static func categories(_ spec: CommandSpec) -> String {
    ACLCategories.names.filter { spec.allCategories.contains($0.0) }.map { $0.1 }.sorted()
      .joined(separator: " ")
  }

  /// Those listed, and those that Redis derives from the flags.
  private static func categories(_ facts: [String: Any]) -> String {
    var names = Set(strings(facts["acl_categories"]))
    let flags = Set(strings(facts["command_flags"]))
    let isScript = names.contains("scripting")
    if flags.contains("write") { names.insert("write") }
    if flags.contains("readonly"), !isScript { names.insert("read") }
    if flags.contains("admin") { names.formUnion(["admin", "dangerous"]) }
    if flags.contains("pubsub") { names.insert("pubsub") }
    if flags.contains("blocking") { names.insert("blocking") }
    names.insert(flags.contains("fast") ? "fast" : "slow")
    return names.sorted().joined(separator: " ")
  }

  // MARK: Keys

  private static func text(_ key: KeySpec) -> String {
    var text = ""
    switch key.begin {
    case .index(let position): text = "index \(position)"
    case .keyword(let word, let from): text = "keyword \(word) \(from)"
    case .unknown: text = "unknown"
    }
    switch key.find {
    case .range(let last, let step, let limit): text += " range \(last) \(step) \(limit)"
    case .keyCount(let index, let first, let step): text += " keynum \(index) \(first) \(step)"
    case .unknown: text += " unknown"
    }
    let flags = KeySpec.Flags.names.filter { key.flags.contains($0.0) }.map { $0.1.lowercased() }
    return text + " " + flags.sorted().joined(separator: ",")
  }

  private static func keys(_ facts: [String: Any]) -> String {
    (facts["key_specs"] as? [[String: Any]] ?? []).map { key in
      var text = "unknown"
      let begin = key["begin_search"] as? [String: Any] ?? [:]
      if let index = begin["index"] as? [String: Any] { text = "index \(number(index, "pos"))" }
      if let keyword = begin["keyword"] as? [String: Any] {
        text = "keyword \(keyword["keyword"] as? String ?? "") \(number(keyword, "startfrom"))"
      }
      let find = key["find_keys"] as? [String: Any] ?? [:]
      if let range = find["range"] as? [String: Any] {
        let step = range["step"] == nil ? 1 : number(range, "step")
        text += " range \(number(range, "lastkey")) \(step) \(number(range, "limit"))"
      } else if let count = find["keynum"] as? [String: Any] {
        text += " keynum \(number(count, "keynumidx")) \(number(count, "firstkey"))"
        text += " \(number(count, "step"))"
      } else {
        text += " unknown"
      }
      return text + " " + strings(key["flags"]).sorted().joined(separator: ",")
    }.joined(separator: "; ")
  }

  private static func number(_ facts: [String: Any], _ name: String) -> Int {
    facts[name] as? Int ?? 0
  }

  // MARK: Arguments

  private static func text(_ arguments: [ArgumentSpec]) -> String {
    arguments.map { argument in
      describe(
        [
          argument.name, argument.kind.rawValue, argument.token ?? "",
          argument.keySpecIndex.map(String.init) ?? "", argument.since ?? "",
          argument.deprecatedSince ?? "", argument.displayText ?? "",
        ], argument.isOptional, argument.isMultiple, argument.isTokenRepeated,
        text(argument.parts))
    }.joined(separator: " ")
  }

  private static func arguments(_ list: Any?) -> String {
    (list as? [[String: Any]] ?? []).map { facts in
      func word(_ name: String) -> String { facts[name] as? String ?? "" }
      return describe(
        [
          word("name"), word("type"), word("token"),
          (facts["key_spec_index"] as? Int).map(String.init) ?? "", word("since"),
          word("deprecated_since"), word("display"),
        ], facts["optional"] as? Bool ?? false, facts["multiple"] as? Bool ?? false,
        facts["multiple_token"] as? Bool ?? false, arguments(facts["arguments"]))
    }.joined(separator: " ")
  }

  private static func describe(
    _ words: [String], _ isOptional: Bool, _ isMultiple: Bool, _ repeatsToken: Bool,
    _ parts: String
  ) -> String {
    var text = words.joined(separator: ",")
    if isOptional { text += ",optional" }
    if isMultiple { text += ",multiple" }
    if repeatsToken { text += ",multiple_token" }
    return "(\(text)\(parts.isEmpty ? "" : " [\(parts)]"))"
  }
}

extension String {
  fileprivate var dashed: String { replacingOccurrences(of: "_", with: "-") }
}
