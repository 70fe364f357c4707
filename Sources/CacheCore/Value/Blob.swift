public import Bytes
import Glibc
import Platform
public import Synchronization

/// A large string outside the heap's pages: bytes with a reference count.
///
///     header  0  references u32 | has ETag u8 | reserved
///             8  count
///            16  capacity
///            24  account: pointer to the key space's byte counter, or 0
///     bytes  32  ...
///            32 + capacity  ETag, 8 bytes unaligned: only where there is one
///
/// The key space holds one reference; a reply that is still being written to a socket may hold
/// more. Bytes change in place only while there is a single reference, else the writer copies.
/// Reference counting is explicit because the handle is trivially copyable: it travels through
/// queues and iovecs without retain and release.
public struct Blob: @unchecked Sendable {
  @usableFromInline
  struct Header: ~Copyable {
    @usableFromInline let references: Atomic<UInt32>
    /// In what alignment leaves free.
    var hasETag: Bool
    @usableFromInline var count: Int
    @usableFromInline var capacity: Int
    var account: UnsafeMutablePointer<Atomic<Int>>?
  }

  @usableFromInline
  let header: UnsafeMutablePointer<Header>

  @usableFromInline
  init(header: UnsafeMutablePointer<Header>) { self.header = header }

  @usableFromInline
  static var headerBytes: Int { 32 }

  /// Allocates a blob with one reference, its bytes uninitialised; nil when memory is exhausted.
  ///
  /// - Parameters:
  ///   - count: bytes in use.
  ///   - capacity: bytes to allocate, at least `count`.
  ///   - etag: an ETag to keep with the bytes; nil: none, and no room for one.
  public static func allocate(count: Int, capacity: Int? = nil, etag: Int64? = nil) -> Blob? {
    let room = max(capacity ?? count, count)
    precondition(count >= 0 && room < 1 << 40)
    guard let raw = malloc(headerBytes + room + (etag == nil ? 0 : 8)) else { return nil }
    let header = raw.bindMemory(to: Header.self, capacity: 1)
    header.initialize(
      to: Header(
        references: Atomic(1), hasETag: etag != nil, count: count, capacity: room, account: nil))
    let blob = Blob(header: header)
    if let etag { blob.setETag(etag) }
    return blob
  }

  /// Allocates a copy of `bytes` with one reference; nil when memory is exhausted.
  public init?(copying bytes: ByteView, etag: Int64? = nil) {
    guard let blob = Blob.allocate(count: bytes.count, etag: etag) else { return nil }
    memcpy(blob.base, bytes.base, bytes.count)
    self = blob
  }

  /// Number of bytes in use.
  @inlinable
  public var count: Int { header.pointee.count }

  /// Number of bytes there is room for.
  @inlinable
  public var capacity: Int { header.pointee.capacity }

  /// The first byte.
  @inlinable
  public var base: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(header).advanced(by: 32)
  }

  /// The bytes, valid as long as a reference is held and nobody else changes them.
  @inlinable
  public var bytes: ByteView {
    ByteView(base: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: count)
  }

  /// The bytes for filling; only before the blob is handed over, or while it is unshared.
  @inlinable
  public var mutableBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: count)
  }

  /// Changes the number of bytes in use, within the capacity.
  @inlinable
  public func setCount(_ count: Int) {
    precondition(count >= 0 && count <= header.pointee.capacity)
    header.pointee.count = count
  }

  /// The ETag kept with the bytes; nil when there is none.
  public var etag: Int64? {
    header.pointee.hasETag ? base.loadUnaligned(fromByteOffset: capacity, as: Int64.self) : nil
  }

  /// Changes the ETag of a blob that was made with one; only while it is unshared.
  func setETag(_ etag: Int64) {
    precondition(header.pointee.hasETag)
    base.storeBytes(of: etag, toByteOffset: capacity, as: Int64.self)
  }

  /// Whether the caller's reference is the only one.
  @inlinable
  public var isUnique: Bool { header.pointee.references.load(ordering: .acquiring) == 1 }

  /// Takes another reference.
  @inlinable
  public func retain() {
    header.pointee.references.wrappingAdd(1, ordering: .relaxed)
  }

  /// Gives a reference back; the last one frees the bytes.
  public func release() {
    let left = header.pointee.references.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    assert(left.oldValue > 0)
    if left.newValue == 0 { destroy() }
  }

  /// Bytes the allocator really spends.
  var allocatedBytes: Int { usableBytes(of: UnsafeMutableRawPointer(header)) }

  private func destroy() {
    if let account = header.pointee.account {
      account.pointee.wrappingSubtract(allocatedBytes, ordering: .relaxed)
    }
    free(UnsafeMutableRawPointer(header))
  }
}
