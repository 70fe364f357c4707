public import Bytes

/// A HyperLogLog in the bytes of a string: about how many different elements were added to it, in
/// at most 12 KB, with a standard error of 0.81%.
///
/// An element's hash chooses one of 16384 registers by its low 14 bits; the register keeps the
/// longest run of zeroes (plus one) that the remaining 50 bits of any such hash began with. The
/// bytes are Redis's, so that GET, DUMP and a copied database carry them in both directions:
///
///     0   "HYLL"
///     4   encoding: 0 dense, 1 sparse
///     5   three unused bytes
///     8   the last estimate, 64 bits little-endian; the top bit set: out of date
///     16  dense   16384 registers of 6 bits, the lowest bits first: 12288 bytes
///         sparse  runs of equal registers, front to back:
///                 00llllll            l + 1 registers are 0                         (a zero run)
///                 01llllll llllllll   l + 1 registers are 0, the high bits first  (a long one)
///                 1vvvvvll            l + 1 registers are v + 1                    (a value run)
///
/// An empty one is sparse, 18 bytes. It becomes dense when a value above 32 turns up or when it
/// would grow beyond a limit, and stays so.
///
/// This is a window on such bytes, for reading; `HyperLogLogEditor` changes them. The bytes may
/// come from a client (SET, RESTORE), so nothing but the header is trusted: what reads runs checks
/// that they end where the bytes end and name every register exactly once.
///
/// Credits: Flajolet, Fusy, Gandouet and Meunier 2007 for the algorithm, Heule, Nunkesser and Hall
/// 2013 for hashes of 64 bits, Otmar Ertl 2017 for the estimator, Redis for the bytes.
public struct HyperLogLog {
  /// How the registers are stored.
  public enum Encoding: UInt8, Sendable {
    case dense = 0
    case sparse = 1
  }

  /// Number of registers, 2 to the power of 14.
  public static let registerCount = 1 << indexBits
  /// Bytes in front of the registers.
  public static let headerBytes = 16
  /// Length of a dense one.
  public static let denseBytes = headerBytes + registerCount * 6 / 8

  /// Bits of the hash that choose a register.
  static let indexBits = 14
  /// Bits of the hash that are left for counting zeroes.
  static let rankBits = 64 - indexBits
  /// The hash's seed, as in Redis.
  static let seed: UInt64 = 0xADC8_3B19

  /// All the bytes.
  public let bytes: ByteView

  /// Takes a string for a HyperLogLog.
  ///
  /// - Returns: nil when the header or the length of a dense one is wrong. The runs of a sparse one
  ///   are checked when they are read.
  public init?(_ bytes: ByteView) {
    guard bytes.count >= Self.headerBytes, bytes[0..<4] == ByteView("HYLL"),
      let encoding = Encoding(rawValue: bytes[4]),
      encoding == .sparse || bytes.count == Self.denseBytes
    else { return nil }
    self.bytes = bytes
  }

  /// How the registers are stored.
  public var encoding: Encoding { bytes[4] == Encoding.sparse.rawValue ? .sparse : .dense }

  /// The estimate that the header keeps; nil when it is out of date.
  public var cachedCardinality: UInt64? {
    let stored = UnsafeRawPointer(bytes.base).loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    let value = stored.littleEndian
    return value >> 63 == 0 ? value : nil
  }

  /// Where an element counts.
  public struct Place: Equatable, Sendable {
    /// The register, below 16384.
    public let register: Int
    /// What it is at least once the element is in: 1...51.
    public let rank: UInt8

    /// Names a register and what to raise it to.
    public init(register: Int, rank: UInt8) {
      precondition(register >= 0 && register < HyperLogLog.registerCount)
      self.register = register
      self.rank = rank
    }
  }

  /// The register that `element` falls to, and its rank there.
  ///
  /// - Complexity: O(n)
  public static func place(of element: ByteView) -> Place {
    let hash = MurmurHash.hash64A(element, seed: seed)
    // The bit behind the last ends every run of zeroes.
    let rest = hash &>> UInt64(indexBits) | 1 &<< UInt64(rankBits)
    return Place(
      register: Int(hash & UInt64(registerCount - 1)),
      rank: UInt8(truncatingIfNeeded: rest.trailingZeroBitCount + 1))
  }

  /// The value of a register.
  ///
  /// - Throws: `corrupted`.
  /// - Complexity: O(1) when dense, O(bytes) when sparse.
  public func register(at index: Int) throws(HyperLogLogError) -> UInt8 {
    precondition(index >= 0 && index < Self.registerCount)
    if encoding == .dense {
      return DenseRegisters(registers: UnsafeRawPointer(bytes.base) + Self.headerBytes)[index]
    }
    var runs = SparseRuns(bytes)
    while let run = runs.next() {
      if index < runs.registersPassed { return run.value }
    }
    throw .corrupted
  }

  /// Whether `place` is accounted for already, so that adding its element would change nothing.
  ///
  /// - Throws: `corrupted`.
  public func covers(_ place: Place) throws(HyperLogLogError) -> Bool {
    try register(at: place.register) >= place.rank
  }
}

/// What can be wrong with a HyperLogLog.
public enum HyperLogLogError: Error, Equatable {
  /// The runs of a sparse one do not make 16384 registers.
  case corrupted
  /// There is no memory for changing it.
  case outOfMemory
}
