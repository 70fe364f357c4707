import Bytes
import Platform

// Fields drawn at random. None of the hash's fields is due: the caller has removed those
// (`Keyspace.removeDueElements`).

extension HashObject {
  /// Calls `body` with `count` random fields, each draw by itself, so that one may come more than
  /// once. The hash is not empty.
  ///
  /// - Parameters:
  ///   - seed: for the random numbers.
  ///   - body: answers whether to go on.
  /// - Complexity: O(`count`), and O(n) for a listpack.
  public func drawFields(
    _ count: Int, seed: UInt64, _ body: (ListpackValue, ListpackValue) -> Bool
  ) {
    var random = MemberRandom(seed: seed)
    if isTable {
      for _ in 0..<count {
        let block = MemberBlock<HashField>(base: table.pointee.table.randomMember(&random))
        guard body(.bytes(block.key), .bytes(block.value)) else { return }
      }
      return
    }
    let pack = pack
    let stride = stride
    let fields = pack.count / stride
    if count == 1 {
      let field = pack.position(at: random.next(below: fields) * stride).unsafelyUnwrapped
      _ = body(pack.value(at: field), pack.value(at: pack.next(field).unsafelyUnwrapped))
      return
    }
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: fields) { positions in
      var position = pack.first
      for index in 0..<fields {
        let field = position.unsafelyUnwrapped
        // In range: a listpack has at most 2^30 bytes.
        positions[index] = UInt32(field)
        position = pack.next(field)
        for _ in 1..<stride { position = position.flatMap { pack.next($0) } }
      }
      for _ in 0..<count {
        let field = Int(positions[random.next(below: fields)])
        guard body(pack.value(at: field), pack.value(at: pack.next(field).unsafelyUnwrapped))
        else { return }
      }
    }
  }

  /// Calls `body` with `count` different random fields, all when there are not more.
  ///
  /// - Complexity: O(`count`), or O(n) when that is more than a third.
  public func sampleFields(
    _ count: Int, seed: UInt64, _ body: (ListpackValue, ListpackValue) -> Void
  ) {
    var random = MemberRandom(seed: seed)
    let total = self.count
    if isTable, count < total / 3 {
      var drawn = AddressSet(capacity: count)
      defer { drawn.destroy() }
      while drawn.count < count {
        let pointer = table.pointee.table.randomMember(&random)
        guard drawn.insert(UInt(bitPattern: pointer)) else { continue }
        let block = MemberBlock<HashField>(base: pointer)
        body(.bytes(block.key), .bytes(block.value))
      }
      return
    }
    // Each field is taken with the chance of those still wanted among those still to come (Knuth's
    // algorithm S): every choice of `count` is equally likely.
    var left = total
    var wanted = min(count, total)
    forEachField { field, value in
      if wanted > 0, random.next(below: max(1, left)) < wanted {
        wanted &-= 1
        body(field, value)
      }
      left &-= 1
    }
  }
}
