internal import Bytes
internal import CacheCore
internal import RESP

/// What the commands on HyperLogLogs share: finding one, storing one.
extension CommandContext {
  /// The HyperLogLog that a command reads; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE, also for other strings.
  func hyperLogLog(_ key: HashedKey) throws(CommandError) -> HyperLogLog? {
    try hyperLogLog(in: find(key))
  }

  /// The HyperLogLog that a command changes; nil when there is no such key.
  func hyperLogLogForWriting(_ key: HashedKey) throws(CommandError) -> HyperLogLog? {
    try hyperLogLog(in: findForWriting(key))
  }

  private func hyperLogLog(in entry: EntryHandle?) throws(CommandError) -> HyperLogLog? {
    guard let bytes = try string(of: entry) else { return nil }
    guard let value = HyperLogLog(bytes) else {
      throw .fixed("WRONGTYPE Key is not a valid HyperLogLog string value.")
    }
    return value
  }

  /// Up to how many bytes a HyperLogLog stays sparse.
  var sparseBytesMax: Int { server.state.pointee.configuration.hyperLogLogSparseBytesMax }

  /// Stores an edited HyperLogLog at the first key, which keeps its expiry, and announces it.
  ///
  /// - Parameter blob: its reference passes.
  func storeHyperLogLog(_ blob: Blob, isNew: Bool) throws(CommandError) {
    // Short ones are copied; that they are no plain text shows in OBJECT ENCODING.
    if blob.count <= Self.embeddedBytesMax {
      defer { blob.release() }
      return try store(
        blob.bytes, at: key, expiry: .keep, isNew: isNew, event: "pfadd", raw: true)
    }
    do throws(CacheError) {
      try keyspace.setString(key, in: database, adopting: blob, expiry: .keep, now: now)
    } catch {
      throw .outOfMemory
    }
    if isNew { notify(key, in: database, "new", .new) }
    changed(key, "pfadd", .string)
  }

  /// Strings up to this length are reported as "embstr" unless they are stored as raw.
  private static var embeddedBytesMax: Int { 44 }
}

extension CommandError {
  init(_ error: HyperLogLogError) {
    switch error {
    case .corrupted: self = .fixed("INVALIDOBJ Corrupted HLL object detected")
    case .outOfMemory: self = .outOfMemory
    }
  }
}

/// Turns the errors of HyperLogLogs into replies.
func translatingErrors<Result>(
  _ body: () throws(HyperLogLogError) -> Result
) throws(CommandError) -> Result {
  do throws(HyperLogLogError) {
    return try body()
  } catch {
    throw CommandError(error)
  }
}
