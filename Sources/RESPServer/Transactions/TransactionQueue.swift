internal import Bytes
internal import RESP

/// The commands between MULTI and EXEC, copied out of the read buffer.
struct TransactionQueue {
  struct Command {
    let entry: UnsafePointer<CommandEntry>
    let argumentCount: Int
  }

  private(set) var commands: [Command] = []
  /// All arguments' bytes, one after the other, and each one's length.
  private let bytes = ByteStorage()
  private var lengths: [Int] = []

  /// The flags of all queued commands together.
  private(set) var flags: CommandFlags = []
  /// Whether one of them needs more of the key space than the shards of its keys.
  private(set) var needsGate = false

  var isEmpty: Bool { commands.isEmpty }

  /// Bytes of memory held, for CLIENT LIST.
  var memoryUsage: Int { bytes.capacity + lengths.capacity * 8 + commands.capacity * 16 }

  /// Queues a command.
  ///
  /// - Parameter flags: what it may do.
  /// - Complexity: O(bytes of its arguments)
  mutating func append(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, flags: CommandFlags
  ) {
    commands.append(Command(entry: entry, argumentCount: arguments.count))
    self.flags.formUnion(flags)
    if entry.pointee.access == .exclusive || entry.pointee.access == .selfLocking {
      needsGate = true
    }
    for index in 0..<arguments.count {
      bytes.append(arguments[index])
      lengths.append(arguments[index].count)
    }
  }

  /// Fills `store` with all arguments. They are valid as long as this queue, or a copy, is.
  func fill(_ store: inout ArgumentStore) {
    store.removeAll()
    var place = bytes.base
    for length in lengths {
      store.append(ByteView(base: place, count: length))
      place += length
    }
  }
}

/// Bytes that grow at the end and are freed with their last owner.
final class ByteStorage {
  private var memory: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private(set) var capacity: Int

  init(capacity: Int = 256) {
    self.capacity = capacity
    memory = .allocate(capacity: capacity)
  }

  deinit { memory.deallocate() }

  /// The first byte. Changes when something is appended.
  var base: UnsafePointer<UInt8> { UnsafePointer(memory) }

  func append(_ bytes: ByteView) {
    if capacity - count < bytes.count {
      let larger = max(capacity * 2, count + bytes.count)
      let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
      moved.update(from: memory, count: count)
      memory.deallocate()
      memory = moved
      capacity = larger
    }
    (memory + count).update(from: bytes.base, count: bytes.count)
    count += bytes.count
  }
}
