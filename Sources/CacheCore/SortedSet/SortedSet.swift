public import Bytes

/// When a sorted set stops being a listpack.
public struct SortedSetLimits: Sendable {
  /// `zset-max-listpack-entries`.
  public var listpackEntriesMax: Int
  /// `zset-max-listpack-value`, in bytes.
  public var listpackValueBytesMax: Int

  public init(listpackEntriesMax: Int, listpackValueBytesMax: Int) {
    self.listpackEntriesMax = listpackEntriesMax
    self.listpackValueBytesMax = listpackValueBytesMax
  }
}

/// A sorted set: members with scores, in the order of score and bytes.
///
/// Two forms, as in Redis:
///
/// - `listpack`: member, score, member, score … in order, byte for byte as Redis 7 keeps it: a
///   score is an integer where it is one below 2^52, else its shortest text.
/// - `skiplist`: `SortedSetTree`, which is no skip list; clients know the form by this name.
///
/// A listpack becomes a tree when it gets too many members or one that is too long, and stays one.
/// A member with a deadline (`EXPIREMEMBER`) makes it a tree at once.
///
///     let set = SortedSet(object)
///     set.update(member, score: 1.5, limits: limits)
///     var cursor = set.cursor(over: set.ranks(of: range))
///     while let (member, score) = cursor.next() { … }
public struct SortedSet {
  /// The collection.
  public let object: ObjectReference

  /// Takes a collection of type sorted set in hand.
  @inlinable
  public init(_ object: ObjectReference) {
    assert(object.type == .sortedSet)
    self.object = object
  }

  /// Makes an empty sorted set; the caller owns it until it is stored or destroyed.
  ///
  /// - Parameters:
  ///   - countHint: members that are about to be added, and
  ///   - valueHint: the bytes of the first: a set that will not fit into a listpack starts as tree.
  public static func make(
    countHint: Int = 0, valueHint: Int = 0, limits: SortedSetLimits, _ memory: ObjectMemory
  ) -> SortedSet {
    if countHint <= limits.listpackEntriesMax, valueHint <= limits.listpackValueBytesMax {
      let pack = Listpack.make(memory)
      return SortedSet(.make(.sortedSet, .listpack, payload: pack.base, memory))
    }
    let tree = SortedSetTree.make(memory)
    return SortedSet(.make(.sortedSet, .skiplist, payload: tree.root, memory))
  }

  @inline(__always)
  var isListpack: Bool { object.encoding == .listpack }

  /// Whether it is stored as a listpack.
  public var isCompact: Bool { isListpack }

  @inline(__always)
  var memory: ObjectMemory { object.memory }

  @inline(__always)
  var pack: Listpack {
    get { Listpack(base: object.header.pointee.payload.unsafelyUnwrapped) }
    nonmutating set { object.header.pointee.payload = newValue.base }
  }

  @inline(__always)
  var tree: SortedSetTree {
    let root = object.header.pointee.payload.unsafelyUnwrapped
      .assumingMemoryBound(to: SortedSetTree.Root.self)
    return SortedSetTree(root: root, memory: memory)
  }

  /// Number of members.
  public var count: Int { isListpack ? pack.count / 2 : tree.count }

  // MARK: Reading

  /// The score of a member; nil when it is not there.
  ///
  /// - Complexity: O(1), O(n) in a listpack.
  public func score(of member: ByteView) -> Double? {
    if !isListpack { return tree.member(member)?.score }
    let pack = pack
    guard let found = pack.find(member, from: pack.first, skipping: 1) else { return nil }
    return Self.score(pack.value(at: pack.after(found)))
  }

  /// How many members come before a member, and its score; nil when it is not there.
  ///
  /// - Parameter reversed: whether to count those behind it instead.
  /// - Complexity: O(log n), O(n) in a listpack.
  public func rank(of member: ByteView, reversed: Bool) -> (rank: Int, score: Double)? {
    if !isListpack {
      let tree = tree
      guard let found = tree.member(member) else { return nil }
      let score = found.score
      let rank = tree.rank(of: SortedSetBound(kind: .element, score: score, bytes: found.bytes))
      return (reversed ? tree.count - 1 - rank : rank, score)
    }
    let pack = pack
    let wanted = ListpackValue(encoding: member)
    var position = pack.first
    var rank = 0
    while let present = position {
      let scorePosition = pack.after(present)
      if pack.matches(present, wanted) {
        let score = Self.score(pack.value(at: scorePosition))
        return (reversed ? count - 1 - rank : rank, score)
      }
      rank += 1
      position = pack.next(scorePosition)
    }
    return nil
  }

  /// The score that a listpack keeps.
  @inline(__always)
  static func score(_ value: ListpackValue) -> Double {
    switch value {
    case .integer(let number): return Double(number)
    case .bytes(let text): return FloatText.parse(text) ?? 0
    }
  }

  // MARK: Changing

  /// Whether and how a member gets a score.
  public struct UpdateOptions: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Only members that are not there.
    public static let ifAbsent = UpdateOptions(rawValue: 1)
    /// Only members that are there.
    public static let ifPresent = UpdateOptions(rawValue: 2)
    /// A member that is there only gets a higher score,
    public static let ifGreater = UpdateOptions(rawValue: 4)
    /// or a lower one.
    public static let ifLess = UpdateOptions(rawValue: 8)
    /// The score is added to that of a member that is there.
    public static let increment = UpdateOptions(rawValue: 16)
  }

  /// What `update` did.
  public enum UpdateOutcome: Sendable {
    /// The member is new.
    case added
    /// It was there and has another score now.
    case changed
    /// It was there and has that score already.
    case same
    /// The options did not let it.
    case refused
    /// The sum is no number; nothing was changed.
    case notANumber
  }

  /// Gives a member a score, adding it if it is not there.
  ///
  /// - Parameter score: no NaN.
  /// - Returns: what was done, and the score that the member has now.
  /// - Complexity: O(log n), O(n) in a listpack.
  @discardableResult
  public func update(
    _ member: ByteView, score: Double, _ options: UpdateOptions = [], limits: SortedSetLimits
  ) -> (outcome: UpdateOutcome, score: Double) {
    assert(!score.isNaN)
    return isListpack
      ? updateListpack(member, score, options, limits) : updateTree(member, score, options)
  }

  @inline(__always)
  private func updateTree(
    _ bytes: ByteView, _ score: Double, _ options: UpdateOptions
  ) -> (outcome: UpdateOutcome, score: Double) {
    let tree = tree
    let hash = MemberHash.hash(bytes)
    guard let member = tree.member(bytes, hash: hash) else {
      if options.contains(.ifPresent) { return (.refused, score) }
      tree.insert(bytes, hash: hash, score: score)
      return (.added, score)
    }
    let old = member.score
    let (outcome, wanted) = Self.decide(old, score, options)
    if case .changed = outcome { tree.update(member, score: wanted) }
    return (outcome, wanted)
  }

  /// What happens to a member with the score `old`.
  @inline(__always)
  static func decide(
    _ old: Double, _ score: Double, _ options: UpdateOptions
  ) -> (outcome: UpdateOutcome, score: Double) {
    if options.isEmpty { return (old == score ? .same : .changed, score) }
    if options.contains(.ifAbsent) { return (.refused, old) }
    var score = score
    if options.contains(.increment) {
      score += old
      if score.isNaN { return (.notANumber, old) }
    }
    if options.contains(.ifGreater) && score <= old { return (.refused, old) }
    if options.contains(.ifLess) && score >= old { return (.refused, old) }
    return (old == score ? .same : .changed, score)
  }

  /// Removes a member.
  ///
  /// - Returns: whether it was there.
  /// - Complexity: O(log n), O(n) in a listpack.
  public func remove(_ member: ByteView) -> Bool {
    if !isListpack {
      let tree = tree
      guard let found = tree.member(member) else { return false }
      tree.remove(found)
      return true
    }
    var pack = pack
    guard let found = pack.find(member, from: pack.first, skipping: 1) else { return false }
    pack.remove(found, count: 2, memory)
    self.pack = pack
    return true
  }

  /// Removes the members of a range of ranks, all of which are there.
  ///
  /// - Complexity: O(log n + number removed)
  public func remove(_ ranks: Range<Int>) {
    if ranks.isEmpty { return }
    if !isListpack { return tree.removeRange(ranks) }
    var pack = pack
    pack.removeRange(index: ranks.lowerBound * 2, count: ranks.count * 2, memory)
    self.pack = pack
  }

  /// Turns a listpack into a tree.
  func convertToTree() {
    assert(isListpack)
    let tree = SortedSetTree.make(memory)
    let pack = pack
    var position = pack.first
    while let present = position {
      let scorePosition = pack.after(present)
      let score = Self.score(pack.value(at: scorePosition))
      pack.value(at: present).withText { tree.insert($0, score: score) }
      position = pack.next(scorePosition)
    }
    pack.destroy(memory)
    object.header.pointee.encoding = .skiplist
    object.header.pointee.payload = UnsafeMutableRawPointer(tree.root)
  }
}
