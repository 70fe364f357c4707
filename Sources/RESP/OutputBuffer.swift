public import Bytes
public import Glibc

/// Bytes waiting to be sent, with places where foreign memory is to be spliced in.
///
///     bytes     +OK CRLF $1048576 CRLF | CRLF :1 CRLF
///     splices                          ^ position 15: 1 MB at 0x7f..., owner 0x7f...
///
/// Small replies are copied; a big value is only pointed to and leaves by `writev`. Its owner is
/// kept alive by whoever added the splice and released by whoever has sent it; the buffer itself
/// only carries the pointers.
public struct OutputBuffer: ~Copyable {
  /// Memory that stands between two bytes of the buffer.
  public struct Splice {
    /// Number of buffer bytes that come before it.
    public let position: Int

    /// The foreign bytes.
    public let bytes: ByteView

    /// What keeps the bytes alive; its meaning is the server's business.
    public let owner: UnsafeMutableRawPointer
  }

  @usableFromInline var base: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  @usableFromInline var filled = 0
  private var spliceBase: UnsafeMutablePointer<Splice>?
  private var spliceCapacity = 0

  /// Number of splices.
  public private(set) var spliceCount = 0

  /// Makes an empty buffer.
  ///
  /// - Parameter capacity: bytes of memory taken at once.
  public init(capacity: Int) {
    precondition(capacity > 0)
    base = Self.allocate(capacity)
    self.capacity = capacity
  }

  deinit {
    free(base)
    spliceBase?.deallocate()
  }

  /// Number of bytes, splices not counted.
  @inlinable public var count: Int { filled }

  /// Whether there is nothing to send.
  @inlinable public var isEmpty: Bool { filled == 0 }

  /// The bytes, splices left out. Valid until the next change.
  @inlinable public var bytes: ByteView {
    ByteView(base: UnsafePointer(base), count: filled)
  }

  /// The splices in order of position. Valid until the next change.
  public var splices: UnsafeBufferPointer<Splice> {
    UnsafeBufferPointer(start: spliceBase.map { UnsafePointer($0) }, count: spliceCount)
  }

  /// Bytes of memory held, splices' own memory not counted.
  public var memoryUsage: Int {
    capacity + spliceCapacity * MemoryLayout<Splice>.stride
  }

  /// Makes room and returns the place to write to; `advance(by:)` says how much was written.
  @inlinable
  public mutating func reserve(_ length: Int) -> UnsafeMutablePointer<UInt8> {
    if capacity &- filled < length { grow(toFit: length) }
    return base + filled
  }

  /// Takes note that `length` bytes were written to the place that `reserve` gave.
  @inlinable
  public mutating func advance(by length: Int) {
    precondition(length <= capacity &- filled)
    filled &+= length
  }

  /// Appends a copy of `bytes`.
  @inlinable
  public mutating func append(_ bytes: ByteView) {
    let place = reserve(bytes.count)
    memcpy(place, bytes.base, bytes.count)
    filled &+= bytes.count
  }

  /// Appends text fixed at compile time.
  @inlinable
  @inline(__always)
  public mutating func append(_ text: StaticString) {
    append(ByteView(text))
  }

  /// Appends one byte.
  @inlinable
  public mutating func append(_ byte: UInt8) {
    reserve(1).pointee = byte
    filled &+= 1
  }

  /// Points to foreign bytes that are to be sent at this place.
  ///
  /// - Parameter owner: what keeps them alive, already retained for this purpose.
  public mutating func splice(_ bytes: ByteView, owner: UnsafeMutableRawPointer) {
    if spliceCount == spliceCapacity {
      let larger = UnsafeMutablePointer<Splice>.allocate(capacity: max(8, spliceCapacity * 2))
      if let old = spliceBase {
        larger.moveInitialize(from: old, count: spliceCount)
        old.deallocate()
      }
      spliceBase = larger
      spliceCapacity = max(8, spliceCapacity * 2)
    }
    (spliceBase! + spliceCount).initialize(
      to: Splice(position: filled, bytes: bytes, owner: owner))
    spliceCount += 1
  }

  /// Forgets everything. The caller has seen to the splices' owners.
  @inlinable
  public mutating func removeAll() {
    filled = 0
    if spliceCount != 0 { forgetSplices(from: 0) }
  }

  /// Cuts the buffer back to an earlier length.
  ///
  /// - Parameter release: is given the owners of the splices cut off.
  public mutating func truncate(
    to length: Int, splices kept: Int = 0, release: (UnsafeMutableRawPointer) -> Void
  ) {
    precondition(length <= filled && kept <= spliceCount)
    for index in kept..<spliceCount { release(splices[index].owner) }
    forgetSplices(from: kept)
    filled = length
  }

  @usableFromInline
  mutating func forgetSplices(from first: Int) {
    spliceCount = first
  }

  /// Takes note that the bytes behind `start` have moved.
  mutating func moveSplices(after start: Int, by distance: Int) {
    guard let spliceBase else { return }
    for index in 0..<spliceCount where spliceBase[index].position > start {
      let old = spliceBase[index]
      spliceBase[index] = Splice(
        position: old.position + distance, bytes: old.bytes, owner: old.owner)
    }
  }

  /// Gives memory back when more than `limit` bytes are held. The buffer must be empty.
  public mutating func shrink(to limit: Int) {
    guard capacity > limit, filled == 0 else { return }
    free(base)
    base = Self.allocate(limit)
    capacity = limit
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt8> {
    guard let memory = malloc(capacity) else { preconditionFailure("out of memory") }
    return memory.assumingMemoryBound(to: UInt8.self)
  }

  @usableFromInline
  @inline(never)
  mutating func grow(toFit length: Int) {
    var larger = capacity * 2
    while larger - filled < length { larger *= 2 }
    guard let moved = realloc(base, larger) else { preconditionFailure("out of memory") }
    base = moved.assumingMemoryBound(to: UInt8.self)
    capacity = larger
  }
}
