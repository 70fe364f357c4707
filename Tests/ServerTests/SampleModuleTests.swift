import Bytes
import CacheCore
import Foundation
import RESP
import RESPServer
import Synchronization
import Testing

/// A module as anybody may write one, by public API only: a command on a key, one that waits for a
/// thread of the module's, a setting, a section of INFO.
private final class GreetingModule: ServerModule {
  let name = "greeting"
  let commands: [any Command.Type] = [
    GreetCommand.self, GreetLaterCommand.self, GreetBothCommand.self,
  ]
  let parameters: [ConfigurationParameter] = [
    .module(
      "greeting-word", .text, default: .text("hello"), "what GREET puts in front of a name")
  ]
  private let running = Atomic<Bool>(false)

  var isRunning: Bool { running.load(ordering: .relaxed) }

  func start(_ host: ModuleHost) throws { running.store(true, ordering: .relaxed) }

  func stop() { running.store(false, ordering: .relaxed) }

  func infoSections() -> [InfoSection] {
    [InfoSection("greeting", [("greeting_running", isRunning ? "1" : "0")])]
  }
}

/// GREET key name: stores and answers a greeting.
private enum GreetCommand: Command {
  static let spec = CommandSpec(
    "GREET", since: "1.0.0", group: .module, arity: 3, flags: [.write, .denyOOM],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Stores a greeting for a name.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard !context[2].isEmpty else { throw .fixed("GREET a name has at least one letter") }
    let word = context.setting("greeting-word")?.text ?? ""
    let greeting = Array(word.utf8) + [0x20] + context[2].array
    var failure: CommandError?
    greeting.withUnsafeBytes { bytes in
      do throws(CommandError) {
        try context.store(
          ByteView(bytes), at: context.key, expiry: .clear, isNew: false, event: "greet")
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    context.reply.bulk(greeting)
  }
}

/// GREET.BOTH id word: stores a word in two keys that are named after the ID, and tells the names.
private enum GreetBothCommand: Command {
  static let spec = CommandSpec(
    "GREET.BOTH", since: "1.0.0", group: .module, arity: 3, flags: [.write, .denyOOM],
    ownCategories: ["greeting"],
    keys: [
      .made(from: 1, KeyTemplate("greet:{", "}"), [.overwrite, .insert]),
      .made(from: 1, KeyTemplate("greet:{", "}:copy"), [.overwrite, .insert]),
    ],
    summary: "Stores a word twice.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw .fixed("GREET no such ID") }
    for index in 0..<2 {
      try context.store(
        context[2], at: context[key: index], expiry: .clear, isNew: false, event: "greet")
    }
    context.reply.array(2)
    for index in 0..<2 { context.reply.bulk(context[key: index].bytes) }
  }
}

/// GREET.LATER name: answers from a thread of the module's.
private enum GreetLaterCommand: Command {
  static let spec = CommandSpec(
    "GREET.LATER", since: "1.0.0", group: .module, arity: 2, flags: [.blocking],
    summary: "Greets when it gets to it.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.isInTransaction { throw .fixed("GREET not inside MULTI") }
    let name = context[1].string
    let waiting = context.block(timeoutMilliseconds: name == "nobody" ? 20 : 0)
    if name == "nobody" { return }
    Thread.detachNewThread { waiting.complete { $0.bulk("good morning, \(name)") } }
  }
}

@Suite struct SampleModuleTests {
  /// Runs a server with the module inside this process until `body` has ended.
  private func withServer(_ body: (TestClient) throws -> Void) throws {
    let module = GreetingModule()
    try ModuleServer.run([module], configuration: "greeting-word salut") { connect in
      try body(try connect())
      #expect(module.isRunning)
    }
    #expect(!module.isRunning)
  }

  @Test func categoryOfItsOwn() throws {
    try withServer { client in
      #expect(try client.send("ACL", "CAT", "greeting") == .texts("greet.both"))
      try client.send("ACL", "SETUSER", "u", "on", "nopass", "~*", "+@all", "-@greeting")
      #expect(
        try client.send("COMMAND", "LIST", "FILTERBY", "ACLCAT", "greeting")
          == .texts("greet.both"))
      try client.send("AUTH", "u", "x")
      #expect(try client.send("GREET.BOTH", "7", "hi").isError("NOPERM"))
      #expect(try client.send("GET", "greet:{7}") == .null)
    }
  }

  @Test func moduleLivesInTheServer() throws {
    try withServer { client in
      #expect(try client.send("GREET", "k", "Ada") == .text("salut Ada"))
      #expect(try client.send("GET", "k") == .text("salut Ada"))
      #expect(try client.send("GREET", "k", "").isError("GREET a name"))
      #expect(try client.send("GREET", "k").isError("ERR wrong number of arguments for 'greet'"))
      #expect(try client.send("CONFIG", "SET", "greeting-word", "ciao") == .ok)
      #expect(try client.send("GREET", "k", "Ada") == .text("ciao Ada"))
      #expect(try client.send("INFO", "greeting").string?.contains("greeting_running:1") == true)
      #expect(
        try client.send("COMMAND", "GETKEYS", "GREET", "k", "Ada") == .texts("k"))
      #expect(try client.send("GREET.LATER", "Ada") == .text("good morning, Ada"))
      #expect(try client.send("GREET.LATER", "nobody") == .null)
      // What is sent while the client waits is executed afterwards, in order.
      let replies = try client.pipeline([["GREET.LATER", "Bo"], ["PING"], ["GET", "k"]])
      #expect(replies == [.text("good morning, Bo"), .simple("PONG"), .text("ciao Ada")])
    }
  }
  @Test func keysAreNamedAfterArguments() throws {
    try withServer { client in
      let names = Reply.texts("greet:{7}", "greet:{7}:copy")
      #expect(try client.send("GREET.BOTH", "7", "hi") == names)
      #expect(try client.send("MGET", "greet:{7}", "greet:{7}:copy") == .texts("hi", "hi"))
      #expect(try client.send("COMMAND", "GETKEYS", "GREET.BOTH", "7", "hi") == names)
      for id in ["", "a{b", "7}x", String(repeating: "x", count: 513)] {
        #expect(try client.send("GREET.BOTH", id, "hi").isError("GREET no such ID"))
      }
      let long = String(repeating: "x", count: 512)
      #expect(try client.send("GREET.BOTH", long, "hi").string == nil)
      // Two in one transaction lock all four.
      _ = try client.send("MULTI")
      _ = try client.send("GREET.BOTH", "8", "one")
      _ = try client.send("GREET.BOTH", "9", "two")
      _ = try client.send("EXEC")
      #expect(try client.send("MGET", "greet:{8}:copy", "greet:{9}") == .texts("one", "two"))
      // Rights hold for the names that are made.
      #expect(
        try client.send("ACL", "SETUSER", "bo", "on", "nopass", "+@greeting", "~greet:{7}*") == .ok)
      #expect(
        try client.send("ACL", "DRYRUN", "bo", "GREET.BOTH", "7", "hi") == .ok)
      #expect(
        try client.send("ACL", "DRYRUN", "bo", "GREET.BOTH", "8", "hi").string?
          .contains("no permissions to access the '8' key") == true)
      #expect(try client.send("ACL", "CAT", "greeting") == .texts("greet.both"))
    }
  }
}
