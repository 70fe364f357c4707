internal import Bytes
internal import CacheCore
internal import Logging
internal import RESP

/// DEBUG RELOAD and LOADAOF: all data through the form that it would have on disk, and back.
///
/// There are no files yet, so the payloads stay in memory; for a while there is everything twice.
/// As after loading a file, encodings are chosen anew by the present limits, keys that are due are
/// gone, and last accesses (under an LRU policy) and frequencies (under an LFU one) are kept.
enum DebugReload {
  /// A key and its value as they would be saved.
  private struct SavedKey {
    let database: DatabaseIndex
    let key: [UInt8]
    let payload: [UInt8]
    let deadline: Int64?
    let idleSeconds: UInt32?
    let frequency: UInt8?
    let etag: Int64?
  }

  /// Runs `DEBUG RELOAD [option ...]`, or `DEBUG LOADAOF`. The caller has the gate.
  static func run(_ context: inout CommandContext) throws(CommandError) {
    var (merges, flushes, saves) = (false, true, true)
    for index in 2..<context.count {
      if context.argument(at: index, is: "MERGE") {
        merges = true
      } else if context.argument(at: index, is: "NOFLUSH") {
        flushes = false
      } else if context.argument(at: index, is: "NOSAVE") {
        saves = false
      } else {
        throw .fixed("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
      }
    }
    // Nothing was saved before, and without MERGE no key or library may be there already.
    guard saves else { throw .fixed("ERR Error trying to load the RDB dump") }
    let saved = save(context)
    let libraryCount = context.server.state.pointee.functions?.libraries.count ?? 0
    guard flushes || merges || saved.isEmpty && libraryCount == 0 else {
      throw .fixed("ERR Error trying to load the RDB dump")
    }
    if flushes { _ = context.empty(nil, asynchronously: false) }
    for key in saved { try load(key, context) }
    context.server.log.warning("Data reloaded by DEBUG", metadata: ["keys": "\(saved.count)"])
    context.reply.ok()
  }

  private static func save(_ context: borrowing CommandContext) -> [SavedKey] {
    var saved: [SavedKey] = []
    let policy = context.keyspace.policy
    for index in 0..<context.server.configuration.databaseCount {
      let database = DatabaseIndex(rawValue: UInt8(truncatingIfNeeded: index))
      context.keyspace.forEachKey(in: database, now: context.now) { key, entry in
        let hashed = context.hash(key)
        var writer = DumpWriter(compresses: false, keepsEverything: true)
        if context.keyspace.type(of: entry) == .string {
          writer.value(context.keyspace.string(of: entry))
        } else {
          writer.value(context.keyspace.object(of: entry, hashed), context.dumpClock)
        }
        let idle = context.keyspace.idleSeconds(of: entry, now: context.now)
        saved.append(
          SavedKey(
            database: database, key: key.array, payload: writer.bytes,
            deadline: context.keyspace.expiry(of: entry),
            idleSeconds: policy.isLRU ? UInt32(clamping: idle) : nil,
            frequency: policy.isLFU
              ? context.keyspace.frequency(of: entry, now: context.now) : nil,
            etag: context.keyspace.etag(of: entry)))
      }
    }
    return saved
  }

  private static func load(
    _ saved: SavedKey, _ context: borrowing CommandContext
  ) throws(CommandError) {
    var failure: CommandError?
    saved.key.withByteView { bytes in
      let key = context.hash(bytes)
      context.keyspace.lock(key.hash.shard)
      defer { context.keyspace.unlock(key.hash.shard) }
      saved.payload.withByteView { payload in
        do throws(CommandError) {
          try put(payload, of: saved, at: key, context)
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
  }

  private static func put(
    _ payload: ByteView, of saved: SavedKey, at key: HashedKey,
    _ context: borrowing CommandContext
  ) throws(CommandError) {
    let expiry = saved.deadline.map { ExpiryUpdate.at($0) } ?? .clear
    var decoder = DumpDecoder(
      payload, context.keyspace.objectMemory(for: key), context.dumpLimits)
    let value: DumpedValue
    do throws(DumpError) {
      value = try decoder.value()
    } catch {
      throw .fixed("ERR Error trying to load the RDB dump")
    }
    do throws(CacheError) {
      switch value {
      case .string(let text):
        if let etag = saved.etag {
          try context.keyspace.setString(
            key, in: saved.database, to: text, etag: etag, expiry: expiry, now: context.now)
        } else {
          try context.keyspace.setString(
            key, in: saved.database, to: text, expiry: expiry, now: context.now)
        }
      case .object(let object):
        guard object.type == .stream || object.count > 0 else {
          // All its members were due.
          object.destroy()
          return
        }
        try context.keyspace.setObject(
          key, in: saved.database, to: object, expiry: expiry, now: context.now)
        context.keyspace.noteElementDeadline(
          key, in: saved.database, old: nil, now: context.now)
      }
    } catch {
      throw .outOfMemory
    }
    guard
      let entry = context.keyspace.find(
        key, in: saved.database, now: context.now, access: .peek)
    else { return }
    if let seconds = saved.idleSeconds {
      context.keyspace.setIdleSeconds(seconds, of: entry, now: context.now)
    }
    if let frequency = saved.frequency {
      context.keyspace.setFrequency(frequency, of: entry)
    }
  }
}
