import Foundation
import SeededRandom
import Synchronization
import Testing

/// Everything at once, on few keys, from more clients than there are threads, on more threads than
/// there are cores: what sanitizers are to watch (`scripts/sanitize`), and what must leave nothing
/// behind.
///
/// Two seconds each in the ordinary tests; WINGCACHE_LOAD_SECONDS is for longer runs.
@Suite struct MixedLoadTests {
  private static let clientCount = 24

  @Test func everythingAtOnce() throws {
    let server = try TestServer("--threads", "8", "--busy-reply-threshold", "5")
    let end = Date().addingTimeInterval(Threads.loadSeconds)
    var random = SeededGenerator(test: "everythingAtOnce")
    let seeds = (0..<Self.clientCount).map { _ in random.next() }
    let commands = Mutex(0)
    let errors = Threads.run(Self.clientCount) { index in
      var load = MixedLoad(server: server, seed: seeds[index], version: index % 3 == 0 ? 2 : 3)
      while Date() < end { try load.step() }
      commands.withLock { $0 += load.commandCount }
    }
    #expect(errors == [])
    print("everythingAtOnce: \(commands.withLock { $0 }) commands")
    try expectNothingLeft(server)
  }

  /// Once all clients have gone and the keys with them, nothing of either is kept.
  private func expectNothingLeft(_ server: TestServer) throws {
    let client = try server.connect()
    try client.send("CONFIG", "SET", "maxmemory", "0")
    try client.send("FLUSHALL")
    var figures: [String: String] = [:]
    let wanted = [
      "connected_clients": "1", "blocked_clients": "0", "tracking_clients": "0",
      "tracking_total_keys": "0", "tracking_total_items": "0", "tracking_total_prefixes": "0",
      "pubsub_channels": "0", "pubsub_patterns": "0", "pubsubshard_channels": "0",
    ]
    // Connections go when their loops get to them.
    for _ in 0..<200 {
      figures = try InfoFigures.read(client).filter { wanted[$0.key] != nil }
      if figures == wanted { break }
      usleep(20_000)
    }
    #expect(figures == wanted)
    #expect(try client.send("DBSIZE") == .integer(0))
    #expect(try client.send("SET", "s", "1") == .ok)
  }

  /// A client that caches what it reads never answers from its cache with what was overwritten
  /// before it asked whether there is news.
  @Test func cachesAreNeverBehind() throws {
    let server = try TestServer("--threads", "8")
    let end = Date().addingTimeInterval(Threads.loadSeconds)
    var random = SeededGenerator(test: "cachesAreNeverBehind")
    let seeds = (0..<12).map { _ in random.next() }
    let board = CounterBoard()
    let hits = Mutex(0)
    let errors = Threads.run(seeds.count) { index in
      let client = try server.connect()
      var random = SeededGenerator(seed: seeds[index])
      if index < CounterBoard.count {
        while Date() < end { try board.increment(index, by: client, &random) }
      } else {
        var reader = try CachingReader(client, mode: index - CounterBoard.count)
        while Date() < end { try reader.step(board, &random) }
        hits.withLock { $0 += reader.hits }
      }
    }
    #expect(errors == [])
    #expect(hits.withLock { $0 } > 0)
  }
}

/// INFO as a dictionary.
private enum InfoFigures {
  static func read(_ client: TestClient) throws -> [String: String] {
    let text = try client.send("INFO", "everything").string ?? ""
    var figures: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { figures[String(parts[0])] = String(parts[1]) }
    }
    return figures
  }
}

/// A client that sends anything, and connects again when that ends its connection.
private struct MixedLoad {
  let server: TestServer
  let version: Int
  var mix: CommandMix
  var client: TestClient?
  var commandCount = 0

  init(server: TestServer, seed: UInt64, version: Int) {
    self.server = server
    self.version = version
    mix = CommandMix(seed: seed)
  }

  /// Sends some commands at once and reads until the last one's reply.
  mutating func step() throws {
    // Only the server's end is an error; connecting again tells.
    guard let client else {
      let new = try server.connect()
      client = new
      if version == 3 { try heedingOthers(["HELLO"]) { _ = try new.send("HELLO", "3") } }
      return
    }
    let mark = "mark:\(commandCount)"
    var commands: [[String]] = []
    for _ in 0..<Int.random(in: 1...6, using: &mix.random) { commands += mix.next() }
    commandCount += commands.count
    commands.append(["DISCARD"])
    let chance = Int.random(in: 0..<8, using: &mix.random)
    if chance < 4 { commands.append(["AUTH", "default", "x"]) }
    // Subscribers under RESP2 get no other replies.
    if chance == 0 || version == 2 { commands.append(["RESET"]) }
    if version == 3 { commands.append(["HELLO", "3"]) }
    // No such command: said under any rights, beside a slow script, within a transaction.
    commands.append([mark])
    try heedingOthers(commands) {
      try client.write(
        commands.flatMap { words in TestClient.encode(words.map { Array($0.utf8) }) })
      while try !client.read().isError("ERR unknown command '\(mark)'") {}
    }
  }

  /// Runs `body`, during which another client may end this one's connection.
  private mutating func heedingOthers(_ commands: some Sequence, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let failure as TestClient.Failure {
      let endings = ["the connection was closed", "cannot send", "errno \(ECONNRESET)"]
      guard endings.contains(where: failure.description.contains) else {
        throw TestClient.Failure(description: "\(failure) after \(commands)")
      }
      client = nil
    }
  }
}

/// Counters that one client each increments, and what all may know of them.
private final class CounterBoard: Sendable {
  static let count = 4
  /// The last value that the writer was told.
  private let acknowledged = Mutex([Int](repeating: 0, count: CounterBoard.count))

  var values: [Int] { acknowledged.withLock { $0 } }

  func increment(_ index: Int, by client: TestClient, _ random: inout SeededGenerator) throws {
    let name = "c\(index)"
    let replies: [Reply]
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      replies = try client.pipeline([
        ["EVAL", "return redis.call('INCR', KEYS[1])", "1", name]
      ])
    case 1:
      replies = try client.pipeline([["MULTI"], ["INCR", name], ["EXEC"], ["GET", name]])
    case 2:
      // Names alone count, so this empties all caches.
      replies = try client.pipeline([
        ["SELECT", "1"], ["FLUSHDB"], ["SELECT", "0"], ["INCR", name],
      ])
    default: replies = try client.pipeline([["INCR", name]])
    }
    guard let value = replies.last.flatMap({ $0.number ?? $0.string.flatMap { Int64($0) } }) else {
      throw TestClient.Failure(description: "no number: \(replies)")
    }
    acknowledged.withLock { $0[index] = Int(value) }
  }
}

/// A client that caches, in one of the ways to do it.
private struct CachingReader {
  let client: TestClient
  let mode: Int
  private var cache: [String: Int] = [:]
  private(set) var hits = 0
  private var round = 0

  init(_ client: TestClient, mode: Int) throws {
    self.client = client
    self.mode = mode % 4
    _ = try client.send("HELLO", "3")
    let options = [[], ["BCAST", "PREFIX", "c"], ["OPTIN"], ["NOLOOP"]][self.mode]
    let reply = try client.send(["CLIENT", "TRACKING", "ON"] + options)
    guard reply == .ok else { throw TestClient.Failure(description: "\(reply)") }
  }

  mutating func step(_ board: CounterBoard, _ random: inout SeededGenerator) throws {
    let known = board.values
    round += 1
    try client.write("ECHO \(round)\r\n")
    _ = try answer()
    for (index, least) in known.enumerated() {
      guard let value = cache["c\(index)"] else { continue }
      hits += 1
      guard value >= least else {
        throw TestClient.Failure(
          description: "mode \(mode): c\(index) is cached as \(value), and was \(least) before")
      }
    }
    let name = "c\(Int.random(in: 0..<CounterBoard.count, using: &random))"
    if cache[name] == nil {
      try client.write(mode == 2 ? "CLIENT CACHING YES\r\nGET \(name)\r\n" : "GET \(name)\r\n")
      if mode == 2 { _ = try answer() }
      if let value = try answer().string.flatMap({ Int($0) }) { cache[name] = value }
    }
  }

  /// The next reply; what pushes say before it is heeded.
  private mutating func answer() throws -> Reply {
    while true {
      let reply = try client.read()
      guard case .push(let parts) = reply else { return reply }
      guard parts.first == .text("invalidate"), parts.count == 2 else { continue }
      guard case .array(let names) = parts[1] else {
        cache = [:]
        continue
      }
      for name in names { cache[name.string ?? ""] = nil }
    }
  }
}
