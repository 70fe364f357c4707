import Bytes
import CacheCore
import FuzzSupport

// LZF. Byte 0 chooses: the rest is compressed bytes of anybody's, to be unpacked into as many bytes
// as the next two say; or a text, which has to come back from its compressed form.

private func unpack(_ packed: ByteView, count: Int) {
  // Exactly as large as is said, so that the first byte beyond is seen.
  let target = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, count))
  defer { target.deallocate() }
  target.initialize(repeating: 0)
  let room = UnsafeMutableBufferPointer(rebasing: target[0..<count])
  withExactCopy(of: packed) { bytes in
    let packed = ByteView(base: UnsafePointer(bytes), count: packed.count)
    _ = LZF.decompress(packed, to: room)
  }
}

private func goRound(_ text: ByteView) {
  let room = max(0, text.count - 4)
  let packed = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, room))
  defer { packed.deallocate() }
  let target = UnsafeMutableBufferPointer(rebasing: packed[0..<room])
  guard
    let count = withExactCopy(
      of: text,
      { bytes in
        LZF.compress(ByteView(base: UnsafePointer(bytes), count: text.count), to: target)
      })
  else { return }
  require(count <= room, "more bytes than there was room for")
  let back = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, text.count))
  defer { back.deallocate() }
  let all = UnsafeMutableBufferPointer(rebasing: back[0..<text.count])
  let view = ByteView(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(packed)[0..<count]))
  require(LZF.decompress(view, to: all), "what was compressed is refused")
  require(all.elementsEqual(text.buffer), "another text came back")
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  var input = FuzzInput(data, size)
  if input.byte() & 1 == 0 {
    let count = Int(input.byte()) << 8 | Int(input.byte())
    unpack(input.takeAll(), count: count)
  } else {
    goRound(input.takeAll())
  }
  return 0
}
