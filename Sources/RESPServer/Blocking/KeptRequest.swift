internal import Bytes

/// A request copied out of the read buffer, for a command that runs again later, perhaps on another
/// loop.
///
///     memory   [view 0][view 1]...[view n-1] | bytes of argument 0 | bytes of argument 1 | ...
final class KeptRequest: @unchecked Sendable {
  // Sendable: nothing changes after `init`.

  /// The arguments; valid as long as this object.
  let arguments: Arguments

  private let memory: UnsafeMutableRawPointer

  /// Bytes of memory held.
  let byteCount: Int

  /// Copies `arguments`.
  ///
  /// - Complexity: O(bytes)
  convenience init(copying arguments: Arguments) {
    self.init(
      lengths: (0..<arguments.count).map { arguments[$0].count },
      copy: { index, place in
        place.initialize(from: arguments[index].base, count: arguments[index].count)
      })
  }

  /// Copies `arguments`, the command's name first.
  ///
  /// - Complexity: O(bytes)
  convenience init(copying arguments: [[UInt8]]) {
    self.init(
      lengths: arguments.map(\.count),
      copy: { index, place in
        for (offset, byte) in arguments[index].enumerated() { place[offset] = byte }
      })
  }

  private init(lengths: [Int], copy: (Int, UnsafeMutablePointer<UInt8>) -> Void) {
    let count = lengths.count
    let viewBytes = count * MemoryLayout<ByteView>.stride
    byteCount = viewBytes + lengths.reduce(0, +)
    memory = .allocate(byteCount: byteCount, alignment: MemoryLayout<ByteView>.alignment)
    let views = memory.bindMemory(to: ByteView.self, capacity: count)
    var place = (memory + viewBytes).assumingMemoryBound(to: UInt8.self)
    for (index, length) in lengths.enumerated() {
      copy(index, place)
      (views + index).initialize(to: ByteView(base: UnsafePointer(place), count: length))
      place += length
    }
    arguments = Arguments(base: views, count: count)
  }

  deinit { memory.deallocate() }
}
