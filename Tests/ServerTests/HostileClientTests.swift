import Foundation
import Glibc
import Testing

/// Clients that mean no good: they do not read, vanish, come in crowds, or choose their keys with
/// care.
@Suite struct HostileClientTests {
  @Test func whoDoesNotReadIsClosed() throws {
    let server = try TestServer("--client-output-buffer-limit", "normal 4mb 0 0")
    let client = try server.connect()
    try client.send("SET", "k", String(repeating: "v", count: 100_000))
    let lazy = try TestClient(port: server.port, receiveBufferBytes: 16 * 1024)
    let gets = String(repeating: "GET k\r\n", count: 1000)
    try? lazy.write(gets)
    let isGone = try server.wait { try server.info("connected_clients", client) == "1" }
    #expect(isGone, "a client with 100 MB of unread output is still there")
    #expect(server.residentBytes < 200 << 20)
  }

  @Test func whoReadsLateGetsEverything() throws {
    let server = try TestServer()
    let client = try TestClient(port: server.port, receiveBufferBytes: 16 * 1024)
    let value = String(repeating: "v", count: 100_000)
    try client.send("SET", "k", value)
    for _ in 0..<200 { try client.write("GET k\r\n") }
    // Changed while it waits to be sent: the old bytes were promised.
    let other = try server.connect()
    #expect(try other.send("SET", "k", "new") == .ok)
    var old = 0
    for _ in 0..<200 {
      let reply = try client.read()
      if reply == .text(value) { old += 1 } else { #expect(reply == .text("new")) }
    }
    #expect(old > 0)
  }

  @Test func whoVanishesLeavesNothingBehind() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("PING")
    let files = server.openFilesCount
    let before = try Int(server.info("total_connections_received", client)) ?? 0
    let beginnings = [
      "*", "*3\r\n$3\r\nSET\r\n", "*2\r\n$4\r\nECHO\r\n$100000\r\nabc", "GET \"k",
      "MULTI\r\nGET k\r\n", "SUBSCRIBE c\r\n", "WATCH k\r\n", "MONITOR\r\n", "GET k\r\nGET",
    ]
    for round in 0..<200 {
      let visitor = try server.connect()
      try visitor.write(beginnings[round % beginnings.count])
    }
    // Who has not been let in yet is none of the connected ones either.
    let areAllMet = try server.wait {
      try Int(server.info("total_connections_received", client)) ?? 0 >= before + 200
    }
    #expect(areAllMet)
    let isAlone = try server.wait { try server.info("connected_clients", client) == "1" }
    #expect(isAlone)
    #expect(server.wait { server.openFilesCount == files })
    #expect(try client.send("PUBLISH", "c", "m") == .integer(0))
  }

  @Test func requestsThatGrowForEverAreEnded() throws {
    let server = try TestServer("--client-query-buffer-limit", "1mb")
    let argument = TestClient.encode([[UInt8](repeating: 0x61, count: 40_000)]).dropFirst(4)
    let queued = TestClient.encode([Array("ECHO".utf8), [UInt8](repeating: 0x61, count: 1000)])
    let small = Array(String(repeating: "$0\r\n\r\n", count: 10_000).utf8)
    let endless: [(String, String, [UInt8])] = [
      ("large arguments", "*1000000\r\n$6\r\nEXISTS\r\n", Array(argument)),
      ("queued commands", "MULTI\r\n", queued),
      ("empty arguments", "*100000000\r\n$6\r\nEXISTS\r\n", small),
      ("one argument", "*2\r\n$4\r\nECHO\r\n$100000000\r\n", Array(argument)),
    ]
    for (name, beginning, more) in endless {
      let client = try server.connect()
      try client.write(beginning)
      var sent = 0
      while sent < 20 << 20, (try? client.write(more)) != nil { sent += more.count }
      #expect(sent < 20 << 20, "\(name) went on for ever")
    }
    #expect(server.logged.contains("client-query-buffer-limit"))
    #expect(try server.connect().send("PING") == .simple("PONG"))
  }

  @Test func aCrowdIsServed() throws {
    let server = try TestServer()
    // The server raises its own limit: 10,000 clients and what it needs itself.
    #expect(server.openFilesLimit >= 10_032 || server.logged.contains("limit of open files"))
    var own = rlimit()
    getrlimit(CInt(RLIMIT_NOFILE.rawValue), &own)
    own.rlim_cur = own.rlim_max
    setrlimit(CInt(RLIMIT_NOFILE.rawValue), &own)
    let possible = min(10_000, server.openFilesLimit - 64, Int(clamping: own.rlim_cur) - 1000)
    let count = possible < 10_000 ? max(100, possible) : 9_999
    if count < 9_999 { print("aCrowdIsServed: \(count) clients, the limit of open files is low") }
    let crowd = try (0..<count).map { _ in try server.connect() }
    for client in crowd { try client.write("PING\r\n") }
    for client in crowd { #expect(try client.read() == .simple("PONG")) }
    #expect(try server.info("connected_clients", crowd[0]) == "\(count)")
    if count == 9_999 {
      let last = try server.connect()
      #expect(try last.send("PING") == .simple("PONG"))
      let tooMany = try server.connect()
      #expect(try tooMany.read() == .error("ERR max number of clients reached"))
      #expect(tooMany.isClosedByServer())
    }
  }

  @Test func withoutDescriptorsTheOthersGoOn() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("PING")
    try server.setOpenFilesLimit(server.openFilesCount + 10)
    // Ten fit; the rest waits in the backlog or is refused.
    let crowd = try (0..<40).map { _ in try server.connect() }
    #expect(try client.send("SET", "k", "v") == .ok)
    let before = server.cpuTicks
    usleep(500_000)
    #expect(server.cpuTicks - before < 25, "spinning over connections that it cannot accept")
    #expect(try client.send("GET", "k") == .text("v"))
    for peer in crowd { shutdown(peer.fd, CInt(SHUT_RDWR)) }
    let isFree = try server.wait { try server.info("connected_clients", client) == "1" }
    #expect(isFree)
    #expect(try server.connect().send("GET", "k") == .text("v"))
  }

  // Sanitizers have a thread of their own that wakes up regularly.
  @Test(.disabled(if: TestServer.isSanitized))
  func anIdleServerSleeps() throws {
    let server = try TestServer("--threads", "4")
    let client = try server.connect()
    try client.send("SET", "k", "v", "EX", "1000")
    try client.send("SET", "soon", "v", "PX", "1")
    // Until housekeeping after the load is done.
    var isQuiet = false
    for _ in 0..<50 where !isQuiet {
      let before = server.contextSwitches
      usleep(200_000)
      isQuiet = server.contextSwitches == before
    }
    #expect(isQuiet)
    let before = server.contextSwitches
    let ticks = server.cpuTicks
    usleep(1_000_000)
    #expect(server.contextSwitches == before, "wake-ups while nothing is due")
    #expect(server.cpuTicks == ticks)
    #expect(try client.send("GET", "k") == .text("v"))
  }

  /// Keys with equal low bits under a hash that everybody can compute.
  private static func collidingKeys(_ count: Int) -> [String] {
    var keys: [String] = []
    var number = 0
    while keys.count < count {
      let key = "key:\(number)"
      number += 1
      // FNV-1a, the commonest of the unkeyed.
      let hash = key.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
      }
      if hash & 0xFF == 0 { keys.append(key) }
    }
    return keys
  }

  @Test func chosenKeysDoNotCollide() throws {
    let server = try TestServer("--threads", "1")
    let client = try server.connect()
    let count = 5000
    func cost(_ keys: [String]) throws -> Int {
      let before = server.cpuTicks
      for _ in 0..<10 {
        for start in stride(from: 0, to: count, by: 500) {
          _ = try client.pipeline(keys[start..<(start + 500)].map { ["SET", $0, "v"] })
        }
      }
      return server.cpuTicks - before
    }
    let plain = try cost((0..<count).map { "plain:\($0)" })
    let chosen = try cost(Self.collidingKeys(count))
    #expect(chosen <= plain * 3 + 20, "chosen keys cost \(chosen) ticks, others \(plain)")
  }

  @Test func hashingIsKeyedPerProcess() throws {
    // The order of a scan follows the hash.
    func order() throws -> Reply {
      let server = try TestServer("--threads", "1")
      let client = try server.connect()
      try client.send(["MSET"] + (0..<200).flatMap { ["key:\($0)", "v"] })
      return try client.send("KEYS", "*")
    }
    #expect(try order() != order())
  }
}
