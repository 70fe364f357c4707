import Bytes
import Platform
import Synchronization

/// The part of a `Cache` that its upkeep thread shares.
///
/// The thread is the key space's one worker as far as expiry and upkeep are concerned; the key
/// space believes that there are two, which makes its locks real. The thread sleeps on a word until
/// the next deadline; an insert of an earlier one wakes it (`KeyspaceObserver`).
final class CacheState: Sendable {
  let keyspace: Keyspace
  private let signal = WakeWord()
  private let isStopping = Atomic<Bool>(false)

  /// Upkeep runs this often, milliseconds, while there is something in the cache.
  private static var upkeepMilliseconds: Int64 { 100 }
  private static var workers: Int { 2 }

  init(_ configuration: Cache.Configuration) throws(KeyspaceStartError) {
    var settings = KeyspaceConfiguration()
    settings.workerCount = Self.workers
    settings.databaseCount = 1
    settings.regionBytesMax = configuration.regionBytesMax
    settings.maxMemory = configuration.memoryLimit
    settings.policy = configuration.policy
    keyspace = try Keyspace(configuration: settings)
    keyspace.observer = Waker(signal: self)
  }

  /// Cache time: milliseconds since the machine was started, suspension included.
  var now: Int64 { Int64(Clock.bootNanoseconds / 1_000_000) }

  /// Hashes the key and runs `body` with its shard locked.
  func locked<Result, Failure: Error>(
    _ key: String, _ body: (HashedKey) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var key = key
    var outcome: Swift.Result<Result, Failure>?
    key.withUTF8 { utf8 in
      let hashed = keyspace.hash(ByteView(UnsafeRawBufferPointer(utf8)))
      keyspace.lock(hashed.hash.shard)
      defer { keyspace.unlock(hashed.hash.shard) }
      do throws(Failure) {
        outcome = .success(try body(hashed))
      } catch {
        outcome = .failure(error)
      }
    }
    // Set: withUTF8 calls its closure exactly once.
    return try outcome.unsafelyUnwrapped.get()
  }

  /// Evicts what is too much. Without anything to evict the limit is exceeded: a cache that refuses
  /// to store would have to be told apart by every caller.
  func makeRoom() { _ = keyspace.makeRoom(worker: 0, now: now) }

  func removeAll() {
    let all = ShardSet.all
    keyspace.lock(all)
    keyspace.flush(nil, asynchronously: true)
    keyspace.unlock(all)
  }

  // MARK: The thread

  func stop() {
    isStopping.store(true, ordering: .releasing)
    signal.wake()
  }

  func runUpkeep() {
    while !isStopping.load(ordering: .acquiring) {
      let seen = signal.value
      let hasMore = runOnce()
      if hasMore { continue }
      var deadline = Int64.max
      for worker in 0..<Self.workers {
        deadline = min(deadline, keyspace.nextDeadline(worker: worker))
      }
      let pause = keyspace.count(in: .zero) > 0 ? now + Self.upkeepMilliseconds : .max
      deadline = min(deadline, pause)
      for worker in 0..<Self.workers {
        deadline = min(deadline, keyspace.willSleep(worker: worker, until: deadline))
      }
      let rest = deadline - now
      if rest > 0 { signal.sleep(while: seen, milliseconds: deadline == .max ? nil : rest) }
      for worker in 0..<Self.workers { keyspace.didWake(worker: worker) }
    }
  }

  /// Expires and tidies up; true while more is to be done at once.
  private func runOnce() -> Bool {
    var hasMore = false
    for worker in 0..<Self.workers {
      let now = now
      if keyspace.expireDue(worker: worker, now: now) == 512 { hasMore = true }
      if keyspace.maintain(worker: worker, now: now) { hasMore = true }
    }
    return hasMore
  }

  func wake() { signal.wake() }
}

/// Wakes the upkeep thread. Weak, for the key space belongs to the state.
private final class Waker: KeyspaceObserver {
  private weak let state: CacheState?

  init(signal state: CacheState) { self.state = state }

  func keyspace(didExpire key: ByteView, in database: DatabaseIndex) {}
  func keyspace(didEvict key: ByteView, in database: DatabaseIndex) {}
  func keyspace(wake worker: Int) { state?.wake() }
}
