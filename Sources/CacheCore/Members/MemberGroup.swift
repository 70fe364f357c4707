import Bytes
import Platform

/// A bucket of a `MemberTable`, or a group linked to one: a cache line of raw memory.
///
///     0  tag × 9     9  link: 1 when the ninth place holds the next group's address
///     10 address × 9, 48 bits each, unaligned
struct MemberGroup {
  let base: UnsafeMutableRawPointer

  static var byteCount: Int { 64 }
  /// Places in a group.
  static var width: Int { 9 }

  /// The tag of a hash: its top byte, never 0, which means "empty".
  @inline(__always)
  static func tag(of hash: UInt64) -> UInt8 {
    let bits = UInt8(truncatingIfNeeded: hash &>> 56)
    return bits == 0 ? 1 : bits
  }

  /// Empties all places.
  @inline(__always)
  func clear() {
    base.storeBytes(of: 0, as: UInt64.self)
    base.storeBytes(of: 0, toByteOffset: 8, as: UInt16.self)
  }

  /// Which places hold `tag`, as bits.
  @inline(__always)
  func matches(_ tag: UInt8) -> UInt32 {
    // 16 bytes are read, the line has 64.
    matches12(base, tag) & 0x1FF
  }

  @inline(__always)
  var isLinked: Bool { base.load(fromByteOffset: 9, as: UInt8.self) != 0 }

  /// The places of members, as bits.
  @inline(__always)
  var takenPlaces: UInt32 { ~matches12(base, 0) & 0x1FF }

  /// Places that may be filled, as bits; not for linked groups, which are full.
  @inline(__always)
  var freePlaces: UInt32 { matches(0) }

  @inline(__always)
  func tag(_ index: Int) -> UInt8 {
    base.load(fromByteOffset: index, as: UInt8.self)
  }

  @inline(__always)
  func pointer(_ index: Int) -> UnsafeMutableRawPointer {
    assert(index >= 0)
    assert(index < Self.width)
    // The word that ends with the address: it begins inside the line.
    let word = base.loadUnaligned(fromByteOffset: 8 &+ index &* 6, as: UInt64.self)
    return UnsafeMutableRawPointer(bitPattern: UInt(word &>> 16)).unsafelyUnwrapped
  }

  @inline(__always)
  func set(_ index: Int, tag: UInt8, _ pointer: UnsafeMutableRawPointer) {
    base.storeBytes(of: tag, toByteOffset: index, as: UInt8.self)
    setPointer(index, pointer)
  }

  /// Puts another address into a place that is taken.
  @inline(__always)
  func setPointer(_ index: Int, _ pointer: UnsafeMutableRawPointer) {
    let address = UInt64(UInt(bitPattern: pointer))
    precondition(address &>> 48 == 0)
    base.storeBytes(
      of: UInt32(truncatingIfNeeded: address), toByteOffset: 10 &+ index &* 6, as: UInt32.self)
    base.storeBytes(
      of: UInt16(truncatingIfNeeded: address &>> 32), toByteOffset: 14 &+ index &* 6,
      as: UInt16.self)
  }

  @inline(__always)
  func clear(_ index: Int) {
    base.storeBytes(of: 0, toByteOffset: index, as: UInt8.self)
  }

  /// The group behind this one, which is linked.
  @inline(__always)
  var next: MemberGroup { MemberGroup(base: pointer(8)) }

  /// Gives the ninth place to a link; its member was moved.
  func link(to group: MemberGroup) {
    clear(8)
    setPointer(8, group.base)
    base.storeBytes(of: 1, toByteOffset: 9, as: UInt8.self)
  }

  func unlink() {
    base.storeBytes(of: 0, toByteOffset: 9, as: UInt8.self)
  }
}

/// Where a member stands; valid until the table changes.
struct MemberPlace {
  /// The first group of its chain.
  let head: MemberGroup
  let group: MemberGroup
  let index: Int

  /// The member's block.
  @inline(__always)
  var pointer: UnsafeMutableRawPointer {
    get { group.pointer(index) }
    nonmutating set { group.setPointer(index, newValue) }
  }
}

/// Hashes members with a secret of this process, so that nobody can choose members that all fall
/// into one bucket. One secret serves all tables: a member of two sets is hashed once.
enum MemberHash {
  private static let sipHash = SipHash.random()

  @inline(__always)
  static func hash(_ key: ByteView) -> UInt64 { sipHash(key) }
}
