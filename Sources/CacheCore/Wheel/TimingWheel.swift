/// A hierarchical timing wheel over 32-bit entry handles (signatures first; the structure follows).
package struct TimingWheel<Chunks: ChunkSource>: ~Copyable {
  /// References held, stale ones and duplicates included.
  package private(set) var referenceCount = 0

  /// Bytes of the nodes held.
  package private(set) var chunkBytes = 0

  /// References lost since the start because no node could be had for them.
  package private(set) var lostReferenceCount = 0

  private var chunks: Chunks

  /// An empty wheel at `now` (milliseconds); `phase` (milliseconds) shifts its coarse borders.
  package init(now: Int64, phase: Int64 = 0, chunks: Chunks) {
    self.chunks = chunks
  }

  /// The phase that keeps the coarse borders of up to 64 shards apart.
  package static func phase(ofShard shard: Int) -> Int64 { 0 }

  /// Whether an entry needs a new reference when its deadline changes from `old` to `new`.
  package func needsReference(old: Int64?, new: Int64) -> Bool { old.map { new < $0 } ?? true }

  /// Adds a reference that fires at `deadline` or a little after; false when no node could be had.
  package mutating func insert(_ handle: UInt32, at deadline: Int64, now: Int64) -> Bool { false }

  /// Fires and cascades what is due at `now`, at most `limit` references.
  package mutating func advance<D: WheelDelegate & ~Copyable>(
    to now: Int64, limit: Int, _ delegate: inout D
  ) -> (processed: Int, more: Bool) { (0, false) }

  /// Empties coarse slots ahead of their time, at most `limit` references.
  package mutating func prepare<D: WheelDelegate & ~Copyable>(
    now: Int64, limit: Int, _ delegate: inout D
  ) -> (processed: Int, more: Bool) { (0, false) }

  /// When `advance` has something to do next (milliseconds); `Int64.max` when empty.
  package func nextDeadline() -> Int64 { .max }

  /// Whether `sweep` is worth calling, given the number of entries that have a deadline.
  package func needsSweep(expiringCount: Int) -> Bool { false }

  /// Drops stale references and duplicates, at most `limit` references a call.
  package mutating func sweep<D: WheelDelegate & ~Copyable>(
    now: Int64, limit: Int, _ delegate: inout D
  ) -> (processed: Int, more: Bool) { (0, false) }

  /// Drops every reference and gives all nodes back.
  package mutating func removeAll() {}
}
