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
    if let bytes = keyspace.inlineString(of: entry) { return reply.bulk(bytes) }
    guard keyspace.type(of: entry) == .string else { throw .wrongType }
    replyBytes(keyspace.string(of: entry), of: entry)
  }

  /// Answers with `bytes`, the string that `entry` holds or a part of it; not copied when large.
  public func replyBytes(_ bytes: ByteView, of entry: EntryHandle) {
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

  /// Whether `key` is absent, if somebody wants to hear of new keys; otherwise false without a
  /// lookup.
  public func isNewIfWanted(_ key: HashedKey) -> Bool {
    server.state.pointee.keyspaceEvents.contains(.new) && peek(key) == nil
  }

  /// Whether the string at `key` has an ETag.
  public func hasETag(_ key: HashedKey) -> Bool {
    peek(key).map { keyspace.etag(of: $0) != nil } ?? false
  }

  /// The length of a string that `count` bytes are written to behind `start` bytes.
  ///
  /// - Throws: when it is more than `proto-max-bulk-len`, which bounds strings made by parts as it
  ///   bounds those that are sent.
  public func checkedLength(_ start: Int64, adding count: Int) throws(CommandError) -> Int {
    let (end, overflow) = start.addingReportingOverflow(Int64(count))
    guard !overflow, end <= Int64(server.state.pointee.configuration.protocolBulkBytesMax) else {
      throw .stringTooLong
    }
    return Int(end)
  }

  /// The first key's string for changing in place, at least `count` bytes long, see
  /// `Keyspace.mutableString`.
  public func mutableString(
    count: Int
  ) throws(CommandError) -> UnsafeMutableRawBufferPointer {
    do throws(CacheError) {
      return try keyspace.mutableString(key, in: database, count: count, now: now)
    } catch {
      throw .outOfMemory
    }
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
