internal import Bytes

/// The vocabulary as a trie of bytes in a double array, after Aoe (1989) and its form in Darts.
///
/// One 32-bit unit per node; the child of node `s` for byte `b` is at `base(s) ^ b`, if the unit
/// there carries the label `b`:
///
///     bit 31 ........ 9 | 8        | 7 ... 0
///         base          | terminal | label, 0 = free
///
/// Invariants: byte 0 is in no piece (normalised text has none), so that a free unit matches
/// nothing; every node that has children has a base of its own, so that the label alone says whose
/// child a unit is; a node without children has base 0, and units 0 to 255 stay free.
///
/// 26,624 nodes take about 110 KB, and a step is one load: that is why exact counts are as fast as
/// they are, without a cache of words that threads would have to share.
struct TokenTrie: ~Copyable, @unchecked Sendable {
  // Sendable: written by the initialiser alone.
  /// The units.
  let units: UnsafeMutablePointer<UInt32>
  let unitCount: Int
  let root: UInt32

  /// Length of the longest piece in bytes: how far a match can reach.
  let pieceByteCountMax: Int

  static let terminal: UInt32 = 1 << 8
  /// A file with more pieces, or with a longer one, is no vocabulary.
  static let pieceCountMax = 1 << 20
  static let pieceByteLimit = 256

  /// Builds the trie of `pieces` and of every single byte.
  ///
  /// - Parameter pieces: none empty, none with a byte 0, none longer than `pieceByteLimit`.
  /// - Complexity: O(total bytes · log), allocates.
  init(_ pieces: [[UInt8]]) {
    var all = pieces
    for byte in UInt8(1)...255 { all.append([byte]) }
    all.sort { left, right in
      left.withByteView { left in right.withByteView { right in left < right } }
    }
    precondition(all.allSatisfy { !$0.isEmpty && $0.count <= Self.pieceByteLimit })
    var builder = TrieBuilder()
    let rootBase = builder.place(all)
    root = rootBase << 9
    unitCount = builder.units.count
    units = .allocate(capacity: unitCount)
    units.initialize(from: builder.units, count: unitCount)
    pieceByteCountMax = all.map(\.count).max() ?? 1
  }

  deinit { units.deallocate() }

  /// The unit reached from `unit` by `byte`; nil when no piece goes on so.
  @inline(__always)
  func step(_ unit: UInt32, _ byte: UInt8) -> UInt32? {
    let index = Int(unit >> 9 ^ UInt32(byte))
    // In bounds: the array ends on a border of 256, and every base lies in it.
    assert(index < unitCount)
    let next = units[index]
    return UInt8(truncatingIfNeeded: next) == byte ? next : nil
  }
}

/// Lays the nodes of a sorted list of pieces out in a double array.
private struct TrieBuilder {
  var units: [UInt32] = Array(repeating: 0, count: 512)
  private var isBaseUsed: [Bool] = Array(repeating: false, count: 512)
  /// The first block of 256 units with room; earlier ones are as good as full.
  private var firstBlock = 1
  private var freeCounts: [Int] = [0, 256]
  /// Blocks with fewer free units are not looked at any more.
  private static let freeCountMin = 6

  private struct Node {
    var first: Int
    var last: Int
    var depth: Int
    var unit: Int
  }

  /// Places all nodes below the root; returns the root's base.
  mutating func place(_ pieces: [[UInt8]]) -> UInt32 {
    var rootBase: UInt32 = 0
    // Breadth first: the nodes near the root share cache lines.
    var queue = [Node(first: 0, last: pieces.count, depth: 0, unit: -1)]
    var head = 0
    var labels: [UInt8] = []
    var starts: [Int] = []
    while head < queue.count {
      let node = queue[head]
      head += 1
      labels.removeAll(keepingCapacity: true)
      starts.removeAll(keepingCapacity: true)
      var isTerminal = false
      for index in node.first..<node.last {
        guard pieces[index].count > node.depth else {
          isTerminal = true
          continue
        }
        let byte = pieces[index][node.depth]
        precondition(byte != 0)
        if labels.last != byte {
          labels.append(byte)
          starts.append(index)
        }
      }
      if isTerminal { units[node.unit] |= TokenTrie.terminal }
      guard !labels.isEmpty else { continue }
      let base = findBase(labels)
      isBaseUsed[base] = true
      if node.unit >= 0 { units[node.unit] |= UInt32(base) << 9 } else { rootBase = UInt32(base) }
      for (index, label) in labels.enumerated() {
        let unit = base ^ Int(label)
        units[unit] = UInt32(label)
        freeCounts[unit >> 8] -= 1
        let end = index + 1 < starts.count ? starts[index + 1] : node.last
        queue.append(Node(first: starts[index], last: end, depth: node.depth + 1, unit: unit))
      }
    }
    return rootBase
  }

  /// A base under which all labels fall on free units.
  private mutating func findBase(_ labels: [UInt8]) -> Int {
    while freeCounts[firstBlock] < Self.freeCountMin, firstBlock + 1 < freeCounts.count {
      firstBlock += 1
    }
    var block = firstBlock
    while true {
      if block == freeCounts.count {
        units.append(contentsOf: repeatElement(0, count: 256))
        isBaseUsed.append(contentsOf: repeatElement(false, count: 256))
        freeCounts.append(256)
      }
      if freeCounts[block] >= labels.count {
        for unit in block << 8..<(block + 1) << 8 where units[unit] == 0 {
          let base = unit ^ Int(labels[0])
          guard !isBaseUsed[base] else { continue }
          if labels.allSatisfy({ units[base ^ Int($0)] == 0 }) { return base }
        }
      }
      block += 1
    }
  }
}
