import Bytes
import CacheCore
import FuzzSupport

// DUMP payloads without their version and checksum. Byte 0 chooses the limits; the rest is a type
// and a value. Whatever is accepted must be a sound value, and come back from its own payload.

private enum Store {
  /// What all values are made of; empty between runs.
  static let memory = ObjectMemory.standalone()
}

private func limits(_ choice: UInt8) -> DumpLimits {
  let isSmall = choice & 1 != 0
  let entries = isSmall ? 4 : 128
  let bytes = isSmall ? 8 : 64
  return DumpLimits(
    list: ListLimits(
      listpackSize: choice & 2 != 0 ? -1 : 3, plainBytesMin: isSmall ? 20 : 0,
      compressDepth: choice & 4 != 0 ? 1 : 0),
    hash: HashLimits(entriesMax: entries, valueBytesMax: bytes),
    set: SetLimits(
      intsetEntriesMax: entries, listpackEntriesMax: entries, listpackValueBytesMax: bytes),
    sortedSet: SortedSetLimits(listpackEntriesMax: entries, listpackValueBytesMax: bytes),
    clock: DumpClock(now: 1_000_000, wallStep: 3))
}

private func decode(_ bytes: ByteView, _ limits: DumpLimits) -> [UInt8]? {
  let memory = Store.memory
  var decoder = DumpDecoder(bytes, memory, limits)
  guard let value = try? decoder.value() else { return nil }
  var writer = DumpWriter(compresses: true)
  switch value {
  case .string(let text): writer.value(text)
  case .object(let object):
    let copy = object.copy(into: memory)
    require(copy.count == object.count, "a copy of another size")
    writer.value(object, limits.clock)
    copy.destroy()
    object.destroy()
  }
  return writer.bytes
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  let limits = limits(input.byte())
  let payload = input.takeAll()
  withExactCopy(of: payload) { copy in
    let bytes = ByteView(base: UnsafePointer(copy), count: payload.count)
    _ = try? DumpPayload.check(bytes)
    guard let again = decode(bytes, limits), !again.isEmpty else { return }
    again.withByteView { view in
      // Times that have passed are left out, so that nothing may be left.
      guard let third = decode(view, limits) else { return }
      require(third.count > 0, "a value without a type")
    }
  }
  require(Store.memory.bytesHeld == 0, "memory was lost")
  return 0
}
