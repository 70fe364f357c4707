import Bytes
import CacheCore
import Foundation
import RESP
import RESPServer
import Synchronization
import Testing

/// Queues of bytes, kept as strings: as little of a blocking data type as shows all of it.
private final class QueueModule: ServerModule {
  let name = "queue"
  let commands: [any Command.Type] = [QPutCommand.self, QTakeCommand.self, QMoveCommand.self]
}

extension CommandContext {
  /// Takes the first byte of the queue at `key`.
  fileprivate func takeFirst(_ key: HashedKey) throws(CommandError) -> UInt8? {
    guard let bytes = try stringForWriting(key)?.array, let first = bytes.first else { return nil }
    if bytes.count == 1 {
      _ = keyspace.remove(key, in: database, now: now)
      changed(key, "del", .generic)
    } else {
      try put(Array(bytes.dropFirst()), at: key)
    }
    return first
  }

  fileprivate func put(_ bytes: [UInt8], at key: HashedKey) throws(CommandError) {
    var failure: CommandError?
    bytes.withUnsafeBytes {
      do throws(CommandError) {
        try store(ByteView($0), at: key, expiry: .clear, isNew: false, event: "put")
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}

/// Q.PUT key bytes: puts bytes at the end.
private enum QPutCommand: Command {
  static let spec = CommandSpec(
    "Q.PUT", since: "1.0.0", group: .string, arity: 3, flags: [.write],
    keys: [.range(from: 1, [.readWrite, .insert])], summary: "Puts.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let all = (try context.stringForWriting(context.key)?.array ?? []) + context[2].array
    try context.put(all, at: context.key)
    context.reply.integer(all.count)
  }
}

/// Q.TAKE key [key ...] timeout: takes the first byte there is.
private enum QTakeCommand: Command {
  static let spec = CommandSpec(
    "Q.TAKE", since: "1.0.0", group: .string, arity: -3, flags: [.write, .blocking],
    keys: [.range(from: 1, to: -2, [.readWrite, .delete])], summary: "Takes.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let timeout = try context.timeoutMilliseconds(at: context.count - 1)
    for index in 0..<context.keyCount {
      if let byte = try context.takeFirst(context[key: index]) {
        return context.reply.bulk([byte])
      }
    }
    context.waitForKeys(timeoutMilliseconds: timeout)
  }
}

/// Q.MOVE source target timeout: takes from one and puts at the other.
private enum QMoveCommand: Command {
  static let spec = CommandSpec(
    "Q.MOVE", since: "1.0.0", group: .string, arity: 4, flags: [.write, .blocking],
    keys: [.range(from: 1, to: 2, [.readWrite])], summary: "Moves.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let timeout = try context.timeoutMilliseconds(at: 3)
    guard let byte = try context.takeFirst(context.key) else {
      return context.waitForKeys(
        timeoutMilliseconds: timeout, keys: [context.key], onTimeout: { $0.null() })
    }
    let target = context[key: 1]
    try context.put((context.stringForWriting(target)?.array ?? []) + [byte], at: target)
    context.reply.bulk([byte])
  }
}

@Suite struct BlockingTests {
  private func run(
    threads: Int = 3, _ body: (_ connect: () throws -> TestClient) throws -> Void
  ) throws {
    try ModuleServer.run([QueueModule()], threads: threads, body)
  }

  /// Waits until so many clients are blocked. Bounded by the client's own time limit.
  private func waitUntilBlocked(_ count: Int, _ client: TestClient) throws {
    for _ in 0..<20_000 {
      let info = try client.send("INFO", "clients").string ?? ""
      if info.contains("blocked_clients:\(count)\r\n") { return }
    }
    Issue.record("never \(count) blocked clients")
  }

  private func start(_ client: TestClient, _ words: String...) throws {
    try client.write(TestClient.encode(words.map { Array($0.utf8) }))
  }

  @Test func servesWhoeverCameFirst() throws {
    try run { connect in
      let main = try connect()
      var waiting: [TestClient] = []
      for index in 0..<6 {
        let client = try connect()
        // More than one key, of which only one will come.
        try start(client, "Q.TAKE", "other\(index)", "q", "q", "0")
        waiting.append(client)
        try waitUntilBlocked(index + 1, main)
      }
      #expect(try main.send("Q.PUT", "q", "abc") == .integer(3))
      #expect(try waiting[0].read() == .text("a"))
      #expect(try waiting[1].read() == .text("b"))
      #expect(try waiting[2].read() == .text("c"))
      #expect(try main.send("EXISTS", "q") == .integer(0))
      try waitUntilBlocked(3, main)
      let replies = try main.pipeline([
        ["MULTI"], ["Q.PUT", "q", "d"], ["Q.PUT", "other5", "e"], ["EXISTS", "q"], ["EXEC"],
        ["EXISTS", "q"],
      ])
      // Only behind EXEC is anybody served.
      #expect(replies[4] == .array([.integer(1), .integer(1), .integer(1)]))
      #expect(replies[5] == .integer(0))
      #expect(try waiting[3].read() == .text("d"))
      #expect(try waiting[5].read() == .text("e"))
      #expect(try main.send("SET", "other", "f") == .ok)
      #expect(try main.send("RENAME", "other", "other4") == .ok)
      #expect(try waiting[4].read() == .text("f"))
      try waitUntilBlocked(0, main)
      // Whoever was served goes on with what it sent behind.
      #expect(try waiting[0].send("PING") == .simple("PONG"))
    }
  }

  @Test func waitEndsByTimeUnblockAndDisconnect() throws {
    try run { connect in
      let main = try connect()
      #expect(try main.send("Q.TAKE", "q", "0.01") == .null)
      #expect(try main.send("Q.MOVE", "q", "r", "0.001") == .null)
      #expect(try main.send("Q.TAKE", "q", "-1").isError("ERR timeout is negative"))
      #expect(try main.send("Q.TAKE", "q", "x").isError("ERR timeout is not a float or out"))
      #expect(try main.send("Q.TAKE", "q", "1e30").isError("ERR timeout is out of range"))
      #expect(
        try main.pipeline([["MULTI"], ["Q.TAKE", "q", "0"], ["EXEC"]]).last == .array([.null]))
      let first = try connect()
      let id = try #require(try first.send("CLIENT", "ID").number)
      for (kind, reply) in [
        ("TIMEOUT", Reply.null),
        ("ERROR", .error("UNBLOCKED client unblocked via CLIENT UNBLOCK")),
      ] {
        try start(first, "Q.TAKE", "q", "0")
        try waitUntilBlocked(1, main)
        #expect(try main.send("CLIENT", "UNBLOCK", "\(id)", kind) == .integer(1))
        #expect(try first.read() == reply)
        #expect(try main.send("CLIENT", "UNBLOCK", "\(id)", kind) == .integer(0))
      }
      do {
        let second = try connect()
        try start(second, "Q.TAKE", "q", "0")
        try waitUntilBlocked(1, main)
      }
      try waitUntilBlocked(0, main)
      // Nothing is lost to those who are gone.
      #expect(try main.send("Q.PUT", "q", "a") == .integer(1))
      #expect(try main.send("Q.TAKE", "q", "0") == .text("a"))
    }
  }

  @Test func movesAreLinked() throws {
    try run { connect in
      let main = try connect()
      let clients = try (0..<4).map { _ in try connect() }
      for (index, client) in clients.enumerated() {
        try start(client, "Q.MOVE", "q\(index)", "q\(index + 1)", "0")
        try waitUntilBlocked(index + 1, main)
      }
      #expect(try main.send("Q.PUT", "q0", "a") == .integer(1))
      for client in clients { #expect(try client.read() == .text("a")) }
      #expect(try main.send("GET", "q4") == .text("a"))
      // A type that the waiter does not want does not wake it.
      try start(clients[0], "Q.TAKE", "q", "0")
      try waitUntilBlocked(1, main)
      #expect(try main.send("SELECT", "1") == .ok)
      #expect(try main.send("Q.PUT", "q", "b") == .integer(1))
      #expect(try main.send("SWAPDB", "0", "1") == .ok)
      #expect(try clients[0].read() == .text("b"))
    }
  }

  /// Many takers and putters on all loops: every byte arrives once, and nobody waits in the end.
  @Test func nothingIsLostOrDoubled() throws {
    try run(threads: 8) { connect in
      let rounds = 300
      let takers = 6
      let taken = Mutex([Int](repeating: 0, count: 256))
      let main = try connect()
      var clients: [TestClient] = []
      for _ in 0..<(takers * 2) { clients.append(try connect()) }
      let shared = Mutex(clients)
      DispatchQueue.concurrentPerform(iterations: takers * 2) { number in
        nonisolated(unsafe) let client = shared.withLock { $0[number] }
        for round in 0..<rounds {
          if number < takers {
            _ = try? client.send("Q.PUT", "q\((round + number) % 5)", "\(round % 10)")
          } else {
            guard
              let reply = try? client.send("Q.TAKE", "q0", "q1", "q2", "q3", "q4", "20"),
              case .bulk(let bytes) = reply
            else { continue }
            taken.withLock { $0[Int(bytes[0])] += 1 }
          }
        }
      }
      let counts = taken.withLock { $0 }
      for digit in 0..<10 { #expect(counts[0x30 + digit] == takers * rounds / 10) }
      #expect(try main.send("DBSIZE") == .integer(0))
      try waitUntilBlocked(0, main)
    }
  }
}
