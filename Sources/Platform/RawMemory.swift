public import CPlatform

/// Bytes the allocator really spends on what `malloc` returned.
@inlinable
public func usableBytes(of pointer: UnsafeMutableRawPointer) -> Int {
  cp_usable_size(pointer)
}

/// Address space that is reserved once and gets memory behind it from the front on, so that what
/// lies in it never moves and can be named by small offsets.
///
/// Reserving is PROT_NONE: it costs nothing, not even under overcommit mode 2. What was committed
/// once stays readable for ever (decommitting drops the memory, not the mapping), so a stale
/// offset reads rubbish at worst and never faults.
///
/// Not thread-safe: the owner's lock guards `commit`.
public struct ReservedRegion: ~Copyable {
  /// First byte, page-aligned.
  public let base: UnsafeMutableRawPointer
  /// Bytes of address space.
  public let reservedBytes: Int
  /// Bytes from `base` on that may be touched.
  public private(set) var committedBytes = 0

  /// Memory is committed in steps of this size, to keep system calls rare.
  public static var commitStepBytes: Int { 4 << 20 }

  /// Reserves `bytes`, or half of it, and so on down to `bytesMin`; nil when even that is refused.
  public init?(bytes: Int, atLeast bytesMin: Int) {
    var size = bytes
    while true {
      if let start = cp_reserve(size) {
        base = start
        reservedBytes = size
        return
      }
      size /= 2
      if size < bytesMin { return nil }
    }
  }

  deinit { cp_release(base, reservedBytes) }

  /// Makes the first `bytes` bytes usable. False: the system or the reserve is exhausted.
  public mutating func commit(upTo bytes: Int) -> Bool {
    if bytes <= committedBytes { return true }
    guard bytes <= reservedBytes else { return false }
    let step = Self.commitStepBytes
    let target = min((bytes + step - 1) / step * step, reservedBytes)
    let start = base + committedBytes
    guard cp_commit(start, target - committedBytes) == 0 else { return false }
    committedBytes = target
    return true
  }

  /// Gives the memory of a committed range back to the system; it reads as zero afterwards.
  public func decommit(offset: Int, bytes: Int) {
    precondition(offset >= 0 && bytes >= 0 && offset + bytes <= committedBytes)
    _ = cp_decommit(base + offset, bytes)
  }

  /// Makes a filled range of 2 MB, aligned to as much, one huge page.
  ///
  /// - Returns: false when this system cannot do that at all.
  public func collapseIntoHugePage(offset: Int, bytes: Int) -> Bool {
    precondition(offset >= 0 && bytes >= 0 && offset + bytes <= committedBytes)
    return cp_collapse(base + offset, bytes) != 0
  }
}

/// Starts loading the cache line at `pointer`; any address is allowed.
@inlinable
public func prefetch(_ pointer: UnsafeRawPointer) {
  cp_prefetch(pointer)
}

/// Fills the buffer from the system's random source.
public func fillRandomly(_ buffer: UnsafeMutableRawBufferPointer) {
  guard let base = buffer.baseAddress else { return }
  cp_random(base, buffer.count)
}

// MARK: Racing readers

/// A read that races with a writer on purpose; what it returns is a hint, to be verified under
/// the lock.
@inlinable
public func racyLoad8(_ pointer: UnsafeRawPointer) -> UInt8 { cp_racy_u8(pointer) }

/// A 32-bit `racyLoad8`.
@inlinable
public func racyLoad32(_ pointer: UnsafeRawPointer) -> UInt32 { cp_racy_u32(pointer) }

/// A 64-bit `racyLoad8`.
@inlinable
public func racyLoad64(_ pointer: UnsafeRawPointer) -> UInt64 { cp_racy_u64(pointer) }

/// A racing read after which everything published before the value is visible.
@inlinable
public func racyAcquire32(_ pointer: UnsafeRawPointer) -> UInt32 { cp_racy_acquire_u32(pointer) }

/// Copies bytes that somebody may be changing.
@inlinable
public func racyCopy(
  to target: UnsafeMutableRawPointer, from source: UnsafeRawPointer, count: Int
) {
  cp_racy_copy(target, source, count)
}

/// A store that racing readers may see: everything written before it is visible with it.
@inlinable
public func publish32(_ pointer: UnsafeMutablePointer<UInt32>, _ value: UInt32) {
  cp_publish_u32(pointer, value)
}

/// `publish32` for an address.
@inlinable
public func publishPointer<Pointee>(
  _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<Pointee>?>,
  _ value: UnsafeMutablePointer<Pointee>
) {
  cp_publish_u64(pointer, UInt64(UInt(bitPattern: value)))
}

/// Which of the 12 bytes at `pointer` equal `byte`, as a bit mask. 16 bytes are read.
@inlinable
public func matches12(_ pointer: UnsafeRawPointer, _ byte: UInt8) -> UInt32 {
  cp_match12(pointer, byte)
}

/// errno of the last refused call.
public func systemErrorCode() -> Int32 { cp_errno() }

/// `matches12` for bytes that somebody may be changing.
@inlinable
public func racyMatches12(_ pointer: UnsafeRawPointer, _ byte: UInt8) -> UInt32 {
  cp_racy_match12(pointer, byte)
}
