import Bytes

/// Changes a HyperLogLog in a buffer of its own, which becomes the new value at the end.
///
/// A sparse one is changed run by run: the run that holds the register is replaced by up to three,
/// and equal value runs that became neighbours are joined, at most five places on. Redis does the
/// same in the same order, and so the bytes come out the same.
public struct HyperLogLogEditor: ~Copyable {
  private var blob: Blob
  private let sparseBytesMax: Int

  /// Starts with an empty HyperLogLog.
  ///
  /// - Parameter sparseBytesMax: it becomes dense rather than grow beyond so many bytes.
  public init(sparseBytesMax: Int) throws(HyperLogLogError) {
    let run = SparseRun(zeroes: HyperLogLog.registerCount)
    let count = HyperLogLog.headerBytes + run.byteCount
    guard let blob = Blob.allocate(count: count, capacity: 128) else { throw .outOfMemory }
    self.blob = blob
    self.sparseBytesMax = sparseBytesMax
    Self.writeHeader(to: blob.base, .sparse)
    run.write(to: (blob.base + HyperLogLog.headerBytes).assumingMemoryBound(to: UInt8.self))
  }

  /// Starts with a copy of `original`.
  public init(_ original: HyperLogLog, sparseBytesMax: Int) throws(HyperLogLogError) {
    // Room for a few new runs, so that one element needs no second allocation.
    let count = original.bytes.count
    let room = original.encoding == .sparse ? count + 16 : count
    guard let blob = Blob.allocate(count: count, capacity: room) else { throw .outOfMemory }
    blob.base.copyMemory(from: original.bytes.base, byteCount: count)
    self.blob = blob
    self.sparseBytesMax = sparseBytesMax
  }

  deinit { blob.release() }

  /// The HyperLogLog as it is now, valid until the next change.
  public var current: HyperLogLog {
    // Never nil: every change leaves a right header.
    HyperLogLog(blob.bytes).unsafelyUnwrapped
  }

  /// Ends the editing.
  ///
  /// - Parameter invalidating: whether the header's estimate is out of date now.
  /// - Returns: the new value; its one reference is the caller's.
  public consuming func finish(invalidating: Bool = true) -> Blob {
    if invalidating { HyperLogLog.invalidateCardinality(blob.mutableBytes) }
    blob.retain()
    return blob
  }

  /// Makes it dense if it is not.
  ///
  /// - Throws: `corrupted`; it is as it was.
  public mutating func makeDense() throws(HyperLogLogError) {
    guard current.encoding == .sparse else { return }
    let count = HyperLogLog.denseBytes
    guard let dense = Blob.allocate(count: count) else { throw .outOfMemory }
    let registers = dense.base + HyperLogLog.headerBytes
    registers.initializeMemory(
      as: UInt8.self, repeating: 0, count: count - HyperLogLog.headerBytes)
    dense.base.copyMemory(from: blob.base, byteCount: HyperLogLog.headerBytes)
    dense.mutableBytes[4] = HyperLogLog.Encoding.dense.rawValue
    var runs = SparseRuns(blob.bytes)
    while let run = runs.next() {
      guard run.value > 0 else { continue }
      for index in runs.registersPassed - run.length..<runs.registersPassed {
        DenseRegisters.set(registers, index, to: run.value)
      }
    }
    guard runs.isComplete else {
      dense.release()
      throw .corrupted
    }
    blob.release()
    blob = dense
  }

  /// Raises every register to that of `registers`.
  ///
  /// - Throws: `corrupted`.
  /// - Complexity: O(registers), times the bytes of a sparse one.
  public mutating func formUnion(
    _ registers: borrowing HyperLogLogRegisters
  ) throws(HyperLogLogError) {
    for index in 0..<HyperLogLog.registerCount where registers[index] > 0 {
      _ = try add(HyperLogLog.Place(register: index, rank: registers[index]))
    }
  }

  /// Accounts for an element.
  ///
  /// - Returns: whether that changed a register.
  /// - Throws: `corrupted`, as far as the runs up to the register show it.
  /// - Complexity: O(1) when dense, O(bytes) when sparse.
  public mutating func add(_ place: HyperLogLog.Place) throws(HyperLogLogError) -> Bool {
    if current.encoding == .dense { return HyperLogLog.addDense(place, to: blob.mutableBytes) }
    guard place.rank <= SparseRun.valueMax else { return try addAsDense(place) }
    var runs = SparseRuns(blob.bytes)
    var previous: Int?
    while let run = runs.next() {
      if place.register >= runs.registersPassed {
        previous = runs.runPosition
        continue
      }
      guard run.value < place.rank else { return false }
      let start = runs.runPosition
      if run.value > 0 || run.byteCount == 1, run.length == 1 {
        SparseRun(value: place.rank, length: 1).write(to: bytes + start)
      } else {
        let offset = place.register - (runs.registersPassed - run.length)
        guard try split(run, at: start, offset: offset, rank: place.rank) else {
          return try addAsDense(place)
        }
      }
      joinValueRuns(from: previous ?? HyperLogLog.headerBytes)
      return true
    }
    throw .corrupted
  }

  private var bytes: UnsafeMutablePointer<UInt8> {
    blob.base.assumingMemoryBound(to: UInt8.self)
  }

  private mutating func addAsDense(_ place: HyperLogLog.Place) throws(HyperLogLogError) -> Bool {
    try makeDense()
    return HyperLogLog.addDense(place, to: blob.mutableBytes)
  }

  /// Replaces the run at `start` by the registers before, the one at `offset`, and those behind.
  ///
  /// - Returns: false, and nothing happened, when that is too long for a sparse one.
  private mutating func split(
    _ run: SparseRun, at start: Int, offset: Int, rank: UInt8
  ) throws(HyperLogLogError) -> Bool {
    func part(_ length: Int) -> SparseRun {
      run.value == 0 ? SparseRun(zeroes: length) : SparseRun(value: run.value, length: length)
    }
    let before = offset > 0 ? part(offset) : nil
    let raised = SparseRun(value: rank, length: 1)
    let behind = offset < run.length - 1 ? part(run.length - 1 - offset) : nil
    let newBytes = (before?.byteCount ?? 0) + 1 + (behind?.byteCount ?? 0)
    let growth = newBytes - run.byteCount
    let count = blob.count
    guard growth <= 0 || count + growth <= sparseBytesMax else { return false }
    if growth > 0 { try reserve(count + growth) }
    let rest = start + run.byteCount
    let source = blob.base + rest
    // In bounds: `reserve` made room behind the old end.
    (source + growth).copyMemory(from: source, byteCount: count - rest)
    blob.setCount(count + growth)
    var place = bytes + start
    for new in [before, raised, behind] {
      guard let new else { continue }
      new.write(to: place)
      place += new.byteCount
    }
    return true
  }

  /// Joins neighbouring value runs of one value where the sum is short enough.
  private mutating func joinValueRuns(from start: Int) {
    var position = start
    var count = blob.count
    // As many steps as Redis takes: the split made three runs of one, with neighbours on both
    // sides.
    var stepsLeft = 5
    while stepsLeft > 0, let run = SparseRun(bytes, at: position, end: count) {
      stepsLeft -= 1
      guard run.value > 0, let next = SparseRun(bytes, at: position + 1, end: count),
        next.value == run.value, run.length + next.length <= SparseRun.valuesMax
      else {
        position += run.byteCount
        continue
      }
      SparseRun(value: run.value, length: run.length + next.length).write(to: bytes + position)
      let rest = blob.base + position + 2
      (rest - 1).copyMemory(from: rest, byteCount: count - position - 2)
      count -= 1
    }
    blob.setCount(count)
  }

  /// Makes room for `count` bytes.
  private mutating func reserve(_ count: Int) throws(HyperLogLogError) {
    guard count > blob.capacity else { return }
    guard let larger = Blob.allocate(count: blob.count, capacity: count + count / 2) else {
      throw .outOfMemory
    }
    larger.base.copyMemory(from: blob.base, byteCount: blob.count)
    blob.release()
    blob = larger
  }

  private static func writeHeader(
    to base: UnsafeMutableRawPointer, _ encoding: HyperLogLog.Encoding
  ) {
    base.initializeMemory(as: UInt8.self, repeating: 0, count: HyperLogLog.headerBytes)
    base.copyMemory(from: ByteView("HYLL").base, byteCount: 4)
    base.storeBytes(of: encoding.rawValue, toByteOffset: 4, as: UInt8.self)
  }
}

extension HyperLogLog {
  /// Accounts for an element in the bytes of a dense HyperLogLog.
  ///
  /// - Returns: whether that changed a register.
  public static func addDense(
    _ place: Place, to bytes: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(bytes.count == denseBytes)
    precondition(place.register >= 0 && place.register < registerCount)
    let registers = bytes.baseAddress.unsafelyUnwrapped + headerBytes
    guard DenseRegisters(registers: registers)[place.register] < place.rank else { return false }
    DenseRegisters.set(registers, place.register, to: place.rank)
    return true
  }

  /// Keeps an estimate in the header.
  public static func storeCardinality(
    _ value: UInt64, in bytes: UnsafeMutableRawBufferPointer
  ) {
    precondition(bytes.count >= headerBytes)
    bytes.storeBytes(of: value.littleEndian, toByteOffset: 8, as: UInt64.self)
  }

  /// Says in the header that its estimate is out of date.
  public static func invalidateCardinality(_ bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count >= headerBytes)
    bytes[15] |= 0x80
  }
}
