public import Bytes
public import CacheCore
internal import RESP

extension CommandContext {
  /// Values from this length on are sent from where they are instead of being copied.
  private static var spliceThreshold: Int { 16 * 1024 }

  /// Answers with the string at `key`, or null.
  ///
  /// - Throws: WRONGTYPE.
  public func replyString(at key: HashedKey) throws(CommandError) {
    try replyString(of: find(key))
  }

  /// Answers with the string that `entry` holds, or null for nil. A large one is not copied: the
  /// reply keeps its blob alive until it is sent.
  ///
  /// - Throws: WRONGTYPE.
  public func replyString(of entry: EntryHandle?) throws(CommandError) {
    guard let entry else { return reply.null() }
    guard keyspace.type(of: entry) == .string else { throw .wrongType }
    let bytes = keyspace.string(of: entry)
    if bytes.count >= Self.spliceThreshold, let blob = keyspace.blob(of: entry) {
      blob.retain()
      reply.bulk(splicing: bytes, owner: blob.owner)
    } else {
      reply.bulk(bytes)
    }
  }

  /// The string that `entry` holds, nil for nil.
  ///
  /// - Throws: WRONGTYPE.
  public func string(of entry: EntryHandle?) throws(CommandError) -> ByteView? {
    guard let entry else { return nil }
    guard keyspace.type(of: entry) == .string else { throw .wrongType }
    return keyspace.string(of: entry)
  }

  /// Stores the argument at `index` at the first key, without a copy if it was received into a
  /// blob of its own.
  ///
  /// - Parameters:
  ///   - isNew: whether the key was absent, so that "new" is announced.
  ///   - event: what subscribers are told.
  public func storeArgument(
    _ index: Int, expiry: ExpiryUpdate, isNew: Bool, event: StaticString
  ) throws(CommandError) {
    try storeArgument(index, at: key, expiry: expiry, isNew: isNew, event: event)
  }

  /// The same for any key.
  public func storeArgument(
    _ index: Int, at key: HashedKey, expiry: ExpiryUpdate, isNew: Bool, event: StaticString
  ) throws(CommandError) {
    guard let blob = adoptableBlob(at: index) else {
      return try store(arguments[index], at: key, expiry: expiry, isNew: isNew, event: event)
    }
    blob.retain()
    do throws(CacheError) {
      try keyspace.setString(key, in: database, adopting: blob, expiry: expiry, now: now)
    } catch {
      throw .outOfMemory
    }
    if isNew { notify(key, in: database, "new", .new) }
    changed(key, event, .string)
  }

  /// The blob that the argument at `index` was received into, if it was.
  private func adoptableBlob(at index: Int) -> Blob? {
    guard loop.state.pointee.blobsAreAdoptable, !isInTransaction,
      let input = connection.state.pointee.input,
      let found = input.pointee.blobArguments.firstIndex(of: index)
    else { return nil }
    return input.pointee.blobs[found]
  }
}
