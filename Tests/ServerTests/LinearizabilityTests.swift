import Foundation
import SeededRandom
import Synchronization
import Testing

/// Many clients on few keys, on a server with more threads than cores: what they saw must fit some
/// order of what they did.
///
/// Two seconds each in the ordinary tests; WINGCACHE_LOAD_SECONDS=600 is for the night.
@Suite struct LinearizabilityTests {
  private static let clientCount = 8
  private static let operationsPerRound = 8

  private static func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

  private static func randomAction(_ random: inout SeededGenerator) -> Linearizability.Action {
    let value = String(Int.random(in: 0...99, using: &random))
    switch Int.random(in: 0..<14, using: &random) {
    case 0, 1, 2: return .get
    case 3, 4: return .set(value)
    case 5: return .setIfAbsent(value)
    case 6, 7: return .append(value)
    case 8, 9: return .increment
    case 10: return .delete
    case 11: return .getDelete
    case 12: return .expire
    default: return Bool.random(using: &random) ? .persist : .strlen
    }
  }

  @Test func operationsOnAKeyHaveAnOrder() throws {
    let server = try TestServer("--threads", "8")
    let end = Self.now() + UInt64(Threads.loadSeconds * 1e9)
    var random = SeededGenerator(test: "linearizability")
    let clients = try (0..<Self.clientCount).map { _ in Shared(try server.connect()) }
    var rounds = 0
    while Self.now() < end {
      let seeds = (0..<Self.clientCount).map { _ in random.next() }
      let round = rounds
      rounds += 1
      let histories = Mutex<[Int: [Linearizability.Operation]]>([:])
      let barrier = Threads.Barrier(Self.clientCount)
      let errors = Threads.run(Self.clientCount) { index in
        let mine = try Self.play(
          clients[index].value, round: round, seed: seeds[index], after: barrier)
        histories.withLock { $0.merge(mine) { $0 + $1 } }
      }
      #expect(errors == [])
      for (key, history) in histories.withLock({ $0 }) where !Linearizability.holds(history) {
        let text = history.sorted { $0.called < $1.called }.map {
          "\($0.called)-\($0.returned) \($0.action) \($0.reply)"
        }
        Issue.record("no order for key \(key):\n\(text.joined(separator: "\n"))")
        return
      }
    }
    print("operationsOnAKeyHaveAnOrder: \(rounds) rounds")
    #expect(rounds > 10)
  }

  /// One client's part of a round: random operations on three keys that are new in it.
  private static func play(
    _ client: TestClient, round: Int, seed: UInt64, after barrier: Threads.Barrier
  ) throws -> [Int: [Linearizability.Operation]] {
    var random = SeededGenerator(seed: seed)
    var operations: [Int: [Linearizability.Operation]] = [:]
    barrier.wait()
    for _ in 0..<operationsPerRound {
      let key = Int.random(in: 0..<3, using: &random)
      let action = randomAction(&random)
      let (name, rest) = action.words
      let called = now()
      let reply = try client.send([name, "lin:\(round):\(key)"] + rest)
      operations[key, default: []].append(
        Linearizability.Operation(action: action, called: called, returned: now(), reply: reply))
    }
    return operations
  }

  @Test func theSearchItselfTellsRightFromWrong() {
    typealias Operation = Linearizability.Operation
    let set = Operation(action: .set("1"), called: 0, returned: 10, reply: .ok)
    let during = Operation(action: .get, called: 5, returned: 15, reply: .null)
    let after = Operation(action: .get, called: 11, returned: 20, reply: .null)
    #expect(Linearizability.holds([set, during]))
    // Called after SET had returned, GET must see it.
    #expect(!Linearizability.holds([set, after]))
    let first = Operation(action: .increment, called: 0, returned: 10, reply: .integer(1))
    #expect(!Linearizability.holds([first, first]))
    let second = Operation(action: .increment, called: 0, returned: 10, reply: .integer(2))
    #expect(Linearizability.holds([second, first]))
  }

  @Test func whatBelongsTogetherStaysTogether() throws {
    let server = try TestServer("--threads", "8")
    let end = Self.now() + UInt64(Threads.loadSeconds * 1e9)
    var random = SeededGenerator(test: "together")
    let seeds = (0..<Self.clientCount).map { _ in random.next() }
    let counted = Mutex<[Int: Int]>([:])
    let watched = Mutex(0)
    let errors = Threads.run(Self.clientCount) { index in
      var load = PairLoad(client: try server.connect(), random: SeededGenerator(seed: seeds[index]))
      while Self.now() < end { try load.step() }
      counted.withLock { all in for (key, count) in load.counted { all[key, default: 0] += count } }
      watched.withLock { $0 += load.watchedIncrements }
    }
    #expect(errors == [])
    let client = try server.connect()
    for (key, count) in counted.withLock({ $0 }) {
      #expect(try client.send("GET", "counter:\(key)") == .text("\(count)"))
    }
    let sum = watched.withLock { $0 }
    #expect(try client.send("GET", "watched").string.flatMap { Int($0) } ?? 0 == sum)
    #expect(sum > 0)
  }
}

/// Lets a client be handed to the one thread that uses it.
private final class Shared: @unchecked Sendable {
  let value: TestClient
  init(_ value: TestClient) { self.value = value }
}

/// A client that writes and reads what belongs together, and says when it does not fit.
private struct PairLoad {
  struct Torn: Error, CustomStringConvertible { let description: String }

  let client: TestClient
  var random: SeededGenerator
  var counted: [Int: Int] = [:]
  var watchedIncrements = 0

  mutating func step() throws {
    let value = String(random.next())
    switch Int.random(in: 0..<13, using: &random) {
    case 0: try client.send("MSET", "p:1", value, "p:2", value, "p:3", value)
    case 1: try check(client.send("MGET", "p:1", "p:2", "p:3"))
    case 2:
      _ = try client.pipeline([["MULTI"], ["SET", "x:1", value], ["SET", "x:2", value], ["EXEC"]])
    case 3:
      let replies = try client.pipeline([["MULTI"], ["GET", "x:1"], ["GET", "x:2"], ["EXEC"]])
      try check(replies[3])
    case 4:
      let key = Int.random(in: 0..<3, using: &random)
      try client.send("INCR", "counter:\(key)")
      counted[key, default: 0] += 1
    case 5: try incrementWatched()
    case 6: try expireOne(value)
    case 7: try client.send("DEL", "p:1", "p:2", "p:3")
    case 8...11: try runScript(value)
    default: try flushAnotherDatabase(value)
    }
  }

  /// All values are equal, or all are missing.
  private func check(_ reply: Reply) throws {
    guard let values = reply.elements, let first = values.first else {
      throw Torn(description: "no array: \(reply)")
    }
    guard values.allSatisfy({ $0 == first }) else { throw Torn(description: "torn: \(values)") }
  }

  /// Scripts that have the locks of their keys, and those that need the gate: the second names its
  /// keys itself, the third may begin with locks and go on with the gate.
  private mutating func runScript(_ value: String) throws {
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      try client.send(
        "EVAL", "for i, k in ipairs(KEYS) do redis.call('SET', k, ARGV[1]) end", "3", "p:1", "p:2",
        "p:3", value)
    case 1:
      try client.send(
        "EVAL", "for i = 1, 2 do redis.call('SET', 'x:' .. i, ARGV[1]) end", "0", value)
    case 2:
      let script = "return {redis.call('GET', 'p:1'), redis.call('GET', 'p:2')}"
      try check(client.send("EVAL_RO", script, "0"))
    case 3:
      let script = "return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])}"
      try check(client.send("EVAL", script, "2", "x:1", "x:2"))
    default:
      let key = Int.random(in: 0..<3, using: &random)
      try client.send(
        "EVAL",
        """
        local key = KEYS[1]
        local old = tonumber(redis.call('GET', key) or 0)
        redis.call('SET', key, old + 1)
        """, "1", "counter:\(key)")
      counted[key, default: 0] += 1
    }
  }

  private mutating func incrementWatched() throws {
    try client.send("WATCH", "watched")
    let old = try client.send("GET", "watched").string.flatMap { Int($0) } ?? 0
    let replies = try client.pipeline([["MULTI"], ["SET", "watched", "\(old + 1)"], ["EXEC"]])
    if replies[2] != .null { watchedIncrements += 1 }
  }

  /// A key that is due is never read.
  private mutating func expireOne(_ value: String) throws {
    let key = "brief:\(value)"
    try client.send("SET", key, value, "PX", "3")
    let reply = try client.send("GET", key)
    guard reply == .text(value) || reply == .null else { throw Torn(description: "\(reply)") }
    usleep(5000)
    guard try client.send("GET", key) == .null else {
      throw Torn(description: "\(key) outlived its 3 ms")
    }
  }

  /// FLUSHDB comes between commands, never into one.
  private func flushAnotherDatabase(_ value: String) throws {
    let replies = try client.pipeline([
      ["SELECT", "1"], ["MSET", "f:1", value, "f:2", value], ["MGET", "f:1", "f:2"], ["FLUSHDB"],
      ["SELECT", "0"],
    ])
    try check(replies[2])
  }
}
