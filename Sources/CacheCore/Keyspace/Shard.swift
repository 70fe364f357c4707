import Bytes
import Platform

/// One of the 64 shards: everything about a 64th of the keys, in cache lines of its own, guarded
/// by one lock.
///
///     clock | lock | counters | tables → Table × databases (own lines) | wheel → | eviction
///
/// The first field is one that the lock guards: ThreadSanitizer books an exclusive access to the
/// whole under its address. So in `Arena`, `PagePool`, `SegmentPool`, `Worker` and `Reclaimer`.
///
/// A shard has one wheel for all databases, made with the first deadline.
struct Shard: ~Copyable {
  /// What stamps are relative to: every live deadline lies after `clock - stampMargin`, for the
  /// wheel has removed what was due before `clock` (`Engine+Deadlines`).
  var clock: Int64 = 0
  let lock: Lock
  let index: UInt8
  let arena: UInt8
  let tables: UnsafeMutablePointer<Table>
  /// What collections are made of.
  let objects: ObjectMemory
  var wheel: UnsafeMutablePointer<TimingWheel<HeapChunkSource>>?
  var hits: UInt64 = 0
  var misses: UInt64 = 0
  var expired: UInt64 = 0
  var evicted: UInt64 = 0
  var evacuated: UInt64 = 0
  var insertions: UInt64 = 0
  /// Whether a sweep of the wheel is under way.
  var isSweeping = false
  var eviction: EvictionShard
  var lag = LagHistogram()

  init(
    index: UInt8, arena: UInt8, isShared: Bool, tables: UnsafeMutablePointer<Table>,
    objects: ObjectMemory, seed: UInt64
  ) {
    self.objects = objects
    lock = Lock(isShared: isShared)
    self.index = index
    self.arena = arena
    self.tables = tables
    eviction = EvictionShard(seed: seed)
  }
}

/// Gives the wheel its nodes from the heap.
struct HeapChunkSource: ChunkSource {
  let memory: UnsafeMutablePointer<StoreMemory>
  let arena: Int

  @inline(__always)
  mutating func allocate(_ size: ChunkSize) -> ChunkHandle? {
    guard let handle = memory.pointee.heap.allocate(.chunk(size), arena: arena) else { return nil }
    return ChunkHandle(rawValue: handle)
  }

  @inline(__always)
  mutating func release(_ chunk: ChunkHandle, size: ChunkSize) {
    memory.pointee.heap.free(chunk.rawValue)
  }

  @inline(__always)
  func pointer(to chunk: ChunkHandle) -> UnsafeMutablePointer<UInt32> {
    memory.pointee.heap.address(chunk.rawValue).assumingMemoryBound(to: UInt32.self)
  }
}
