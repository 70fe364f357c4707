import Bytes
import Caching
import Coach
import ReadThrough
import Testing

@testable import RESPServer

/// Runs the example of every command, as the documentation shows it, on the real server.
///
/// An example is a dialogue in redis-cli's notation:
///
///     > SET greeting hello        typed; quotes and escapes as in redis-cli
///     OK                          what comes back
///     > GET greeting
///     "hello"
///
/// What differs from time to time stands in pointed brackets: "<milliseconds>-0".
///
/// It starts on empty databases with a connection of its own, gives the same replies every time,
/// and leaves the configuration as it found it. One transcript holds for both protocols: what
/// RESP3 adds is shown as RESP2 has it, see `Transcript`.
@Suite struct ExampleTranscriptTests {
  /// The commands that have an example.
  private static let specs =
    (CommandCatalog.commands + CoachModule().commands + CachingModule().commands
    + ReadThroughModule().commands)
    .map { $0.spec }
    .filter { !$0.example.isEmpty }

  private static let groups = CommandGroup.allCases
    .filter { group in specs.contains { $0.group == group } }

  @Test(arguments: groups, ["2", "3"])
  func examplesAreTrue(group: CommandGroup, version: String) throws {
    let specs = Self.specs.filter { $0.group == group }
    let server = try TestServer()
    for spec in specs {
      try server.connect().send("FLUSHALL")
      let client = try server.connect()
      if version == "3" {
        let hello = try client.send("HELLO", version)
        try #require(!hello.isError(), "\(hello)")
      }
      for step in Transcript.steps(of: spec.example) {
        try run(step, of: spec.name, on: client)
      }
    }
  }

  /// Sends a line and compares what comes back. A command that answers more than once
  /// (SUBSCRIBE) shows its replies one below the other.
  private func run(_ step: Transcript.Step, of name: String, on client: TestClient) throws {
    let words = Array(step.typed.utf8).withByteView { ArgumentSplitter.split($0) }
    let arguments = try #require(words, "\(name): unbalanced quotes in \(step.typed)")
    try client.write(TestClient.encode(arguments))
    var lines: [String] = []
    repeat {
      lines += Transcript.lines(try client.read())
    } while lines.count < step.replies.count
    let isAsShown =
      lines.count == step.replies.count
      && zip(lines, step.replies).allSatisfy { Self.matches($0, $1) }
    #expect(isAsShown, "\(name): > \(step.typed)\n\(lines)\n\(step.replies)")
  }

  /// Whether a line is as it is shown; something stands where the brackets do.
  private static func matches(_ line: String, _ shown: String) -> Bool {
    guard let open = shown.firstIndex(of: "<"), let close = shown[open...].firstIndex(of: ">"),
      shown[shown.index(after: open)..<close].allSatisfy({ $0.isLetter })
    else { return line == shown }
    guard line.hasPrefix(shown[..<open]) else { return false }
    let rest = String(shown[shown.index(after: close)...])
    var left = line.dropFirst(shown[..<open].count)
    while !left.isEmpty {
      left.removeFirst()
      if matches(String(left), rest) { return true }
    }
    return false
  }

  @Test func bracketsStandForSomething() {
    #expect(Self.matches("\"17-0\"", "\"<milliseconds>-0\""))
    #expect(Self.matches("\"17-3\"", "\"<milliseconds>-<sequence>\""))
    #expect(!Self.matches("\"-0\"", "\"<milliseconds>-0\""))
    #expect(!Self.matches("\"17-1\"", "\"<milliseconds>-0\""))
    #expect(Self.matches("a < b > c", "a < b > c"))
  }

  @Test func everyExampleCanBeRead() {
    for spec in Self.specs {
      #expect(spec.example.hasPrefix("> "), "\(spec.name)")
      for step in Transcript.steps(of: spec.example) {
        #expect(!step.replies.isEmpty, "\(spec.name): no reply to \(step.typed)")
      }
    }
  }

  @Test func repliesLookAsInRedisCLI() {
    let nested = Reply.array([.text("a\n\"b\"\u{1}"), .array([.integer(1), .null]), .array([])])
    #expect(
      Transcript.lines(nested) == [
        #"1) "a\n\"b\"\x01""#, "2) 1) (integer) 1", "   2) (nil)", "3) (empty array)",
      ])
    let ten = Reply.array((0..<10).map { .integer($0) })
    #expect(Transcript.lines(ten).first == " 1) (integer) 0")
    #expect(Transcript.lines(ten).last == "10) (integer) 9")
    #expect(Transcript.lines(.error("ERR no")) == ["(error) ERR no"])
    #expect(Transcript.lines(.map([.text("a"), .double("1.5")])) == [#"1) "a""#, #"2) "1.5""#])
  }
}

/// redis-cli's notation. Maps, sets and pushes are shown as flat arrays, doubles, big numbers and
/// verbatim text as bulk strings, Booleans as integers: as a RESP2 client gets them.
enum Transcript {
  struct Step {
    let typed: String
    let replies: [String]
  }

  /// The lines typed in an example, each with the lines of its reply.
  static func steps(of example: String) -> [Step] {
    var steps: [Step] = []
    for line in example.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("> ") {
        steps.append(Step(typed: String(line.dropFirst(2)), replies: []))
      } else if let last = steps.popLast() {
        steps.append(Step(typed: last.typed, replies: last.replies + [String(line)]))
      }
    }
    return steps
  }

  /// A reply's lines.
  static func lines(_ reply: Reply) -> [String] {
    switch reply {
    case .simple(let text): [text]
    case .error(let text): ["(error) \(text)"]
    case .integer(let number): ["(integer) \(number)"]
    case .boolean(let flag): ["(integer) \(flag ? 1 : 0)"]
    case .null: ["(nil)"]
    case .bulk(let bytes): [quoted(bytes)]
    case .double(let text), .bigNumber(let text), .verbatim(let text): [quoted(Array(text.utf8))]
    case .array(let all), .map(let all), .set(let all), .push(let all): list(all)
    }
  }

  private static func list(_ elements: [Reply]) -> [String] {
    guard !elements.isEmpty else { return ["(empty array)"] }
    let width = "\(elements.count)".count
    var result: [String] = []
    for (index, element) in elements.enumerated() {
      let number = "\(index + 1)"
      let label = String(repeating: " ", count: width - number.count) + number + ") "
      let indent = String(repeating: " ", count: width + 2)
      for (place, line) in lines(element).enumerated() {
        result.append((place == 0 ? label : indent) + line)
      }
    }
    return result
  }

  private static func quoted(_ bytes: [UInt8]) -> String {
    var text = "\""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
      case 0x0A: text += "\\n"
      case 0x0D: text += "\\r"
      case 0x09: text += "\\t"
      case 0x07: text += "\\a"
      case 0x08: text += "\\b"
      case 0x20..<0x7F: text += String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16)
        text += "\\x" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return text + "\""
  }
}
