import Bytes

/// A run of equal registers in a sparse HyperLogLog.
struct SparseRun: Equatable {
  /// Their value; 0 in zero runs.
  var value: UInt8
  /// How many they are.
  var length: Int
  /// Bytes the run takes.
  var byteCount: Int

  /// The longest zero run of one byte, and the longest of all.
  static let shortZeroesMax = 64
  static let zeroesMax = 16384
  /// The longest value run, and the largest value.
  static let valuesMax = 4
  static let valueMax: UInt8 = 32

  /// The run at `position`; nil where it reaches beyond `end`.
  @inline(__always)
  init?(_ base: UnsafePointer<UInt8>, at position: Int, end: Int) {
    guard position < end else { return nil }
    let first = base[position]
    if first & 0x80 != 0 {
      value = (first &>> 2 & 31) &+ 1
      length = Int(first & 3) &+ 1
      byteCount = 1
    } else if first & 0x40 == 0 {
      value = 0
      length = Int(first & 63) &+ 1
      byteCount = 1
    } else {
      guard position &+ 1 < end else { return nil }
      value = 0
      length = (Int(first & 63) &<< 8 | Int(base[position &+ 1])) &+ 1
      byteCount = 2
    }
  }

  /// A zero run of the shortest form.
  init(zeroes length: Int) {
    assert(length >= 1 && length <= Self.zeroesMax)
    value = 0
    self.length = length
    byteCount = length > Self.shortZeroesMax ? 2 : 1
  }

  /// A value run.
  init(value: UInt8, length: Int) {
    assert(value >= 1 && value <= Self.valueMax)
    assert(length >= 1 && length <= Self.valuesMax)
    self.value = value
    self.length = length
    byteCount = 1
  }

  /// Writes the run.
  ///
  /// - Parameter target: room for `byteCount` bytes.
  func write(to target: UnsafeMutablePointer<UInt8>) {
    if value > 0 {
      target[0] = 0x80 | (value - 1) << 2 | UInt8(length - 1)
    } else if byteCount == 1 {
      target[0] = UInt8(length - 1)
    } else {
      target[0] = 0x40 | UInt8((length - 1) >> 8)
      target[1] = UInt8((length - 1) & 255)
    }
  }
}

/// Walks the runs of a sparse HyperLogLog, which are not trusted.
struct SparseRuns {
  private let base: UnsafePointer<UInt8>
  private let end: Int

  /// Where the run that `next` returned begins.
  private(set) var runPosition: Int
  /// Where the next run begins.
  private(set) var position: Int
  /// Registers of all runs returned.
  private(set) var registersPassed = 0

  /// - Parameter bytes: the header and the runs.
  init(_ bytes: ByteView) {
    base = bytes.base
    end = bytes.count
    position = HyperLogLog.headerBytes
    runPosition = position
  }

  /// The next run; nil behind the last, and before one that is cut off or names registers that do
  /// not exist.
  @inline(__always)
  mutating func next() -> SparseRun? {
    guard let run = SparseRun(base, at: position, end: end),
      registersPassed &+ run.length <= HyperLogLog.registerCount
    else { return nil }
    runPosition = position
    position &+= run.byteCount
    registersPassed &+= run.length
    return run
  }

  /// Whether all bytes were walked over and all registers named.
  var isComplete: Bool { position == end && registersPassed == HyperLogLog.registerCount }
}

/// The 6-bit registers of a dense HyperLogLog.
struct DenseRegisters {
  /// 12288 bytes.
  let registers: UnsafeRawPointer

  /// The value of a register.
  @inline(__always)
  subscript(index: Int) -> UInt8 {
    let bit = index &* 6
    let shift = UInt16(bit & 7)
    var pair = UInt16(registers.load(fromByteOffset: bit &>> 3, as: UInt8.self))
    // The last register ends with the last byte.
    if shift > 2 {
      pair |= UInt16(registers.load(fromByteOffset: bit &>> 3 &+ 1, as: UInt8.self)) &<< 8
    }
    return UInt8(truncatingIfNeeded: pair &>> shift) & 63
  }

  /// Sets a register.
  @inline(__always)
  static func set(_ registers: UnsafeMutableRawPointer, _ index: Int, to value: UInt8) {
    let bytes = registers.assumingMemoryBound(to: UInt8.self)
    let bit = index &* 6
    let shift = UInt8(bit & 7)
    let place = bit &>> 3
    bytes[place] = bytes[place] & ~(63 &<< shift) | value &<< shift
    if shift > 2 {
      bytes[place &+ 1] = bytes[place &+ 1] & ~(63 &>> (8 &- shift)) | value &>> (8 &- shift)
    }
  }

  /// Calls `body` with every register's number and value.
  @inline(__always)
  func visit(_ body: (Int, UInt8) -> Void) {
    // Eight registers are six bytes.
    let groups = HyperLogLog.registerCount / 8
    for group in 0..<groups {
      // The last group's word begins two bytes early so as to end with the registers.
      let early = group == groups - 1 ? 2 : 0
      let word = registers.loadUnaligned(fromByteOffset: group &* 6 &- early, as: UInt64.self)
      let bits = word.littleEndian &>> UInt64(early &* 8)
      for index in 0..<8 {
        body(
          group &* 8 &+ index, UInt8(truncatingIfNeeded: bits &>> UInt64(index &* 6)) & 63)
      }
    }
  }
}
