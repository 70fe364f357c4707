internal import Bytes
internal import CacheCore
internal import RESP

/// Sets at keys.
extension CommandContext {
  /// The set at `key` for reading; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  func setForReading(_ key: HashedKey) throws(CommandError) -> SetObject? {
    guard let object = try object(key, .set) else { return nil }
    return SetObject(object, now: now)
  }

  /// The set at `key` for changing; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  @inline(__always)
  func setForWriting(_ key: HashedKey) throws(CommandError) -> SetObject? {
    guard let object = try objectForWriting(key, .set) else { return nil }
    return SetObject(object, now: now)
  }

  /// An empty set that will be stored at `key`, begin with `first` and perhaps get `count` members.
  @inline(__always)
  func makeSet(for key: HashedKey, _ first: ListpackValue, count: Int = 1) -> SetObject {
    SetObject.make(
      for: first, count: count, setLimits, keyspace.objectMemory(for: key), now: now)
  }

  /// When a set stays an intset or a listpack.
  @inline(__always)
  var setLimits: SetLimits {
    SetLimits(
      intsetEntriesMax: server.state.pointee.configuration.setIntsetEntriesMax,
      listpackEntriesMax: server.state.pointee.configuration.setListpackEntriesMax,
      listpackValueBytesMax: server.state.pointee.configuration.setListpackValueBytesMax)
  }
}

extension ArgumentSpec {
  /// A key and members.
  static let keyAndMembers = [
    ArgumentSpec("key", .key, key: 0),
    ArgumentSpec("member", .string, multiple: true),
  ]

  /// Several keys to read.
  static let someKeys = [ArgumentSpec("key", .key, key: 0, multiple: true)]

  /// Where a result goes, and what it is made from.
  static let destinationAndKeys = [
    ArgumentSpec("destination", .key, key: 0),
    ArgumentSpec("key", .key, key: 1, multiple: true),
  ]
}
