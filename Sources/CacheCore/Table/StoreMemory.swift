import Bytes
import Platform
import Synchronization

/// How `StoreMemory` is passed: as a borrowed value the compiler copied its 88 bytes to the stack
/// in every lookup.
typealias StorePointer = UnsafeMutablePointer<StoreMemory>

/// What every shard's structures draw on: the heap, the segments, the hash, the byte counters.
struct StoreMemory: ~Copyable {
  let heap: Heap
  let segments: UnsafeMutablePointer<SegmentPool>
  let segmentBase: UnsafeMutableRawPointer
  let sipHash: SipHash
  /// Bytes of blobs, long keys and objects. Blobs point at it, so it outlives them.
  let blobBytes: UnsafeMutablePointer<Atomic<Int>>
  /// Bytes of segments and directories in use.
  let tableBytes: UnsafeMutablePointer<Atomic<Int>>

  init(heap: consuming Heap, segments pool: consuming SegmentPool, sipHash: SipHash) {
    self.heap = heap
    segments = .allocate(capacity: 1)
    segments.initialize(to: pool)
    segmentBase = segments.pointee.region.base
    self.sipHash = sipHash
    blobBytes = .allocate(capacity: 1)
    blobBytes.initialize(to: Atomic(0))
    tableBytes = .allocate(capacity: 1)
    tableBytes.initialize(to: Atomic(0))
  }

  deinit {
    segments.deinitialize(count: 1)
    segments.deallocate()
    tableBytes.deallocate()
    // A reply may still hold a blob; then its account must stay: 8 bytes, at shutdown.
    if blobBytes.pointee.load(ordering: .acquiring) == 0 { blobBytes.deallocate() }
  }

  /// The entry a handle names.
  @inline(__always)
  func entry(_ handle: UInt32) -> Entry {
    Entry(base: heap.address(handle))
  }

  /// The hash of an entry's key; the entry is stable (its shard is locked).
  @inline(__always)
  func hash(of entry: Entry) -> KeyHash {
    if entry.hasLongKey { return KeyHash(rawValue: entry.longKeyHash) }
    return KeyHash(rawValue: sipHash(entry.shortKey))
  }

  func takeSegment() -> UInt32? {
    segments.pointee.lock.acquire()
    let number = segments.pointee.take()
    segments.pointee.lock.release()
    if number != nil {
      tableBytes.pointee.wrappingAdd(SegmentPool.segmentBytes, ordering: .relaxed)
    }
    return number
  }

  /// See `SegmentPool.turnIntoHugePage`.
  func turnTableIntoHugePage() -> Bool {
    segments.pointee.lock.acquire()
    defer { segments.pointee.lock.release() }
    return segments.pointee.turnIntoHugePage()
  }

  func giveSegment(_ number: UInt32) {
    segments.pointee.lock.acquire()
    segments.pointee.give(number)
    segments.pointee.lock.release()
    tableBytes.pointee.wrappingSubtract(SegmentPool.segmentBytes, ordering: .relaxed)
  }
}
