/// An entry that may be evicted, as its owner describes it.
public struct EvictionCandidate: Sendable {
  /// The owner's name for the entry; the policy only hands it back.
  public var reference: UInt64
  /// When the entry expires, in milliseconds of the owner's clock; `noExpiry` without a TTL.
  public var expiryMilliseconds: Int64
  /// The entry's access bits.
  public var access: AccessBits

  /// The expiry of an entry without a TTL.
  public static let noExpiry = Int64.max

  /// A candidate of the owner's facts.
  public init(reference: UInt64, access: AccessBits, expiryMilliseconds: Int64 = noExpiry) {
    self.reference = reference
    self.access = access
    self.expiryMilliseconds = expiryMilliseconds
  }
}

/// The entries sampled for one eviction, at most 128, without allocation.
public struct CandidateSet: ~Copyable {
  /// How many candidates are kept; what more is added is dropped.
  public static let capacity = 128

  private var items = InlineArray<128, EvictionCandidate>(
    repeating: EvictionCandidate(reference: 0, access: AccessBits(rawValue: 0)))
  private let volatileOnly: Bool

  /// How many candidates there are.
  public private(set) var count = 0

  init(volatileOnly: Bool) { self.volatileOnly = volatileOnly }

  /// Adds an entry, unless the policy takes only entries with a TTL and this one has none.
  public mutating func add(_ candidate: EvictionCandidate) {
    if volatileOnly && candidate.expiryMilliseconds == EvictionCandidate.noExpiry { return }
    if count == Self.capacity { return }
    items[count] = candidate
    count += 1
  }

  subscript(_ index: Int) -> EvictionCandidate {
    get { items[index] }
    set { items[index] = newValue }
  }

  /// Takes a candidate out; the last one takes its place.
  mutating func remove(at index: Int) {
    assert(index < count)
    count -= 1
    items[index] = items[count]
  }
}

/// A key's place in 4 bytes, as the small queue remembers it.
///
/// ```
/// | shard:6, the hash's top bits | bucket:26, the hash's low bits |
/// ```
///
/// 26 bits choose among 67 million buckets of a shard. The word names no entry exactly: another
/// small entry of the same bucket matches with a chance of about 1 in 500, and is then
/// judged early, which does no harm.
public struct SmallQueueWord: Equatable, Sendable {
  /// The 32 bits.
  public let rawValue: UInt32

  /// How many low bits of the hash are kept.
  public static let lowBits: UInt32 = 26

  init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The word of a key's hash.
  public init(hash: UInt64) {
    rawValue =
      UInt32(truncatingIfNeeded: hash >> 58) << Self.lowBits
      | UInt32(truncatingIfNeeded: hash) & (1 << Self.lowBits - 1)
  }

  /// The hash's top 6 bits.
  public var shard: UInt8 { UInt8(rawValue >> Self.lowBits) }

  /// The hash's low 26 bits.
  public var hashLow: UInt32 { rawValue & (1 << Self.lowBits - 1) }
}

/// What looking for an entry of the small queue found.
public enum SmallEntryLookup: Sendable {
  /// An entry with this hash, whose access bits say that it is in the small queue.
  case found(EvictionCandidate)
  /// No such entry: deleted, expired, or no longer in the small queue.
  case absent
  /// The entry's shard is locked by someone else; try another.
  case busy
}

/// The owner's side of an eviction: where candidates come from.
///
/// The owner calls `Evictor.chooseVictim` holding its own shard's lock and no other. These
/// methods run under that lock; to look into another shard they must *try* that shard's lock,
/// add nothing (or answer `busy`) when it is taken, and leave it before they return. So two
/// evicting threads cannot wait for each other.
public protocol CandidateSource: ~Copyable {
  /// Adds the entries of a random bucket of the caller's own shard.
  mutating func sampleOwnShard(random: UInt64, into candidates: inout CandidateSet)

  /// Adds the entries of a random bucket of a random other shard; nothing if that is locked.
  mutating func sampleOtherShard(random: UInt64, into candidates: inout CandidateSet)

  /// Adds some entries that have a TTL, drawn from the timing wheel.
  ///
  /// Called under the volatile policies when random buckets held hardly any, so that one
  /// volatile key among millions is still found.
  mutating func sampleExpiring(random: UInt64, into candidates: inout CandidateSet)

  /// Looks in the bucket that `word` names for an entry that has the small flag and whose key's
  /// hash gives the same word.
  mutating func findSmallEntry(_ word: SmallQueueWord) -> SmallEntryLookup

  /// Stores new access bits in an entry that one of the methods above delivered.
  ///
  /// Does nothing if the entry is gone or its shard is locked.
  mutating func setAccess(_ access: AccessBits, of reference: UInt64)
}
