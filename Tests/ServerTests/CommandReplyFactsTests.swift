import Foundation
import Testing

/// Asks a server for what it says of its commands, and compares that with a table of Redis's facts,
/// for every command in it, where it lies beside the checkout.
@Suite(.enabled(if: CommandFactsTests.data != nil, "\(CommandFactsTests.path) is not there"))
struct CommandReplyFactsTests {
  let server: TestServer
  let client: TestClient

  init() throws {
    server = try TestServer()
    client = try server.connect()
  }

  /// All that a server has which is no sentinel.
  private static func facts() throws -> [(name: String, facts: [String: Any])] {
    try CommandFactsTests.facts().filter { $0.value["group"] as? String != "sentinel" }
      .sorted { $0.key < $1.key }.map { ($0.key.lowercased(), $0.value) }
  }

  private static func differs(_ name: String, in what: String) -> Bool {
    CommandFactsTests.exceptions[name.uppercased()]?.contains(what) == true
  }

  private static func words(_ value: Any?) -> Set<String> {
    Set((value as? [String] ?? []).map { $0.lowercased() })
  }

  // MARK: COMMAND INFO

  @Test func infoOfEveryCommand() throws {
    let all = try Self.facts()
    let replies = try client.pipeline(all.map { ["COMMAND", "INFO", $0.name] })
    #expect(all.count > 300)
    for ((name, facts), reply) in zip(all, replies) {
      guard let info = reply.elements?.first?.elements, info.count == 10 else {
        Issue.record("\(name): \(reply)")
        continue
      }
      #expect(info[0].string == name)
      if !Self.differs(name, in: "arity") {
        #expect(info[1].number == (facts["arity"] as? Int).map(Int64.init), "\(name)")
      }
      if !Self.differs(name, in: "flags") {
        let ours = Set((info[2].elements ?? []).compactMap(\.string)).subtracting(["movablekeys"])
        let theirs = Self.words(facts["command_flags"]).filter { !$0.hasSuffix("sentinel") }
        #expect(ours == theirs, "\(name)")
      }
      let keys = (facts["key_specs"] as? [Any])?.count ?? 0
      #expect(info[8].elements?.count == keys, "\(name)")
    }
  }

  // MARK: COMMAND DOCS

  @Test func docsOfEveryCommand() throws {
    let all = try Self.facts()
    let replies = try client.pipeline(all.map { ["COMMAND", "DOCS", $0.name] })
    for ((name, facts), reply) in zip(all, replies) {
      guard let pair = reply.elements, pair.count == 2 else {
        Issue.record("\(name): \(reply)")
        continue
      }
      #expect(pair[0].string == name)
      let docs = Self.fields(pair[1])
      #expect(docs["since"]?.string == facts["since"] as? String, "\(name)")
      let group = (facts["group"] as? String)?.replacingOccurrences(of: "_", with: "-")
      #expect(docs["group"]?.string == group, "\(name)")
      #expect(docs["summary"]?.string?.isEmpty == false, "\(name)")
      #expect(
        docs["deprecated_since"]?.string == facts["deprecated_since"] as? String, "\(name)")
      if !Self.differs(name, in: "arguments") {
        let ours = Self.outline(docs["arguments"]?.elements ?? [])
        #expect(ours == Self.outline(facts["arguments"]), "\(name)")
      }
    }
  }

  private static func fields(_ reply: Reply) -> [String: Reply] {
    let parts = reply.elements ?? []
    var fields: [String: Reply] = [:]
    for index in stride(from: 0, to: parts.count - 1, by: 2) {
      if let name = parts[index].string { fields[name] = parts[index + 1] }
    }
    return fields
  }

  /// Names, types, tokens and flags of arguments, in one line.
  private static func outline(_ arguments: [Reply]) -> String {
    arguments.map { argument in
      let fields = fields(argument)
      let flags = (fields["flags"]?.elements ?? []).compactMap(\.string)
      return outline(
        fields["name"]?.string, fields["type"]?.string, fields["token"]?.string,
        fields["since"]?.string, flags, outline(fields["arguments"]?.elements ?? []))
    }.joined(separator: " ")
  }

  private static func outline(_ arguments: Any?) -> String {
    (arguments as? [[String: Any]] ?? []).map { facts in
      let flags = ["optional", "multiple", "multiple_token"].filter { facts[$0] as? Bool == true }
      return outline(
        facts["name"] as? String, facts["type"] as? String, facts["token"] as? String,
        facts["since"] as? String, flags, outline(facts["arguments"]))
    }.joined(separator: " ")
  }

  private static func outline(
    _ name: String?, _ type: String?, _ token: String?, _ since: String?, _ flags: [String],
    _ parts: String
  ) -> String {
    let words = [name, type, token, since].map { $0 ?? "" } + flags.sorted()
    return "(\(words.joined(separator: ",")) [\(parts)])"
  }

  // MARK: COMMAND GETKEYS

  /// Commands are made up from the facts about arguments, which say what is a key; the server finds
  /// keys by other facts, those about their places, or by code of its own.
  @Test func keysOfEveryCommand() throws {
    var commands: [(words: [String], keys: [String])] = []
    for (name, facts) in try Self.facts() {
      let wire = name.split(separator: "|").map(String.init)
      var seen: Set<[String]> = []
      for isFull in [false, true] {
        for choice in 0..<8 {
          var sample = Sample(isFull: isFull, choice: choice)
          sample.fill(facts["arguments"])
          let words = wire + sample.words.map(\.text)
          guard sample.isMeant(name), seen.insert(words).inserted,
            words.count >= -(facts["arity"] as? Int ?? 0)
          else { continue }
          commands.append((words, sample.words.filter(\.isKey).map(\.text)))
        }
      }
    }
    #expect(commands.count > 600)
    let replies = try client.pipeline(commands.map { ["COMMAND", "GETKEYS"] + $0.words })
    for (command, reply) in zip(commands, replies) {
      if command.keys.isEmpty {
        // Scripts may have none; MIGRATE's empty key says that the keys follow.
        let none = Reply.array(command.words[0] == "migrate" ? [.text("")] : [])
        #expect(
          reply == .error("ERR The command has no key arguments") || reply == none,
          "\(command.words)")
      } else {
        #expect(reply == .array(command.keys.map { .text($0) }), "\(command.words)")
      }
    }
  }

  /// Arguments as a client might send them.
  private struct Sample {
    /// Whether with all that is optional.
    let isFull: Bool
    /// Which of several forms.
    let choice: Int
    var words: [(text: String, isKey: Bool)] = []
    private var keyCount = 0

    init(isFull: Bool, choice: Int) {
      self.isFull = isFull
      self.choice = choice
    }

    /// MIGRATE takes keys behind KEYS only where the one before is empty.
    func isMeant(_ name: String) -> Bool {
      name != "migrate" || words.count(where: \.isKey) != 3
    }

    mutating func fill(_ arguments: Any?) {
      add(arguments)
      for index in words.indices where words[index].text == Self.keyCountMark {
        words[index].text = String(words[index...].count(where: \.isKey))
      }
    }

    private static let keyCountMark = "numkeys"

    private mutating func add(_ arguments: Any?) {
      for facts in arguments as? [[String: Any]] ?? [] { add(facts) }
    }

    private mutating func add(_ facts: [String: Any]) {
      func says(_ name: String) -> Bool { facts[name] as? Bool == true }
      guard isFull || !says("optional") else { return }
      for index in 0..<(says("multiple") ? 2 : 1) {
        if let token = facts["token"] as? String, index == 0 || says("multiple_token") {
          words.append((token == "\"\"" ? "" : token, false))
        }
        switch facts["type"] as? String {
        case "pure-token": break
        case "oneof":
          let forms = facts["arguments"] as? [[String: Any]] ?? []
          add(forms[choice % forms.count])
        case "block": add(facts["arguments"])
        case "key":
          keyCount += 1
          words.append(("key:\(keyCount)", true))
        case "integer", "unix-time", "double":
          let counts = facts["name"] as? String == Self.keyCountMark
          words.append((counts ? Self.keyCountMark : "3", false))
        default: words.append((facts["name"] as? String ?? "", false))
        }
      }
    }
  }
}
