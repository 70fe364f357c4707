public import Bytes

/// The arguments of parsed requests, one after the other in one growable array.
///
///     requests   SET k v            GET k      ...
///     slots      [SET][k][v]        [GET][k]   ...
///                 ^ first = 0        ^ first = 3
///
/// A loop owns one store and empties it after each batch, so parsing allocates nothing once the
/// array has grown to the size of the busiest batch. A connection with an unfinished request owns
/// another one, because its bytes move when its buffer grows (see `rebase`).
///
/// Words of inline requests that are spelled with quotes are unescaped into memory of the store's
/// own, so that the request itself stays as it came: one that is parsed ahead of its time (because
/// a command before it blocks, or clients are paused) is parsed again later.
public struct ArgumentStore: ~Copyable {
  @usableFromInline var slots: UnsafeMutablePointer<ByteView>
  @usableFromInline var capacity: Int

  /// Number of arguments held.
  @inlinable public var count: Int { storedCount }
  @usableFromInline var storedCount = 0

  /// Unescaped words, those of a line together.
  @usableFromInline var words: [UnsafeMutablePointer<UInt8>] = []

  /// Makes an empty store with room for `capacity` arguments of 16 bytes each.
  public init(capacity: Int) {
    precondition(capacity > 0)
    self.slots = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit {
    for word in words { word.deallocate() }
    slots.deallocate()
  }

  /// Adds one argument.
  ///
  /// - Complexity: O(1) amortized.
  @inlinable
  public mutating func append(_ argument: ByteView) {
    if storedCount == capacity { grow() }
    (slots + storedCount).initialize(to: argument)
    storedCount &+= 1
  }

  /// The arguments from position `first` on. Valid until the store changes.
  @inlinable
  public func arguments(from first: Int, count length: Int) -> UnsafeMutablePointer<ByteView> {
    precondition(first >= 0 && length >= 0 && first &+ length <= count)
    return slots + first
  }

  /// Makes `length` bytes of memory that live until `removeAll`.
  mutating func makeWords(_ length: Int) -> UnsafeMutablePointer<UInt8> {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: length)
    words.append(memory)
    return memory
  }

  /// Forgets everything, or everything from position `first` on.
  @inlinable
  public mutating func removeAll(from first: Int = 0) {
    precondition(first <= count)
    storedCount = first
    if first == 0, !words.isEmpty { forgetWords() }
  }

  @usableFromInline
  @inline(never)
  mutating func forgetWords() {
    for word in words { word.deallocate() }
    words = []
  }

  /// Says that the `length` bytes at `old` have moved by `delta`. Arguments that lie elsewhere stay
  /// as they are.
  ///
  /// - Complexity: O(count)
  public mutating func rebase(from old: UnsafePointer<UInt8>, count length: Int, by delta: Int) {
    for index in 0..<count {
      let argument = slots[index]
      // Both ends count: an empty argument may stand at the very end of the bytes, where somebody
      // else's memory may begin.
      guard argument.base >= old, argument.base + argument.count <= old + length else { continue }
      slots[index] = ByteView(base: argument.base + delta, count: argument.count)
    }
  }

  @usableFromInline
  mutating func grow() {
    let larger = UnsafeMutablePointer<ByteView>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: slots, count: count)
    slots.deallocate()
    slots = larger
    capacity *= 2
  }

  /// Bytes of memory held.
  public var memoryUsage: Int { capacity * MemoryLayout<ByteView>.stride }
}
