public import Bytes

/// A key's 64-bit keyed hash. Its top 6 bits name the shard, the next 8 are the tag kept in the
/// table, the low 32 choose the bucket.
public struct KeyHash: Equatable, Sendable {
  /// All 64 bits.
  public let rawValue: UInt64

  /// Wraps a hash that `Keyspace.hash(_:)` computed.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The shard that holds the key.
  @inlinable
  public var shard: ShardIndex {
    ShardIndex(rawValue: UInt8(truncatingIfNeeded: rawValue &>> 58))
  }

  /// What the table stores beside the handle: never 0, which means "empty".
  @inlinable
  var tag: UInt8 {
    let bits = UInt8(truncatingIfNeeded: rawValue &>> 50)
    return bits == 0 ? 1 : bits
  }
}

/// A key with its hash, so that it is hashed once a request.
public struct HashedKey {
  /// The key; the caller keeps the bytes alive.
  public let bytes: ByteView
  /// Its hash.
  public let hash: KeyHash

  /// Joins a key and the hash that belongs to it.
  @inlinable
  public init(bytes: ByteView, hash: KeyHash) {
    self.bytes = bytes
    self.hash = hash
  }
}

/// One of the 64 shards.
public struct ShardIndex: Hashable, Comparable, Sendable {
  /// How many shards there are.
  public static var count: Int { 64 }

  /// 0...63.
  public let rawValue: UInt8

  /// Wraps a number below 64.
  @inlinable
  public init(rawValue: UInt8) {
    precondition(rawValue < 64)
    self.rawValue = rawValue
  }

  /// Order by number, which is the order of locking.
  @inlinable
  public static func < (left: ShardIndex, right: ShardIndex) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// A set of shards, to be locked together.
public struct ShardSet: Equatable, Sendable {
  /// Bit i stands for shard i.
  public var bits: UInt64

  /// Makes a set from its bits.
  @inlinable
  public init(bits: UInt64 = 0) { self.bits = bits }

  /// Every shard.
  @inlinable
  public static var all: ShardSet { ShardSet(bits: .max) }

  /// Adds a shard.
  @inlinable
  public mutating func insert(_ shard: ShardIndex) {
    bits |= 1 &<< UInt64(shard.rawValue)
  }

  /// Adds all of `other`'s shards.
  @inlinable
  public mutating func formUnion(_ other: ShardSet) { bits |= other.bits }

  /// The shards of both sets.
  @inlinable
  public func union(_ other: ShardSet) -> ShardSet { ShardSet(bits: bits | other.bits) }

  /// Whether `shard` is in the set.
  @inlinable
  public func contains(_ shard: ShardIndex) -> Bool {
    bits & (1 &<< UInt64(shard.rawValue)) != 0
  }
}

/// One of the logical databases (SELECT).
public struct DatabaseIndex: Hashable, Sendable {
  /// 0 up to `KeyspaceConfiguration.databaseCount`.
  public let rawValue: UInt8

  /// Wraps a number; the caller has checked it against the configured count.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The database every connection starts with.
  @inlinable
  public static var zero: DatabaseIndex { DatabaseIndex(rawValue: 0) }
}

/// Names an entry: its address in the heap, in units of 8 bytes. Valid while its shard stays
/// locked and nothing else changes that key.
public struct EntryHandle: Hashable, Sendable {
  /// The address in 8-byte units; 0 names nothing.
  public let rawValue: UInt32

  /// Wraps an address.
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// What a key holds, as TYPE names it.
public enum ValueType: UInt8, Sendable {
  case string
  case list
  case set
  case sortedSet
  case hash
  case stream
}

/// How a string is stored, as OBJECT ENCODING names it.
public enum StringEncoding: Sendable {
  /// A decimal number of 64 bits in its canonical form.
  case int
  /// At most 44 bytes.
  case embstr
  /// Longer, or changed in place once.
  case raw
}

/// Why an entry is looked up.
public enum AccessMode: Sendable {
  /// A user reads: counts a hit or miss, updates the eviction state.
  case touch
  /// A user asks about the key (TTL, TYPE, EXISTS, OBJECT) or reads it in NO-TOUCH mode: counts a
  /// hit or miss, leaves the eviction state as it is.
  case inspect
  /// A user is about to write: updates the eviction state, counts nothing.
  case write
  /// Neither: what the server itself wants to know.
  case peek

  /// Whether hits and misses are counted.
  @inline(__always)
  var counts: Bool { self == .touch || self == .inspect }
}

/// What a write does to a key's expiry.
public enum ExpiryUpdate: Sendable {
  /// The key lives on without one.
  case clear
  /// It keeps the one it has.
  case keep
  /// Cache time in milliseconds.
  case at(Int64)
}

/// Why a write did not happen.
public enum CacheError: Error {
  /// The reserved region or the allocator is exhausted; nothing was changed.
  case outOfMemory
}

/// Why a keyspace could not be made.
public struct KeyspaceStartError: Error {
  /// A sentence for the log.
  public let message: StaticString
  /// The number of bytes that were asked for last.
  public let bytes: Int
  /// errno of the refusal.
  public let code: Int32
}
