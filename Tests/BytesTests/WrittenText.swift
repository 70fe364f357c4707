/// What `write` leaves in a buffer of `capacity` bytes, as text.
func written(_ capacity: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) -> String {
  let room = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
  defer { room.deallocate() }
  let count = write(room)
  precondition(count <= capacity)
  return String(decoding: UnsafeBufferPointer(start: room, count: count), as: UTF8.self)
}
