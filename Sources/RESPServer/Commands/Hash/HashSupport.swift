internal import Bytes
public import CacheCore
internal import RESP

/// Hashes at keys.
extension CommandContext {
  /// The hash at `key` for reading; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  public func hashForReading(_ key: HashedKey) throws(CommandError) -> HashObject? {
    guard let object = try object(key, .hash) else { return nil }
    return HashObject(object, now: now)
  }

  /// The hash at `key` for changing; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  public func hashForWriting(_ key: HashedKey) throws(CommandError) -> HashObject? {
    guard let object = try objectForWriting(key, .hash) else { return nil }
    return HashObject(object, now: now)
  }

  /// An empty hash that will be stored at `key`.
  public func makeHash(for key: HashedKey) -> HashObject {
    HashObject.make(keyspace.objectMemory(for: key), now: now)
  }

  /// When a hash stays a listpack.
  @inline(__always)
  public var hashLimits: HashLimits {
    HashLimits(
      entriesMax: server.state.pointee.configuration.hashListpackEntriesMax,
      valueBytesMax: server.state.pointee.configuration.hashListpackValueBytesMax)
  }

  /// Answers with a field's value, or null.
  @inline(__always)
  func reply(_ value: ListpackValue?) {
    guard let value else { return reply.null() }
    reply.bulk(value)
  }

  /// A number that nobody can foresee, for drawing members.
  var randomSeed: UInt64 { keyspace.randomNumber() }
}

extension ArgumentSpec {
  /// A key and one field.
  static let keyAndField = [
    ArgumentSpec("key", .key, key: 0),
    ArgumentSpec("field", .string),
  ]

  /// A key, and fields with values.
  static let keyAndPairs = [
    ArgumentSpec("key", .key, key: 0),
    ArgumentSpec(
      "data", .block, multiple: true,
      parts: [
        ArgumentSpec("field", .string),
        ArgumentSpec("value", .string),
      ]),
  ]
}
