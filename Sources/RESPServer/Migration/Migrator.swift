internal import CacheCore
internal import Platform

/// The threads that carry keys to other servers, and the connections they use.
///
/// A thread is started when there is something to send and all others are busy, up to
/// `threadsMax`; a target that does not answer holds up one of them for MIGRATE's timeout, and no
/// loop. Connections are kept for ten seconds, as by Redis, for the keys that will follow; threads
/// go when the last connection has gone.
final class Migrator: @unchecked Sendable {
  // Sendable: connections are with whoever has taken them out of the state.
  private struct State {
    var waiting: [Migration] = []
    /// Connections that nobody uses, the one used last at the end.
    var idle: [MigrationLink] = []
    var threadCount = 0
    var sleeperCount = 0
    /// Keys that are on their way and will be removed.
    var claims: Set<Claim> = []
  }

  private struct Claim: Hashable {
    let database: UInt8
    let key: [UInt8]
  }

  static let threadsMax = 8
  /// As many connections as Redis keeps.
  private static let idleLinksMax = 64
  private static let idleMicroseconds: Int64 = 10_000_000
  /// How often idle threads look for connections to close.
  private static let sweepMilliseconds: Int64 = 1000

  private let state = Guarded(State())
  private let signal = WakeWord()

  /// Connections that are kept: INFO's `migrate_cached_sockets`.
  var idleLinkCount: Int { state.withLock { $0.idle.count } }

  // MARK: Claims

  /// Claims keys for one migration: two that send the same key would each remove it.
  ///
  /// - Returns: false when one is on its way already; nothing is claimed then.
  func claim(_ keys: [[UInt8]], in database: DatabaseIndex) -> Bool {
    let claims = keys.map { Claim(database: database.rawValue, key: $0) }
    return state.withLock { state in
      guard state.claims.isDisjoint(with: claims) else { return false }
      state.claims.formUnion(claims)
      return true
    }
  }

  /// Gives claims back.
  func release(_ keys: [[UInt8]], in database: DatabaseIndex) {
    state.withLock { state in
      for key in keys { state.claims.remove(Claim(database: database.rawValue, key: key)) }
    }
  }

  // MARK: Threads

  /// Has a migration's parts sent. Where no thread can be had they wait for the next that comes.
  func enqueue(_ migration: Migration) {
    let needsThread = state.withLock { state in
      state.waiting.append(migration)
      let isNeeded =
        state.sleeperCount < state.waiting.count && state.threadCount < Self.threadsMax
      if isNeeded { state.threadCount += 1 }
      return isNeeded
    }
    if needsThread {
      do throws(Errno) {
        _ = try Thread(name: "migrator") { [self] in run() }
      } catch {
        // Another thread will do it; without any, this one.
        let isAlone = state.withLock { state in
          state.threadCount -= 1
          return state.threadCount == 0
        }
        if isAlone { while let next = next() { next.transfer() } }
      }
    }
    signal.wake()
  }

  private func next() -> Migration? {
    state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
  }

  private func run() {
    while true {
      let seen = signal.value
      if let migration = next() {
        migration.transfer()
        continue
      }
      state.withLock { $0.sleeperCount += 1 }
      // Whatever was added since `seen` was read keeps it from sleeping.
      signal.sleep(while: seen, milliseconds: Self.sweepMilliseconds)
      let mayEnd = state.withLock { state in
        state.sleeperCount -= 1
        let mayEnd = state.waiting.isEmpty && (state.idle.isEmpty || state.threadCount > 1)
        if mayEnd { state.threadCount -= 1 }
        return mayEnd
      }
      closeIdle()
      if mayEnd { return }
    }
  }

  // MARK: Connections

  /// A connection to a server: one that was kept, or a new one.
  func link(
    to place: MigrationLink.Place, _ timeoutMilliseconds: Int
  ) throws(MigrationLink.Failure) -> MigrationLink {
    let kept = state.withLock { state in
      state.idle.lastIndex { $0.place == place }.map { state.idle.remove(at: $0) }
    }
    if let kept { return kept }
    return try MigrationLink(place, timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Keeps a connection that is in step.
  func keep(_ link: MigrationLink) {
    link.usedAt = Clock.monotonicMicroseconds
    state.withLock { state in
      if state.idle.count >= Self.idleLinksMax { state.idle.removeFirst() }
      state.idle.append(link)
    }
  }

  /// Closes connections to a server that may be no more.
  func dropLinks(to place: MigrationLink.Place) {
    state.withLock { $0.idle.removeAll { $0.place == place } }
  }

  private func closeIdle() {
    let now = Clock.monotonicMicroseconds
    state.withLock { $0.idle.removeAll { now - $0.usedAt >= Self.idleMicroseconds } }
  }
}
