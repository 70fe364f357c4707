internal import Bytes

/// Finds the least number of pieces that tile a part of the marked stream.
///
/// The shortest path over byte positions: `best[i]` tokens reach position i, and every piece that
/// matches at i offers `best[i] + 1` to its end. Parts are cut where no piece can lie across, and
/// are mostly single words. A part longer than the buffer is priced as it comes in: positions that
/// no later byte can matter to are settled and slid out.
///
///     bytes  [ settled: gone ][ i ............. count )
///     best            [ i ] final, (i ... count] what pieces so far offer
///
/// Bounds: `capacity` bytes of buffer whatever the text; O(bytes · longest piece) steps.
struct TokenCoster: ~Copyable {
  private let bytes: UnsafeMutablePointer<UInt8>
  private let best: UnsafeMutablePointer<Int>
  private let state: UnsafeMutablePointer<Int>

  static let capacity = 512
  private static let unreached = Int.max / 2

  init() {
    bytes = .allocate(capacity: Self.capacity)
    best = .allocate(capacity: Self.capacity + 1)
    best[0] = 0
    state = .allocate(capacity: 1)
    state.initialize(to: 0)
  }

  deinit {
    bytes.deallocate()
    best.deallocate()
    state.deallocate()
  }

  /// Bytes that are not settled yet.
  @inline(__always)
  var count: Int { state.pointee }

  /// Adds a byte to the part.
  @inline(__always)
  func append(_ byte: UInt8, _ trie: borrowing TokenTrie) {
    if state.pointee == Self.capacity { slide(trie) }
    let count = state.pointee
    bytes[count] = byte
    best[count + 1] = Self.unreached
    state.pointee = count + 1
  }

  /// Adds bytes to the part.
  @inline(__always)
  func append(_ start: UnsafePointer<UInt8>, _ length: Int, _ trie: borrowing TokenTrie) {
    for index in 0..<length { append(start[index], trie) }
  }

  /// Ends the part and returns its cost.
  @inline(__always)
  func finish(_ trie: borrowing TokenTrie) -> Int {
    let count = state.pointee
    if count <= 1, best[0] == 0 {
      // Every single byte is a piece.
      state.pointee = 0
      return count
    }
    for start in 0..<count {
      offer(from: start, trie)
      // One piece is the best there is, and two are when one did not do. Only for parts that were
      // never slid: there, `best[0]` is 0.
      if best[0] == 0, best[count] <= 2 { break }
    }
    let cost = best[count]
    state.pointee = 0
    best[0] = 0
    return cost
  }

  /// Offers every piece that matches at `start` to the position it ends at.
  @inline(__always)
  private func offer(from start: Int, _ trie: borrowing TokenTrie) {
    let cost = best[start] + 1
    let count = state.pointee
    var unit = trie.root
    var position = start
    while position < count, let next = trie.step(unit, bytes[position]) {
      position += 1
      unit = next
      if unit & TokenTrie.terminal != 0, cost < best[position] { best[position] = cost }
    }
  }

  /// Settles all positions that have the longest piece's length of bytes after them.
  private func slide(_ trie: borrowing TokenTrie) {
    let kept = TokenTrie.pieceByteLimit
    let settled = Self.capacity - kept
    for start in 0..<settled { offer(from: start, trie) }
    for index in 0..<kept { bytes[index] = bytes[settled + index] }
    for index in 0...kept { best[index] = best[settled + index] }
    state.pointee = kept
  }
}
