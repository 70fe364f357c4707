extension Blob {
  /// The blob as an opaque pointer, for queues that know nothing of blobs.
  @inlinable
  public var owner: UnsafeMutableRawPointer { UnsafeMutableRawPointer(header) }

  /// The blob behind a pointer that `owner` gave. References are not counted here.
  @inlinable
  public init(owner: UnsafeMutableRawPointer) {
    self.init(header: owner.assumingMemoryBound(to: Header.self))
  }
}
