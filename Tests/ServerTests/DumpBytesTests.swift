import SeededRandom
import Testing

/// What the compact forms hold, byte for byte beside Redis: DUMP's payload has listpacks, intsets
/// and HyperLogLogs as they lie in memory, where it is told not to compress.
@Suite(.enabled(if: TestServer.redisBinary != nil, "redis-server is not installed"))
struct DumpBytesTests {
  private static let rounds = 150

  @Test(arguments: ["list", "hash", "zset", "intset", "string", "hll"])
  func payloadsAreRedis(kind: String) throws {
    var random = SeededGenerator(test: "DumpBytesTests.\(kind)")
    let server = try TestServer()
    let redis = try TestServer.redis()
    let ours = try server.connect()
    let theirs = try redis.connect()
    for client in [ours, theirs] {
      #expect(try client.send("CONFIG", "SET", "rdbcompression", "no") == .ok)
      // A table of members has no order that could be compared.
      #expect(try client.send("CONFIG", "SET", "hash-max-listpack-value", "100") == .ok)
    }
    for round in 0..<Self.rounds {
      let key = "\(kind):\(round)"
      var commands: [[String]] = []
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        commands.append(Self.command(kind, key, &random))
      }
      commands.append(["DUMP", key])
      let mine = try ours.pipeline(commands)
      let other = try theirs.pipeline(commands)
      #expect(mine.last == other.last, "\(commands.dropLast())")
    }
  }

  private static func command(
    _ kind: String, _ key: String, _ random: inout SeededGenerator
  ) -> [String] {
    switch kind {
    case "list":
      let isRemoval = Int.random(in: 0..<8, using: &random) == 0
      if isRemoval { return ["LPOP", key] }
      return [Bool.random(using: &random) ? "LPUSH" : "RPUSH", key, word(&random)]
    case "hash": return ["HSET", key, word(&random), word(&random)]
    case "zset":
      // Quarters are exact in 17 digits and in fewer.
      let score = Double(Int.random(in: -900...900, using: &random)) / 4
      return ["ZADD", key, "\(score)", word(&random)]
    case "intset": return ["SADD", key, number(&random)]
    case "string": return ["SET", key, word(&random)]
    default: return ["PFADD", key, word(&random)]
    }
  }

  private static func word(_ random: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: number(&random)
    case 1: String(repeating: "x", count: Int.random(in: 0...70, using: &random))
    case 2: "\(Double.random(in: 0..<1, using: &random))"
    default: "\(Int.random(in: 0...200, using: &random))"
    }
  }

  /// A number of any length, so that every width of an integer comes.
  private static func number(_ random: inout SeededGenerator) -> String {
    let width = Int.random(in: 0..<63, using: &random)
    return "\(Int.random(in: -(1 << width)...(1 << width), using: &random))"
  }
}
