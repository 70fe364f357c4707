import Bytes
import CacheCore
import SeededRandom
import Testing

@testable import RESPServer

/// The table of tracked keys against a dictionary.
@Suite struct TrackingTableTests {
  private struct Model {
    var readers: [[UInt8]: Set<Int64>] = [:]
    var items: Int { readers.values.reduce(0) { $0 + $1.count } }
  }

  /// Keys whose hashes collide every now and then.
  private func withKey<Result>(_ number: Int, _ body: (HashedKey) -> Result) -> Result {
    let bytes = Array("key:\(number)".utf8)
    let hash = UInt64(number / 2 == 7 ? 7 : number) &* 0x9E37_79B9_7F4A_7C15
    return bytes.withByteView { body(HashedKey(bytes: $0, hash: KeyHash(rawValue: hash))) }
  }

  @Test func agreesWithADictionary() {
    var generator = SeededGenerator(test: "TrackingTableTests.agreesWithADictionary")
    let table = TrackingTable()
    let clients = (1...5).map { TrackingClient(id: Int64($0), loop: 0) }
    var model = Model()
    for step in 0..<20_000 {
      let number = Int.random(in: 0..<200, using: &generator)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<6:
        let client = clients[Int.random(in: 0..<5, using: &generator)]
        withKey(number) { key in
          let (_, displaced) = table.remember(key, client)
          if let displaced { model.readers[displaced.key] = nil }
          model.readers[key.bytes.array, default: []].insert(client.id)
        }
      case 6..<9:
        withKey(number) { key in
          let expected = model.readers.removeValue(forKey: key.bytes.array)
          let entry = table.take(key)
          #expect(entry.map { Set([$0.first.id]).union($0.others.keys) } == expected)
        }
      default:
        if let entry = table.takeAny(of: table.nextVictim(), random: generator.next()) {
          #expect(model.readers.removeValue(forKey: entry.key) != nil)
        }
      }
      #expect(table.keyCount == model.readers.count)
      #expect(table.itemCount == model.items)
      if step % 100 == 0 { table.checkInvariants() }
    }
    _ = table.removeAllKeys()
    table.checkInvariants()
    #expect(table.keyCount == 0)
  }

  @Test func prefixesAreFoundByLength() {
    let table = TrackingTable()
    let one = TrackingClient(id: 1, loop: 0)
    let two = TrackingClient(id: 2, loop: 0)
    table.add([Array("user:".utf8), Array("x".utf8)], of: one)
    table.add([[], Array("user:1".utf8)], of: two)
    func prefixes(_ key: String) -> [String] {
      var found: [String] = []
      table.forEachPrefix(of: Array(key.utf8)) { found.append(String(decoding: $0, as: UTF8.self)) }
      return found
    }
    #expect(prefixes("user:12") == ["", "user:", "user:1"])
    #expect(prefixes("xy") == ["", "x"])
    #expect(prefixes("") == [""])
    table.remove(two)
    #expect(prefixes("user:12") == ["user:"])
    #expect(table.prefixes.count == 2)
  }

  @Test func overlappingPrefixesAreRefused() throws {
    func check(_ prefixes: [String], beside present: [String] = []) -> Bool {
      do throws(CommandError) {
        try TrackingPrefixes.check(
          prefixes.map { Array($0.utf8) }, beside: present.map { Array($0.utf8) })
        return true
      } catch {
        return false
      }
    }
    #expect(check(["a", "b"], beside: ["c"]))
    #expect(!check(["a", "ab"]))
    #expect(!check([""], beside: ["c"]))
    #expect(!check(["c"], beside: ["c"]))
    let many = (0..<5000).map { "p\(10_000 + $0)" }
    #expect(check(many))
    #expect(!check(many + ["p12"]))
  }
}
