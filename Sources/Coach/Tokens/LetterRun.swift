internal import Bytes

extension ByteView {
  /// The next eight bytes from `index` on, and how many ASCII letters they begin with.
  ///
  /// What reads messages word by word finds the end of most words with it in a dozen instructions.
  ///
  /// - Parameter index: eight bytes from there on must lie in the view.
  @inline(__always)
  func letterRun(at index: Int) -> (bytes: UInt64, count: Int) {
    assert(index >= 0 && index + 8 <= count)
    let bytes = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
    // The top bit of each byte says whether it is a letter: no sum carries over to the next byte,
    // for 0x7F + 0x1F < 0x100.
    let tops: UInt64 = 0x8080_8080_8080_8080
    let lowered = (bytes | 0x2020_2020_2020_2020) & ~tops
    let isFromA = lowered &+ 0x1F1F_1F1F_1F1F_1F1F
    let isBehindZ = lowered &+ 0x0505_0505_0505_0505
    let isLetter = isFromA & ~isBehindZ & ~bytes & tops
    return (bytes, (isLetter ^ tops).trailingZeroBitCount >> 3)
  }
}
