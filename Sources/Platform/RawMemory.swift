import CPlatform

/// Bytes the allocator really spends on what `malloc` returned.
public func usableBytes(of pointer: UnsafeMutableRawPointer) -> Int {
  cp_usable_size(pointer)
}
