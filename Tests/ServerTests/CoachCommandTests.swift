import Coach
import Foundation
import RESPServer
import Testing

/// The coach's commands over a socket. There is one coach in a process, so one test at a time.
@Suite(.serialized) struct CoachCommandTests {
  private let folder = "/tmp/wingcache-coach-\(getpid())-\(UInt32.random(in: 0 ... .max))"

  private var corrections: String { "coach-corrections-file \(folder)/corrections.log" }

  private func withFolder(_ body: () throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body()
  }

  /// All texts of a reply, one after the other.
  private func texts(_ reply: Reply) -> String {
    switch reply {
    case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
    case .array(let parts), .map(let parts): parts.map(texts).joined(separator: " ")
    default: "\(reply)"
    }
  }

  @Test func classifies() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        let plain = try client.send("COACH.CLASSIFY", "how do I ask her out?")
        guard case .array(let fields) = plain else {
          Issue.record("\(plain)")
          return
        }
        #expect(fields.count == 4)
        #expect(fields[1] == .text("coaching_request"))
        let answer = try client.send(
          "COACH.CLASSIFY", "yes", "after", "Do you want to practise that with me?", "explain")
        #expect(texts(answer).contains("answers a question"))
        #expect(try client.send("COACH.CLASSIFY", "yes", "AFTER").isError("ERR syntax"))
        #expect(try client.send("COACH.CLASSIFY", "a", "b").isError("ERR syntax"))
        #expect(try client.send("COACH.CLASSIFY").isError("ERR wrong number"))
        #expect(try texts(client.send("COACH", "HELP")).contains("COACH.LEARN"))
        let listed = try texts(client.send("ACL", "CAT", "coach")).split(separator: " ")
        for command in CoachModule().commands {
          #expect(listed.contains(Substring(command.spec.name.lowercased())))
        }
        _ = try client.send("HELLO", "3")
        guard case .map = try client.send("COACH.CLASSIFY", "hello", "EXPLAIN") else {
          Issue.record("no map under RESP3")
          return
        }
      }
    }
  }

  @Test func learntSurvivesRestart() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        #expect(try client.send("COACH.LEARN", "assessment", "Zork me 123") == .integer(1))
        #expect(try client.send("COACH.LEARN", "GREETING", "frobnicate") == .integer(2))
        #expect(try client.send("COACH.LEARN", "nonsense", "x").isError("ERR no such label"))
        #expect(try client.send("COACH.LEARN", "greeting", " !").isError("ERR nothing to learn"))
        #expect(try client.send("COACH.LEARN", "UNDO", "9").isError("ERR there is no such"))
        #expect(try client.send("COACH.LEARN", "UNDO", "2") == .integer(2))
        _ = try client.send("MULTI")
        _ = try client.send("COACH.LEARN", "small_talk", "blubb")
        #expect(try client.send("EXEC") == .array([.integer(3)]))
      }
      // The machine stopped in the middle of a line.
      let path = folder + "/corrections.log"
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.seekToEnd()
      try file.write(contentsOf: Data("learn 4 greeti".utf8))
      try file.close()
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        #expect(
          try client.send("COACH.LEARN", "LIST")
            == .array([
              .array([.integer(1), .text("assessment"), .text("zork me 0")]),
              .array([.integer(3), .text("small_talk"), .text("blubb")]),
            ]))
        let cut = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(String(decoding: cut, as: UTF8.self) == String(decoding: whole, as: UTF8.self))
        let answer = try client.send("COACH.CLASSIFY", "zork me 456")
        #expect(texts(answer).contains("assessment"))
        #expect(try client.send("COACH.LEARN", "greeting", "next") == .integer(4))
      }
    }
  }

  @Test func rulesAreReloaded() throws {
    try withFolder {
      let path = folder + "/rules.txt"
      try "mine assessment decide whole : wibble".write(
        toFile: path, atomically: true, encoding: .utf8)
      try ModuleServer.run(
        [CoachModule()], configuration: corrections + "\ncoach-rules-file \(path)"
      ) { connect in
        let client = try connect()
        #expect(try texts(client.send("COACH.CLASSIFY", "wibble")).contains("assessment"))
        try "bad".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try client.send("COACH.RULES", "RELOAD").isError("ERR \(path), line 1: "))
        #expect(try texts(client.send("COACH.CLASSIFY", "wibble")).contains("assessment"))
        try "mine greeting decide whole : wibble\nb small_talk +1 start : x".write(
          toFile: path, atomically: true, encoding: .utf8)
        #expect(try client.send("COACH.RULES", "RELOAD") == .integer(2))
        #expect(try texts(client.send("COACH.CLASSIFY", "wibble")).contains("greeting"))
        #expect(try texts(client.send("COACH.RULES", "LIST")).contains("wibble"))
      }
    }
  }
}
