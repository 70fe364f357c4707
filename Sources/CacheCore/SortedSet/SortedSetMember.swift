import Bytes
import Glibc

/// A member of a large sorted set: its score and its bytes, stored once; tree and index point here.
///
///      0  score f64
///      8  length u8; 255: the length follows in 8 bytes
///      9  the bytes (or 17)
///
/// A member never moves while it is in the set, whatever happens to its score.
struct SortedSetMember {
  let base: UnsafeMutableRawPointer

  @inline(__always)
  init(base: UnsafeMutableRawPointer) { self.base = base }

  /// Allocates a member.
  static func make(
    _ bytes: ByteView, score: Double, _ memory: ObjectMemory
  ) -> SortedSetMember {
    let member = SortedSetMember(base: memory.allocate(blockBytes(bytes.count)))
    member.score = score
    var start = member.base + 9
    if bytes.count < longMark {
      member.base.storeBytes(of: UInt8(bytes.count), toByteOffset: 8, as: UInt8.self)
    } else {
      member.base.storeBytes(of: UInt8(longMark), toByteOffset: 8, as: UInt8.self)
      start.storeBytes(of: bytes.count, as: Int.self)
      start += 8
    }
    start.copyMemory(from: bytes.base, byteCount: bytes.count)
    return member
  }

  private static var longMark: Int { 255 }

  /// Bytes to allocate for a member of `count` bytes.
  static func blockBytes(_ count: Int) -> Int { count + (count < longMark ? 9 : 17) }

  /// What `make` took, rounded up as allocators do.
  var usedBytes: Int { (Self.blockBytes(bytes.count) + 15) & ~15 }

  var score: Double {
    @inline(__always) get { base.load(as: Double.self) }
    @inline(__always) nonmutating set { base.storeBytes(of: newValue, as: Double.self) }
  }

  @inline(__always)
  var bytes: ByteView {
    let short = Int(base.load(fromByteOffset: 8, as: UInt8.self))
    let start = base.assumingMemoryBound(to: UInt8.self)
    if short < Self.longMark { return ByteView(base: start + 9, count: short) }
    let count = base.loadUnaligned(fromByteOffset: 9, as: Int.self)
    return ByteView(base: start + 17, count: count)
  }

  @inline(__always)
  static func == (left: SortedSetMember, right: SortedSetMember) -> Bool {
    left.base == right.base
  }
}

/// How the index reads members.
enum SortedSetEntry: MemberEntry {
  @inline(__always)
  static func key(of pointer: UnsafeMutableRawPointer) -> ByteView {
    SortedSetMember(base: pointer).bytes
  }
}

extension ByteView {
  /// Negative, 0 or positive: the order in which members of equal score stand.
  @inline(__always)
  func order(against other: ByteView) -> Int {
    let order = memcmp(base, other.base, Swift.min(count, other.count))
    return order != 0 ? Int(order) : count &- other.count
  }
}
