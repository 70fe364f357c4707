import Bytes
import Glibc
import Platform

/// A set's member or a hash's field with its value, in memory of its own.
///
///     b0       key length:6 | timed:1 | long value:1       key length 63: it follows as u64
///     [u64]    key length of 63 bytes and more
///     [u8|u64] value length (hashes only); u64 when "long value" is set
///     [u32]    place in the heap of deadlines, when "timed" is set
///     key, value
///
/// So a set's member costs one byte beside its text and a hash's field two, before the allocator
/// rounds up.
enum SetMember: MemberBlockKind {
  static var hasValue: Bool { false }
}

/// The block of a hash's field; see `SetMember`.
enum HashField: MemberBlockKind {
  static var hasValue: Bool { true }
}

/// What kinds of block have in common.
protocol MemberBlockKind: TimedMember {
  static var hasValue: Bool { get }
}

extension MemberBlockKind {
  @inline(__always)
  static func key(of pointer: UnsafeMutableRawPointer) -> ByteView {
    MemberBlock<Self>(base: pointer).key
  }

  @inline(__always)
  static func heapIndex(of pointer: UnsafeMutableRawPointer) -> Int {
    MemberBlock<Self>(base: pointer).heapIndex
  }

  @inline(__always)
  static func setHeapIndex(of pointer: UnsafeMutableRawPointer, to index: Int) {
    MemberBlock<Self>(base: pointer).heapIndex = index
  }
}

/// Reads and writes a block. Trivially copyable; owns nothing.
struct MemberBlock<Kind: MemberBlockKind> {
  let base: UnsafeMutableRawPointer

  @inline(__always)
  init(base: UnsafeMutableRawPointer) { self.base = base }

  /// Allocates a block for `key` and, in a hash, `value`.
  @inline(__always)
  static func make(
    _ key: ByteView, _ value: ByteView, isTimed: Bool = false, _ memory: ObjectMemory
  ) -> MemberBlock {
    let shape = MemberShape(
      keyCount: key.count, valueCount: Kind.hasValue ? value.count : -1, isTimed: isTimed)
    let block = MemberBlock(base: memory.allocate(shape.byteCount))
    shape.writeHeader(to: block.base)
    memcpy(block.base + shape.keyOffset, key.base, key.count)
    if Kind.hasValue {
      memcpy(block.base + shape.keyOffset + key.count, value.base, value.count)
    }
    return block
  }

  @inline(__always)
  private var lead: UInt8 { base.load(as: UInt8.self) }

  /// Whether the member has a deadline.
  @inline(__always)
  var isTimed: Bool { lead & 0x40 != 0 }

  @inline(__always)
  private var lengthsEnd: Int {
    let lead = lead
    var offset = lead & 63 == 63 ? 9 : 1
    if Kind.hasValue { offset &+= lead & 0x80 != 0 ? 8 : 1 }
    return offset
  }

  @inline(__always)
  private var keyCount: Int {
    let short = Int(lead & 63)
    if short < 63 { return short }
    return base.loadUnaligned(fromByteOffset: 1, as: Int.self)
  }

  @inline(__always)
  private func view(_ offset: Int, _ count: Int) -> ByteView {
    ByteView(
      base: UnsafePointer((base + offset).assumingMemoryBound(to: UInt8.self)), count: count)
  }

  /// The member, or the field's name.
  @inline(__always)
  var key: ByteView {
    let offset = lengthsEnd &+ (isTimed ? 4 : 0)
    return view(offset, keyCount)
  }

  /// The field's value.
  @inline(__always)
  var value: ByteView {
    let lead = lead
    let start = lead & 63 == 63 ? 9 : 1
    let count: Int
    let end: Int
    if lead & 0x80 != 0 {
      count = base.loadUnaligned(fromByteOffset: start, as: Int.self)
      end = start &+ 8
    } else {
      count = Int(base.load(fromByteOffset: start, as: UInt8.self))
      end = start &+ 1
    }
    return view(end &+ (isTimed ? 4 : 0) &+ keyCount, count)
  }

  /// Where it stands in the heap of deadlines; only when it is timed.
  @inline(__always)
  var heapIndex: Int {
    get {
      assert(isTimed)
      return Int(base.loadUnaligned(fromByteOffset: lengthsEnd, as: UInt32.self))
    }
    nonmutating set {
      assert(isTimed)
      base.storeBytes(of: UInt32(newValue), toByteOffset: lengthsEnd, as: UInt32.self)
    }
  }

  /// Bytes in use.
  var byteCount: Int {
    lengthsEnd &+ (isTimed ? 4 : 0) &+ keyCount &+ (Kind.hasValue ? value.count : 0)
  }

  /// Gives the field another value.
  ///
  /// - Parameter value: may lie in this block.
  /// - Returns: the block now; it stays where it is while the size is about the same.
  func setValue(_ value: ByteView, _ memory: ObjectMemory) -> MemberBlock {
    precondition(Kind.hasValue)
    let shape = MemberShape(keyCount: keyCount, valueCount: value.count, isTimed: isTimed)
    let isLong = lead & 0x80 != 0
    let room = memory.usableBytes(of: base)
    if isLong == (value.count > 255), shape.byteCount <= room, shape.byteCount &* 2 &+ 32 > room {
      let start = lead & 63 == 63 ? 9 : 1
      if isLong {
        base.storeBytes(of: value.count, toByteOffset: start, as: Int.self)
      } else {
        base.storeBytes(of: UInt8(value.count), toByteOffset: start, as: UInt8.self)
      }
      memmove(base + shape.keyOffset + keyCount, value.base, value.count)
      return self
    }
    return remake(key, value, isTimed: isTimed, memory)
  }

  /// Makes room for a deadline, or takes it away; the block moves.
  func setTimed(_ isTimed: Bool, _ memory: ObjectMemory) -> MemberBlock {
    if isTimed == self.isTimed { return self }
    return remake(key, Kind.hasValue ? value : .empty, isTimed: isTimed, memory)
  }

  /// A new block with the same place in the heap; frees this one.
  private func remake(
    _ key: ByteView, _ value: ByteView, isTimed: Bool, _ memory: ObjectMemory
  ) -> MemberBlock {
    let fresh = MemberBlock.make(key, value, isTimed: isTimed, memory)
    if isTimed, self.isTimed { fresh.heapIndex = heapIndex }
    memory.release(base)
    return fresh
  }
}

/// Where the parts of a block lie, from their lengths.
struct MemberShape {
  let keyCount: Int
  /// -1: no value.
  let valueCount: Int
  let isTimed: Bool

  @inline(__always)
  var keyOffset: Int {
    var offset = keyCount >= 63 ? 9 : 1
    if valueCount >= 0 { offset &+= valueCount > 255 ? 8 : 1 }
    return offset &+ (isTimed ? 4 : 0)
  }

  @inline(__always)
  var byteCount: Int { keyOffset &+ keyCount &+ max(0, valueCount) }

  /// Writes everything before the key; the place in the heap is left to the heap.
  @inline(__always)
  func writeHeader(to base: UnsafeMutableRawPointer) {
    var lead = UInt8(truncatingIfNeeded: min(keyCount, 63))
    if isTimed { lead |= 0x40 }
    if valueCount > 255 { lead |= 0x80 }
    base.storeBytes(of: lead, as: UInt8.self)
    var offset = 1
    if keyCount >= 63 {
      base.storeBytes(of: keyCount, toByteOffset: 1, as: Int.self)
      offset = 9
    }
    if valueCount > 255 {
      base.storeBytes(of: valueCount, toByteOffset: offset, as: Int.self)
    } else if valueCount >= 0 {
      base.storeBytes(of: UInt8(valueCount), toByteOffset: offset, as: UInt8.self)
    }
  }
}
