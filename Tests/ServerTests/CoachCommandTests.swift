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
        #expect(try client.send("COACH.LEARN", "nonsense", "x").isError("ERR unknown label"))
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

  @Test func countsTokens() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        #expect(
          try client.send("COACH.TOKENS", "")
            == .array([
              .text("tokens"), .integer(6), .text("method"), .text("estimate"), .text("family"),
              .text("v5"),
            ]))
        let bare = try client.send("COACH.TOKENS", "hello there", "BARE", "FAMILY", "v4.7")
        #expect(texts(bare).contains("v4.7"))
        #expect(try client.send("COACH.TOKENS", "a", "FAMILY", "v9").isError("ERR unknown token"))
        #expect(try client.send("COACH.TOKENS", "a", "FAMILY").isError("ERR syntax"))
        #expect(try client.send("COACH.TOKENS", "a", "b").isError("ERR syntax"))
        #expect(try client.send("COACH.TOKENS").isError("ERR wrong number"))
        let name = "coach-vocabulary-file"
        #expect(try client.send("CONFIG", "SET", name, "/nowhere/pieces").isError("ERR CONFIG"))
        #expect(try client.send("CONFIG", "SET", name, "") == .ok)
        #expect(try texts(client.send("COACH", "HELP")).contains("COACH.TOKENS"))
      }
    }
  }

  @Test func countsExactlyWithAVocabulary() throws {
    try withFolder {
      let pieces = "@format 1\n@message_overhead 11\n@v5.message_overhead 6\n@pieces 1\n\\<cat\\>\n"
      try pieces.write(toFile: folder + "/pieces.txt", atomically: true, encoding: .utf8)
      try "@classes 1\n61 7A W\n@case 1\n41 5A 1 32 U\n".write(
        toFile: folder + "/codepoints.txt", atomically: true, encoding: .utf8)
      let settings = corrections + "\ncoach-vocabulary-file \(folder)/pieces.txt"
      try ModuleServer.run([CoachModule()], configuration: settings) { connect in
        let client = try connect()
        #expect(try texts(client.send("COACH.TOKENS", "cat")).contains("integer(7)"))
        #expect(try texts(client.send("COACH.TOKENS", "cat", "BARE")).contains("exact"))
        try "@pieces 2\na\n".write(
          toFile: folder + "/bad-pieces.txt", atomically: true, encoding: .utf8)
        let refused = try client.send(
          "CONFIG", "SET", "coach-vocabulary-file", folder + "/bad-pieces.txt")
        #expect(refused.isError("ERR CONFIG SET failed"))
        #expect(try texts(client.send("COACH.TOKENS", "cat")).contains("exact"))
      }
    }
  }

  @Test func redacts() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        let answer = try client.send("COACH.REDACT", "Mail a@b.example, or again A@b.example!")
        #expect(texts(answer).hasPrefix("text Mail [EMAIL_1], or again [EMAIL_1]! found"))
        #expect(!texts(answer).contains("b.example"))
        let nothing = try client.send("COACH.REDACT", "nothing here")
        #expect(
          nothing == .array([.text("text"), .text("nothing here"), .text("found"), .array([])]))
        #expect(try client.send("COACH.REDACT").isError("ERR wrong number"))
        _ = try client.send("HELLO", "3")
        guard case .map = try client.send("COACH.REDACT", "") else {
          Issue.record("no map under RESP3")
          return
        }
      }
    }
  }

  /// Waits until so many crises are told of: entries are written behind the reply.
  private func expectNotes(_ count: Int64, _ client: TestClient) throws {
    for _ in 0..<2000 where try client.send("XLEN", "wingman:safety") != .integer(count) {
      usleep(1000)
    }
    #expect(try client.send("XLEN", "wingman:safety") == .integer(count))
  }

  @Test func crisesAreToldOf() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        let text = "My mail is a@b.example. I want to kill myself"
        #expect(try texts(client.send("COACH.SAFETY", text)).contains("crisis integer(1)"))
        #expect(try client.send("XLEN", "wingman:safety") == .integer(0))
        _ = try client.send("COACH.SAFETY", text, "CONV", "c1")
        _ = try client.send("COACH.SAFETY", "this exam is killing me", "CONV", "c1")
        try expectNotes(1, client)
        let first = try texts(client.send("XRANGE", "wingman:safety", "-", "+"))
        #expect(first.contains("conversation c1 category self-harm level crisis source safety"))
        #expect(!first.contains("excerpt"))
        _ = try client.send("CONFIG", "SET", "coach-safety-excerpt", "yes")
        let reply = try client.send("COACH.APPEND", "wingman:conv:{c2}", "user", text)
        #expect(texts(reply).hasSuffix("safety crisis"))
        _ = try client.send("COACH.ROUTE", "c3", "he hits me and I am scared")
        try expectNotes(3, client)
        let all = try texts(client.send("XRANGE", "wingman:safety", "-", "+"))
        #expect(all.contains("conversation c2 ") && all.contains("source append"))
        #expect(all.contains("[EMAIL_1]") && all.contains("kill myself"))
        #expect(all.contains("category coercion") && all.contains("source route"))
        #expect(!all.contains("b.example"))
        #expect(try client.send("XLEN", "wingman:safety") == .integer(3))
        _ = try client.send("SET", "wingman:other", "x")
        _ = try client.send("CONFIG", "SET", "coach-safety-stream", "wingman:other")
        _ = try client.send("COACH.SAFETY", text, "CONV", "c1")
        // The entry is tried after the reply.
        var info = ""
        for _ in 0..<500 where !info.contains("coach_crises_unwritten:1") {
          info = try texts(client.send("INFO", "coach"))
        }
        #expect(info.contains("coach_crises_unwritten:1"))
        #expect(try client.send("GET", "wingman:other") == .text("x"))
        #expect(try client.send("COACH.SAFETY", "a", "CONV").isError("ERR syntax"))
        #expect(try client.send("COACH.SAFETY", "a", "CONV", "{").isError("ERR invalid conv"))
        _ = try client.send("HELLO", "3")
        guard case .map = try client.send("COACH.SAFETY", "a") else {
          Issue.record("no map under RESP3")
          return
        }
      }
    }
  }

  @Test func longTextsAreLookedAtOffTheLoop() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        let filler = String(repeating: "we had a good time and talked a lot ", count: 4000)
        let text = filler + "mail a@b.example, I want to kill myself"
        #expect(
          try texts(client.send("COACH.SAFETY", text, "CONV", "long")).contains("crisis integer(1)")
        )
        #expect(try client.send("XLEN", "wingman:safety") == .integer(1))
        #expect(try texts(client.send("COACH.REDACT", text)).contains("[EMAIL_1]"))
        #expect(try texts(client.send("COACH.TOKENS", text)).contains("estimate"))
        _ = try client.send("MULTI")
        _ = try client.send("COACH.SAFETY", text)
        #expect(try texts(client.send("EXEC")).contains("crisis integer(1)"))
      }
    }
  }

  @Test func allNamesAreRedactedWhereItIsAskedFor() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        let text = "Peter told Maria"
        func redacted(_ arguments: String...) throws -> Bool {
          try texts(client.send(["COACH.REDACT", text] + arguments)).contains("[NAME_1] told")
        }
        #expect(try !redacted())
        #expect(try redacted("NAMES", "all"))
        #expect(try client.send("COACH.REDACT", text, "NAMES").isError("ERR syntax"))
        #expect(try client.send("COACH.REDACT", text, "NAMES", "some").isError("ERR syntax"))
        let filler = String(repeating: "we had a good time and talked a lot ", count: 400)
        #expect(
          try texts(client.send("COACH.REDACT", filler + text, "NAMES", "ALL")).contains("[NAME_2]")
        )
        // On the loop it would hold others up.
        _ = try client.send("MULTI")
        _ = try client.send("COACH.REDACT", filler + text, "NAMES", "ALL")
        #expect(try texts(client.send("EXEC")).contains("takes too long inside MULTI"))
        _ = try client.send("COACH.APPEND", "before", "user", text)
        #expect(try client.send("CONFIG", "SET", "coach-redact-names", "all") == .simple("OK"))
        #expect(try redacted())
        #expect(try !redacted("NAMES", "introduced"))
        _ = try client.send("COACH.APPEND", "after", "user", text)
        _ = try client.send("COACH.APPEND", "many", "MESSAGES", "user", text, "assistant", text)
        _ = try client.send("COACH.PIN", "many", text)
        let long = filler + text
        _ = try client.send("COACH.APPEND", "long", "user", long)
        for conversation in ["many", "long"] {
          let name = "wingman:conv:{\(conversation)}"
          #expect(try !texts(client.send("XRANGE", name, "-", "+")).contains("Peter"))
        }
        _ = try client.send("CONFIG", "SET", "coach-redact-names", "introduced")
        let before = try texts(client.send("XRANGE", "wingman:conv:{before}", "-", "+"))
        let after = try texts(client.send("XRANGE", "wingman:conv:{after}", "-", "+"))
        #expect(before.contains("Peter told Maria") && after.contains("[NAME_1] told [NAME_2]"))
      }
    }
  }

  @Test func whatIsKeptIsRedacted() throws {
    try withFolder {
      try ModuleServer.run([CoachModule()], configuration: corrections) { connect in
        let client = try connect()
        _ = try client.send("COACH.LEARN", "greeting", "zork a@b.example")
        #expect(try !texts(client.send("COACH.LEARN", "LIST")).contains("b example"))
        _ = try client.send("CONFIG", "SET", "coach-redact-corrections", "no")
        _ = try client.send("COACH.LEARN", "greeting", "blub c@d.example")
        #expect(try texts(client.send("COACH.LEARN", "LIST")).contains("example"))
        _ = try client.send("CONFIG", "SET", "coach-redact-except", "other wingman:conv:{raw-*")
        _ = try client.send("COACH.APPEND", "raw-1", "user", "mail a@b.example")
        _ = try client.send("COACH.APPEND", "plain", "user", "mail a@b.example")
        let raw = try texts(client.send("XRANGE", "wingman:conv:{raw-1}", "-", "+"))
        let plain = try texts(client.send("XRANGE", "wingman:conv:{plain}", "-", "+"))
        #expect(raw.contains("a@b.example") && plain.contains("[EMAIL_1]"))
      }
    }
  }
}
