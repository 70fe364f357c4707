import Bytes

/// All registers of a HyperLogLog, or of several merged, a byte each.
public struct HyperLogLogRegisters: ~Copyable {
  private let base: UnsafeMutablePointer<UInt8>

  /// Makes registers of 0.
  public init() {
    base = .allocate(capacity: HyperLogLog.registerCount)
    base.initialize(repeating: 0, count: HyperLogLog.registerCount)
  }

  deinit { base.deallocate() }

  /// The value of a register.
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < HyperLogLog.registerCount)
    return base[index]
  }

  /// Raises every register to `other`'s.
  ///
  /// - Throws: `corrupted`; some registers may have been raised then.
  /// - Complexity: O(registers)
  public mutating func formUnion(_ other: HyperLogLog) throws(HyperLogLogError) {
    let registers = base
    if other.encoding == .dense {
      DenseRegisters(registers: UnsafeRawPointer(other.bytes.base) + HyperLogLog.headerBytes)
        .visit { registers[$0] = max(registers[$0], $1) }
      return
    }
    var runs = SparseRuns(other.bytes)
    while let run = runs.next() {
      guard run.value > 0 else { continue }
      for index in runs.registersPassed - run.length..<runs.registersPassed {
        registers[index] = max(registers[index], run.value)
      }
    }
    guard runs.isComplete else { throw .corrupted }
  }

  /// About how many different elements were added to everything merged here.
  public var cardinality: UInt64 {
    var histogram = RegisterHistogram()
    for index in 0..<HyperLogLog.registerCount { histogram.add(base[index], count: 1) }
    return histogram.cardinality
  }
}

extension HyperLogLog {
  /// About how many different elements were added, by the registers (the header's estimate is not
  /// looked at).
  ///
  /// - Throws: `corrupted`.
  /// - Complexity: O(bytes)
  public func cardinality() throws(HyperLogLogError) -> UInt64 {
    var histogram = RegisterHistogram()
    if encoding == .dense {
      DenseRegisters(registers: UnsafeRawPointer(bytes.base) + Self.headerBytes)
        .visit { histogram.add($1, count: 1) }
      return histogram.cardinality
    }
    var runs = SparseRuns(bytes)
    while let run = runs.next() { histogram.add(run.value, count: UInt32(run.length)) }
    guard runs.isComplete else { throw .corrupted }
    return histogram.cardinality
  }

  /// Calls `body` with value (0: a zero run) and length of every run of a sparse one, and ends
  /// silently where the runs make no sense.
  public func forEachRun(_ body: (_ value: UInt8, _ length: Int, _ isLong: Bool) -> Void) {
    precondition(encoding == .sparse)
    var runs = SparseRuns(bytes)
    while let run = runs.next() { body(run.value, run.length, run.byteCount == 2) }
  }
}

/// How many registers have which value: all that the estimate needs.
struct RegisterHistogram {
  private var counts = InlineArray<64, UInt32>(repeating: 0)

  /// Counts `count` registers of `value`.
  @inline(__always)
  mutating func add(_ value: UInt8, count: UInt32) {
    // In bounds: 6 bits at most, wherever it was read.
    counts[Int(value & 63)] &+= count
  }

  /// The estimate: algorithm 6 of Ertl, "New cardinality estimation algorithms for HyperLogLog
  /// sketches" (arXiv:1702.01284), with the constant for infinitely many registers. The order of
  /// the operations is kept so that the last digit agrees with Redis's.
  var cardinality: UInt64 {
    let registers = Double(HyperLogLog.registerCount)
    let full = Double(counts[HyperLogLog.rankBits + 1])
    var sum = registers * Self.tau((registers - full) / registers)
    for rank in stride(from: HyperLogLog.rankBits, through: 1, by: -1) {
      sum += Double(counts[rank])
      sum *= 0.5
    }
    sum += registers * Self.sigma(Double(counts[0]) / registers)
    let alpha = 0.721347520444481703680  // 1 / (2 ln 2)
    let estimate = (alpha * registers * registers / sum).rounded(.toNearestOrAwayFromZero)
    // Only made-up registers give infinity; Redis shows the smallest 64-bit number for it.
    return UInt64(exactly: estimate) ?? 1 << 63
  }

  /// Converges within 60 rounds or so for every x in 0..<1.
  private static func sigma(_ x: Double) -> Double {
    if x == 1 { return .infinity }
    var power = x
    var weight = 1.0
    var sum = x
    while true {
      power *= power
      let before = sum
      sum += power * weight
      weight += weight
      if sum == before { return sum }
    }
  }

  /// Converges likewise: what is added shrinks to an eighth from round to round.
  private static func tau(_ x: Double) -> Double {
    if x == 0 || x == 1 { return 0 }
    var root = x
    var weight = 1.0
    var sum = 1 - x
    while true {
      root = root.squareRoot()
      let before = sum
      weight *= 0.5
      sum -= (1 - root) * (1 - root) * weight
      if sum == before { return sum / 3 }
    }
  }
}
