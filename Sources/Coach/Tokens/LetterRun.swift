internal import Bytes

extension ByteView {
  /// The next eight bytes from `index` on, the first one lowest; zeros stand for what is behind the
  /// end.
  ///
  /// - Parameter index: at most `count`.
  @inline(__always)
  func eightBytes(at index: Int) -> UInt64 {
    assert(index >= 0 && index <= count)
    let missing = index &+ 8 &- count
    if missing <= 0 {
      return UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
    }
    guard missing < 8, count >= 8 else { return fewBytes(index) }
    let last = UnsafeRawPointer(base + (count &- 8)).loadUnaligned(as: UInt64.self)
    return last.behind(missing)
  }

  @inline(never)
  private func fewBytes(_ index: Int) -> UInt64 {
    var bytes: UInt64 = 0
    for place in index..<count {
      bytes |= UInt64(self[place]) &<< UInt64(truncatingIfNeeded: 8 &* (place &- index))
    }
    return bytes
  }

  /// The next eight bytes from `index` on, and how many ASCII letters they begin with.
  ///
  /// What reads messages word by word finds the end of most words with it in a dozen instructions.
  ///
  /// - Parameter index: at most `count`.
  @inline(__always)
  func letterRun(at index: Int) -> (bytes: UInt64, count: Int) {
    let bytes = eightBytes(at: index)
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

/// A word of 1 to 15 ASCII letters, as it stands in a text.
struct ShortWord {
  /// Its bytes, zeros behind the last, and its length as the sixteenth: see `WordMemory`.
  let head: UInt64
  let tail: UInt64
  let count: Int
  /// The byte behind it, which is no letter; 0 at the text's end.
  let next: UInt8

  /// The word at `index`; nil when there is none, or a longer one.
  ///
  /// - Parameter index: at most the text's `count`.
  @inline(__always)
  init?(_ text: ByteView, at index: Int) {
    let run = text.letterRun(at: index)
    if run.count < 8 {
      if run.count == 0 { return nil }
      count = run.count
      head = run.bytes.first(run.count)
      tail = UInt64(truncatingIfNeeded: run.count) &<< 56
      next = UInt8(truncatingIfNeeded: run.bytes.behind(run.count))
      return
    }
    let rest = text.letterRun(at: index &+ 8)
    if rest.count == 8 { return nil }
    count = 8 &+ rest.count
    head = run.bytes
    // Its highest byte is none of the seven letters at most.
    tail =
      (rest.count == 0 ? 0 : rest.bytes.first(rest.count))
      | UInt64(truncatingIfNeeded: count) &<< 56
    next = UInt8(truncatingIfNeeded: rest.bytes.behind(rest.count))
  }
}
