internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// Removes the keys of tags or of a prefix, in steps of about half a millisecond.
///
/// The first step is the command's own; as a rule it is the last. Otherwise the client waits, and
/// each further step runs on the client's loop between other clients' commands. Where nothing may
/// wait (MULTI, scripts) it is all done at once, as it must be.
///
/// What others see meanwhile: a key is there until it goes, each by itself, with the events and
/// pushes of DEL. A key written meanwhile may go, too; a cache may lose what is new, but never keep
/// what is old: when the reply comes, no value that was there when the command began is there any
/// more. A client that leaves does not stop it.
final class Sweep: @unchecked Sendable {
  // Sendable: its steps run one after the other on one loop.

  /// What is to go.
  enum Target {
    case tags([[UInt8]])
    case prefix([UInt8])
  }

  static let runningMax = 64

  private let store: CacheStore
  private let target: Target
  private let database: DatabaseIndex
  private var client: BlockedClient?
  private var task: LoopTask?
  private var removed = 0
  /// Where to go on: the shard whose tags, or whose leases, are next, and the cursor of the scan.
  private var shard = 0
  private var cursor: UInt64 = 0
  private var isDone = false

  init(_ store: CacheStore, _ target: Target, _ context: borrowing CommandContext) {
    self.store = store
    self.target = target
    database = context.database
  }

  /// Does the first step, and the reply if nothing is left.
  func begin(_ context: inout CommandContext) {
    let mayWait = context.mayWait
    step(&context, isUnbounded: !mayWait)
    guard !isDone else { return context.reply.integer(removed) }
    store.figures.runningSweeps.count()
    client = context.block(onTimeout: { $0.integer(0) })
    task = context.task()
    goOn()
  }

  private func goOn() {
    task?.perform(in: database) { [self] context in
      step(&context, isUnbounded: false)
      guard isDone else { return goOn() }
      store.figures.runningSweeps.count(-1)
      let removed = removed
      client?.complete { $0.integer(removed) }
    }
  }

  private func step(_ context: inout CommandContext, isUnbounded: Bool) {
    let budget = StepBudget()
    let before = removed
    repeat {
      switch target {
      case .tags(let tags): sweepTags(tags, &context)
      case .prefix(let prefix): sweepPrefix(prefix, &context)
      }
    } while !isDone && (isUnbounded || !budget.isSpent)
    store.figures.invalidatedKeys.count(removed - before)
    if !isUnbounded {
      store.figures.longestStepMicroseconds.raise(to: budget.microseconds)
    }
  }

  /// Up to a batch of keys of one shard.
  private func sweepTags(_ tags: [[UInt8]], _ context: inout CommandContext) {
    let index = ShardIndex(rawValue: UInt8(shard))
    context.keyspace.lock(index)
    var left = StepBudget.batch
    if let notes = store.existing(index, database) {
      for tag in tags where left > 0 {
        var keys: [([UInt8], UInt64)] = []
        notes.tags.forEachKey(ofTag: tag, limit: left) { keys.append(($0, $1)) }
        for (name, hash) in keys {
          name.withByteView { bytes in
            let key = HashedKey(bytes: bytes, hash: KeyHash(rawValue: hash))
            // With the key its tags go; one that was due has gone by itself.
            if context.remove(key, event: "del") { removed += 1 }
            notes.tags.removeKey(hash, bytes)
          }
        }
        left -= keys.count
      }
      store.account(notes)
    }
    context.keyspace.unlock(index)
    if left > 0 { shard += 1 }
    isDone = shard == ShardIndex.count
  }

  /// At first the leases of one shard; when all have been looked at, a batch of keys. So what a
  /// lease was used to write meanwhile is there when the keys are looked for.
  private func sweepPrefix(_ prefix: [UInt8], _ context: inout CommandContext) {
    if shard < ShardIndex.count {
      let index = ShardIndex(rawValue: UInt8(shard))
      store.voidLeases(in: database, index, context.keyspace) { $0.starts(with: prefix) }
      shard += 1
      return
    }
    var found: [[UInt8]] = []
    cursor = prefix.withByteView { prefix in
      context.keyspace.scan(
        in: database, cursor: cursor, count: StepBudget.batch, now: context.now
      ) { name, _ in
        if name.count >= prefix.count, name[0..<prefix.count] == prefix {
          found.append(name.array)
        }
      }
    }
    for name in found {
      name.withByteView { bytes in
        let key = context.keyspace.hash(bytes)
        context.keyspace.lock(key.hash.shard)
        if context.remove(key, event: "del") { removed += 1 }
        context.keyspace.unlock(key.hash.shard)
      }
    }
    isDone = cursor == 0
  }
}

extension CacheStore {
  /// Ends the leases of a shard's keys whose name `isMeant`. No shard is locked.
  ///
  /// - Complexity: O(leases of the shard)
  func voidLeases(
    in database: DatabaseIndex, _ shard: ShardIndex, _ keyspace: borrowing Keyspace,
    where isMeant: ([UInt8]) -> Bool
  ) {
    keyspace.lock(shard)
    if let notes = existing(shard, database) {
      figures.leasesVoided.count(notes.leases.removeAll(where: isMeant))
      account(notes)
    }
    keyspace.unlock(shard)
  }
}
