internal import Platform
internal import Synchronization

/// Tells whether a tag was invalidated since a lease was given.
///
/// Who misses a key reads the database and then writes with its lease; an invalidation of a tag in
/// between cannot find the key, which is not there yet, nor the lease, for nobody knows yet which
/// tags the value will have. So invalidations are numbered, a lease keeps the number it was given
/// at, and a write that names a tag with a later number is refused.
///
/// The invalidation takes its number before it visits a shard; the write asks with its shard locked
/// and files the tags before it unlocks. So either the write sees the number, or the invalidation
/// sees the key.
///
/// `recent` is bounded. When it is full, all of it is forgotten, and every lease given until then
/// counts as older than any tag's invalidation: some writers are refused that need not be.
final class TagClock: Sendable {
  static let recentMax = 8192

  private struct State {
    var recent: [TagName: UInt64] = [:]
    /// Leases given before this number are older than what was forgotten.
    var floor: UInt64 = 0
  }

  private struct TagName: Hashable {
    let database: UInt8
    let name: [UInt8]
  }

  private let sequence = Atomic<UInt64>(0)
  private let state = Guarded(State())

  /// The number of the latest invalidation.
  var now: UInt64 { sequence.load(ordering: .acquiring) }

  /// Numbers the invalidation of a tag.
  func note(_ tag: [UInt8], database: UInt8) {
    state.withLock { state in
      let number = sequence.load(ordering: .relaxed) + 1
      if state.recent.count >= Self.recentMax {
        state.recent = [:]
        state.floor = number
      }
      state.recent[TagName(database: database, name: tag)] = number
      sequence.store(number, ordering: .releasing)
    }
  }

  /// Whether any of the tags was invalidated after number `since`.
  func isAnyNewer(_ tags: [[UInt8]], database: UInt8, than since: UInt64) -> Bool {
    if tags.isEmpty || now == since { return false }
    return state.withLock { state in
      if since < state.floor { return true }
      return tags.contains { (state.recent[TagName(database: database, name: $0)] ?? 0) > since }
    }
  }
}
