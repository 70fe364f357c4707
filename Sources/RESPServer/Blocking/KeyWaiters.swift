internal import CacheCore
internal import Platform
internal import Synchronization

/// Who waits for which keys: for each key a queue in order of arrival.
///
///     shard   count of keys waited for (read by every change of a key: 0 means nothing to do)
///             lock | key → queue   [waiter 3][waiter 7]...   ready, served
///
/// A waiter joins while it holds its keys' shard locks, so a change that comes later finds it. It
/// leaves from any thread (served, time up, gone), so the queues have locks of their own, which
/// nest inside the shards'. One who leaves is only marked (`BlockedClient.isOver`); a queue is
/// cleaned once half of it is, so leaving is O(1) amortized and no order is lost.
///
/// A change of a key makes it *ready* and puts it into the changing loop's list. Once the command's
/// locks are free that loop *serves* the key: it runs the waiters' commands again, in order. One
/// loop at a time serves a key; a change that comes meanwhile is left to that loop.
final class KeyWaiters: Sendable {
  private struct Queue {
    var waiters: [BlockedClient] = []
    /// Waiters that are over.
    var overCount = 0
    /// Waiters that are to be tried although the key is gone.
    var anyChangeCount = 0
    var isReady = false
    var isServed = false
  }

  /// The part of one shard. Its own cache lines do not matter: it is read, hardly ever written,
  /// unless clients wait.
  private struct Part: ~Copyable {
    let queues = Guarded<[WaitedKey: Queue]>([:])
  }

  private static let partCount = 64

  // Sendable: parts guard themselves, counts are atomic.
  private nonisolated(unsafe) let parts: UnsafeMutablePointer<Part>
  private nonisolated(unsafe) let counts: UnsafeMutablePointer<Atomic<Int>>
  private let lastSequence = Atomic<UInt64>(0)

  init() {
    parts = .allocate(capacity: Self.partCount)
    counts = .allocate(capacity: Self.partCount)
    for index in 0..<Self.partCount {
      (parts + index).initialize(to: Part())
      (counts + index).initialize(to: Atomic(0))
    }
  }

  deinit {
    parts.deinitialize(count: Self.partCount)
    parts.deallocate()
    counts.deinitialize(count: Self.partCount)
    counts.deallocate()
  }

  /// Whether anybody waits for a key of the shard. The caller holds its lock, or the gate.
  @inline(__always)
  func isWaited(_ shard: ShardIndex) -> Bool {
    counts[Int(shard.rawValue)].load(ordering: .relaxed) != 0
  }

  /// The next place in the order of arrival. The caller holds the shard locks of its keys.
  func nextSequence() -> UInt64 { lastSequence.wrappingAdd(1, ordering: .relaxed).newValue }

  private func withQueues<Result>(
    _ shard: ShardIndex, _ body: (inout [WaitedKey: Queue]) -> Result
  ) -> Result {
    parts[Int(shard.rawValue)].queues.withLock(body)
  }

  private func count(_ shard: ShardIndex, _ difference: Int) {
    counts[Int(shard.rawValue)].wrappingAdd(difference, ordering: .relaxed)
  }

  /// Adds a waiter to the queues of its keys, whose shards are locked.
  ///
  /// - Complexity: O(number of keys)
  func add(_ client: BlockedClient, _ wait: KeyWait) {
    for key in wait.keys {
      withQueues(key.shard) { queues in
        if queues[key] == nil { count(key.shard, 1) }
        queues[key, default: Queue()].waiters.append(client)
        if wait.wakesOnAnyChange { queues[key]?.anyChangeCount += 1 }
      }
    }
  }

  /// Takes a waiter that is over out of all queues.
  ///
  /// - Complexity: O(number of keys) amortized
  func remove(_ wait: KeyWait) {
    for key in wait.keys {
      withQueues(key.shard) { queues in
        guard queues[key] != nil else { return }
        queues[key]!.overCount += 1
        if wait.wakesOnAnyChange { queues[key]!.anyChangeCount -= 1 }
        clean(key, in: &queues)
      }
    }
  }

  private func clean(_ key: WaitedKey, in queues: inout [WaitedKey: Queue]) {
    guard let queue = queues[key] else { return }
    let total = queue.waiters.count
    if queue.overCount == total {
      // Whoever serves the key ends that first.
      guard !queue.isServed else { return }
      queues[key] = nil
      count(key.shard, -1)
    } else if queue.overCount > 16, queue.overCount * 2 > total {
      let over = queue.overCount
      queues[key]!.waiters.removeAll { $0.isOver }
      // One may be over whose `remove` has not come yet: it is counted then.
      let removed = total - queues[key]!.waiters.count
      queues[key]!.overCount = over - removed
    }
  }

  /// Takes note that a key has changed. The caller holds its shard's lock, or the gate.
  ///
  /// - Returns: whether the caller has to see to it that it is served.
  /// - Complexity: O(1)
  func markReady(_ key: WaitedKey) -> Bool {
    withQueues(key.shard) { queues in
      guard let queue = queues[key], !queue.isReady else { return false }
      queues[key]!.isReady = true
      return true
    }
  }

  /// The same for all keys of a database. The caller has the gate.
  ///
  /// - Returns: the keys that the caller has to see to.
  /// - Complexity: O(keys waited for)
  func markAllReady(in database: DatabaseIndex) -> [WaitedKey] {
    var ready: [WaitedKey] = []
    for index in 0..<Self.partCount {
      let shard = ShardIndex(rawValue: UInt8(index))
      guard isWaited(shard) else { continue }
      ready += withQueues(shard) { queues in
        queues.keys.filter { $0.database == database }
      }
    }
    return ready.filter { markReady($0) }
  }

  /// Whether waiters of a key are about to be served, so that a newcomer has to stand back.
  func isPending(_ key: WaitedKey) -> Bool {
    withQueues(key.shard) { queues in
      guard let queue = queues[key] else { return false }
      return queue.isReady || queue.isServed
    }
  }

  // MARK: Serving

  /// Begins to serve a key.
  ///
  /// - Returns: the place of the last waiter to be tried; nil when nobody waits, or when another
  ///   loop is at it, which will go on until the key is not ready any more.
  func beginServing(_ key: WaitedKey) -> UInt64? {
    withQueues(key.shard) { queues in
      guard let queue = queues[key], !queue.isServed else { return nil }
      queues[key]!.isServed = true
      queues[key]!.isReady = false
      return queue.waiters.last?.keyWait?.sequence ?? 0
    }
  }

  /// The first waiter behind `sequence`, up to `last`.
  ///
  /// - Complexity: O(log n)
  func next(_ key: WaitedKey, after sequence: UInt64, upTo last: UInt64) -> BlockedClient? {
    withQueues(key.shard) { queues in
      guard let waiters = queues[key]?.waiters else { return nil }
      var low = 0
      var high = waiters.count
      while low < high {
        let middle = (low + high) / 2
        if waiters[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
      }
      while low < waiters.count, waiters[low].isOver { low += 1 }
      guard low < waiters.count, waiters[low].sequence <= last else { return nil }
      return waiters[low]
    }
  }

  /// Whether somebody wants to be tried although the key is gone or of another type.
  func wakesOnAnyChange(_ key: WaitedKey) -> Bool {
    withQueues(key.shard) { queues in (queues[key]?.anyChangeCount ?? 0) > 0 }
  }

  /// Ends serving a key.
  ///
  /// - Returns: whether it has become ready again meanwhile, so that it is to be served once more.
  func endServing(_ key: WaitedKey) -> Bool {
    withQueues(key.shard) { queues in
      guard let queue = queues[key] else { return false }
      queues[key]!.isServed = false
      clean(key, in: &queues)
      return queue.isReady && queues[key] != nil
    }
  }
}

extension BlockedClient {
  /// Place in the order of arrival; 0 for a wait that is not for keys.
  fileprivate var sequence: UInt64 { keyWait?.sequence ?? 0 }
}
