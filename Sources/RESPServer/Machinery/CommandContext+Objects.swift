public import CacheCore
public import RESP

/// Collections at keys.
extension CommandContext {
  /// The collection at `key` for reading; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  public func object(
    _ key: HashedKey, _ type: ValueType
  ) throws(CommandError) -> ObjectReference? {
    guard let entry = find(key) else { return nil }
    guard keyspace.type(of: entry) == type else { throw .wrongType }
    return keyspace.object(of: entry, key)
  }

  /// The collection at `key` for changing; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  public func objectForWriting(
    _ key: HashedKey, _ type: ValueType
  ) throws(CommandError) -> ObjectReference? {
    guard let entry = findForWriting(key) else { return nil }
    guard keyspace.type(of: entry) == type else { throw .wrongType }
    return keyspace.object(of: entry, key)
  }

  /// Puts a collection, which passes to the key space, where no key was, and announces "new".
  /// `changed` is the caller's to call.
  public func insertObject(
    _ object: ObjectReference, at key: HashedKey
  ) throws(CommandError) {
    try put(object, at: key)
    notify(key, in: database, "new", .new)
  }

  /// Puts a result, which passes to the key space, in the place of whatever `key` held, without
  /// expiry, and announces `event`.
  public func storeObject(
    _ object: ObjectReference, at key: HashedKey, _ event: StaticString, _ kind: KeyspaceEvents
  ) throws(CommandError) {
    let isNew = isNewIfWanted(key)
    try put(object, at: key)
    if isNew { notify(key, in: database, "new", .new) }
    changed(key, event, kind)
  }

  /// Removes a collection whose last element is gone, and announces "del"; the change itself was
  /// announced before.
  public func removeEmptied(_ key: HashedKey) {
    _ = keyspace.remove(key, in: database, now: now)
    notify(key, in: database, "del", .generic)
  }

  /// Removes all due elements of the collection at `key`, which has others, for commands that draw
  /// at random.
  func removeDueMembers(of key: HashedKey) {
    keyspace.removeDueElements(key, in: database, now: now)
  }

  private func put(_ object: ObjectReference, at key: HashedKey) throws(CommandError) {
    do throws(CacheError) {
      try keyspace.setObject(key, in: database, to: object, expiry: .clear, now: now)
    } catch {
      throw .outOfMemory
    }
  }
}

extension ReplyWriter {
  /// An element of a listpack as a bulk string.
  public mutating func bulk(_ value: ListpackValue) {
    switch value {
    case .integer(let number): bulk(number)
    case .bytes(let bytes): bulk(bytes)
    }
  }
}
