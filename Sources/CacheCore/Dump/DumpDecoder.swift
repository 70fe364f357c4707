public import Bytes

/// What values are to be when they are read: the limits of their encodings, and the time.
public struct DumpLimits: Sendable {
  /// Limits of lists.
  public var list: ListLimits
  /// Limits of hashes.
  public var hash: HashLimits
  /// Limits of sets.
  public var set: SetLimits
  /// Limits of sorted sets.
  public var sortedSet: SortedSetLimits
  /// The time by which deadlines of members are reckoned.
  public var clock: DumpClock

  /// Joins them.
  public init(
    list: ListLimits, hash: HashLimits, set: SetLimits, sortedSet: SortedSetLimits,
    clock: DumpClock
  ) {
    self.list = list
    self.hash = hash
    self.set = set
    self.sortedSet = sortedSet
    self.clock = clock
  }
}

/// The time: payloads have Unix time, collections cache time.
public struct DumpClock: Sendable {
  /// Cache time in milliseconds.
  public var now: Int64
  /// Milliseconds to add to cache time to get Unix time.
  public var wallStep: Int64

  /// Joins them.
  public init(now: Int64, wallStep: Int64) {
    self.now = now
    self.wallStep = wallStep
  }
}

/// A value that was read.
public enum DumpedValue {
  /// A string; valid as long as the decoder lives.
  case string(ByteView)
  /// A collection, which passes to the caller. It may be empty where all members' time has passed.
  case object(ObjectReference)
}

/// Reads one value: a type and what follows.
///
/// The bytes may come from anybody. Whatever is accepted is a value that every command can work
/// with: listpacks and integer sets are looked at element by element, members come once, scores
/// are numbers. What is refused leaves nothing behind.
///
/// Small collections are taken as they are, in the form that Redis 7 gives them and that is ours,
/// too; all others, and those that exceed the present limits, are built member by member.
public struct DumpDecoder: ~Copyable {
  var reader: DumpReader
  let memory: ObjectMemory
  let limits: DumpLimits
  /// Listpacks and integer sets that were taken as they are, each checked element by element.
  public internal(set) var checkedBlockCount = 0

  /// Prepares to read `bytes`, which stay where they are until the value is no longer needed.
  public init(_ bytes: ByteView, _ memory: ObjectMemory, _ limits: DumpLimits) {
    reader = DumpReader(bytes)
    self.memory = memory
    self.limits = limits
  }

  /// Reads the value; nothing may follow it.
  ///
  /// - Complexity: O(n), O(n log n) for sorted sets
  public mutating func value() throws(DumpError) -> DumpedValue {
    guard let type = DumpType(rawValue: try reader.byte()) else { throw .badFormat }
    if type == .string {
      let text = try reader.string()
      guard reader.remaining == 0 else { throw .badFormat }
      return .string(text)
    }
    let object = try object(type)
    guard reader.remaining == 0 else {
      object.destroy()
      throw .badFormat
    }
    return .object(object)
  }

  private mutating func object(_ type: DumpType) throws(DumpError) -> ObjectReference {
    switch type {
    case .string: throw .badFormat
    case .list, .listZiplist, .quicklistZiplists, .quicklist: try list(type)
    case .set, .setIntset, .setListpack, .setWithDeadlines: try set(type)
    case .sortedSetText, .sortedSet, .sortedSetZiplist, .sortedSetListpack,
      .sortedSetWithDeadlines:
      try sortedSet(type)
    case .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashWithDeadlines,
      .hashListpackWithDeadlines:
      try hash(type)
    case .stream1, .stream2, .stream3: try stream(type)
    }
  }

  /// A listpack with all its elements in order; valid as `DumpReader.string` says.
  ///
  /// - Parameter stride: elements that belong together, the first of which is a name that comes
  ///   once.
  mutating func listpack(stride: Int) throws(DumpError) -> ByteView {
    let bytes = try reader.block()
    checkedBlockCount += 1
    guard Listpack.isValid(bytes, deeply: true) else { throw .badFormat }
    let pack = Listpack(base: UnsafeMutableRawPointer(mutating: bytes.base))
    let count = pack.countWithoutStoring
    guard count > 0, count % stride == 0, pack.hasDifferentNames(stride: stride, count: count)
    else { throw .badFormat }
    return bytes
  }

  /// Calls `body` with every pair of a ziplist.
  mutating func forEachPairOfZiplist(
    _ body: (_ name: ByteView, _ value: ListpackValue) throws(DumpError) -> Void
  ) throws(DumpError) {
    var ziplist = try ZiplistReader(try reader.string())
    while let name = try ziplist.next() {
      guard let value = try ziplist.next() else { throw .badFormat }
      try name.withText { (text) throws(DumpError) in try body(text, value) }
    }
  }
}

extension Listpack {
  /// Number of elements; the header, which may lie in memory that is only read, stays as it is.
  fileprivate var countWithoutStoring: Int {
    var count = 0
    var position = first
    while let here = position {
      count += 1
      position = next(here)
    }
    return count
  }

  /// Whether no two names are the same.
  ///
  /// The names' hashes are sorted and compared: that two of them agree by chance has a probability
  /// of less than 2^-30 for a million names, and refuses a payload at worst.
  fileprivate func hasDifferentNames(stride: Int, count: Int) -> Bool {
    var hashes: [UInt64] = []
    hashes.reserveCapacity(count / stride)
    var position = first
    while let name = position {
      hashes.append(value(at: name).withText { MemberHash.hash($0) })
      position = next(name)
      for _ in 1..<max(1, stride) { position = position.flatMap { next($0) } }
    }
    hashes.sort()
    for index in 1..<max(1, hashes.count) where hashes[index] == hashes[index - 1] {
      return false
    }
    return true
  }
}
