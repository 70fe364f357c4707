import CacheCore
import Testing

/// Nodes from malloc, checked: sizes must match, and all must be back at the end.
final class TestHeap {
  private var nodes: [UInt32: (pointer: UnsafeMutablePointer<UInt32>, size: ChunkSize)] = [:]
  private var nextName: UInt32 = 0
  /// Nodes handed out and not taken back.
  var heldCount: Int { nodes.count }
  /// How many more nodes may be had.
  var remaining = Int.max

  deinit { precondition(nodes.isEmpty, "all nodes were given back") }

  func allocate(_ size: ChunkSize) -> ChunkHandle? {
    if remaining == 0 { return nil }
    remaining -= 1
    let pointer = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 + size.capacity)
    pointer.initialize(repeating: 0xdead_beef, count: 1 + size.capacity)
    defer { nextName += 1 }
    nodes[nextName] = (pointer, size)
    return ChunkHandle(rawValue: nextName)
  }

  func release(_ chunk: ChunkHandle, size: ChunkSize) {
    guard let node = nodes.removeValue(forKey: chunk.rawValue) else {
      preconditionFailure("released a node that is not held")
    }
    precondition(node.size == size, "released with the size it was allocated with")
    node.pointer.deallocate()
  }

  func pointer(to chunk: ChunkHandle) -> UnsafeMutablePointer<UInt32> {
    nodes[chunk.rawValue].unsafelyUnwrapped.pointer
  }
}

struct TestChunks: ChunkSource {
  let heap: TestHeap

  mutating func allocate(_ size: ChunkSize) -> ChunkHandle? { heap.allocate(size) }
  mutating func release(_ chunk: ChunkHandle, size: ChunkSize) { heap.release(chunk, size: size) }
  func pointer(to chunk: ChunkHandle) -> UnsafeMutablePointer<UInt32> { heap.pointer(to: chunk) }
}

/// What handles mean in tests: deadlines in a dictionary, and what fired when.
struct TestEntries: WheelDelegate {
  struct Entry {
    var deadline: Int64
    var isMarked = false
  }

  var entries: [UInt32: Entry] = [:]
  var fired: [(handle: UInt32, due: Int64, now: Int64)] = []
  /// Calls of `deadline` and `fire`.
  var lookCount = 0

  /// Live entries whose mark is set.
  var markedCount: Int { entries.values.count { $0.isMarked } }

  /// Live entries that are due at `now`.
  func countDue(at now: Int64) -> Int { entries.values.count { $0.deadline <= now } }

  func prefetch(_ handle: UInt32) {}

  mutating func deadline(of handle: UInt32) -> Int64? {
    lookCount += 1
    return entries[handle]?.deadline
  }

  mutating func fire(_ handle: UInt32, now: Int64) -> FireResult {
    lookCount += 1
    guard let entry = entries[handle] else { return .done }
    if entry.deadline > now { return .reinsert(at: entry.deadline) }
    entries[handle] = nil
    fired.append((handle, entry.deadline, now))
    return .done
  }

  mutating func mark(_ handle: UInt32) -> Bool {
    guard let entry = entries[handle] else { preconditionFailure("marks live entries only") }
    entries[handle]?.isMarked = true
    return entry.isMarked
  }

  mutating func unmark(_ handle: UInt32) { entries[handle]?.isMarked = false }
}

/// What a bounded call reported, and how many references it looked at.
enum Turn: Equatable {
  case finished(Int)
  case more(Int)

  init(_ result: (processed: Int, more: Bool)) {
    self = result.more ? .more(result.processed) : .finished(result.processed)
  }

  var isFinished: Bool { if case .finished = self { true } else { false } }
  var processed: Int {
    switch self {
    case .finished(let count), .more(let count): count
    }
  }
}

/// A wheel with its heap and its entries. A class, because `#expect` copies what it looks at.
final class TestWheel {
  let heap = TestHeap()
  var wheel: TimingWheel<TestChunks>
  var entries = TestEntries()

  init(now: Int64 = 0, phase: Int64 = 0) {
    wheel = TimingWheel(now: now, phase: phase, chunks: TestChunks(heap: heap))
  }

  var nextDeadline: Int64 { wheel.nextDeadline() }
  var referenceCount: Int { wheel.referenceCount }
  var chunkBytes: Int { wheel.chunkBytes }
  var lostReferenceCount: Int { wheel.lostReferenceCount }

  func needsReference(old: Int64?, new: Int64) -> Bool { wheel.needsReference(old: old, new: new) }

  func insert(_ handle: UInt32, at deadline: Int64, now: Int64) -> Bool {
    wheel.insert(handle, at: deadline, now: now)
  }

  /// Adds an entry and its reference.
  func add(_ handle: UInt32, at deadline: Int64, now: Int64) {
    entries.entries[handle] = .init(deadline: deadline)
    #expect(insert(handle, at: deadline, now: now))
  }

  func advance(to now: Int64, limit: Int) -> Turn {
    Turn(wheel.advance(to: now, limit: limit, &entries))
  }

  func prepare(now: Int64, limit: Int) -> Turn {
    Turn(wheel.prepare(now: now, limit: limit, &entries))
  }

  func sweep(now: Int64, limit: Int) -> Turn {
    Turn(wheel.sweep(now: now, limit: limit, &entries))
  }

  func checkInvariants() { wheel.checkInvariants() }
}

extension RandomNumberGenerator {
  /// A number below `2^bits` whose order of magnitude is evenly distributed.
  mutating func logUniform(bits: Int) -> Int64 {
    Int64(next() >> UInt64(64 - Int.random(in: 1...bits, using: &self)))
  }
}
