internal import Bytes
internal import CacheCore
internal import RESP

/// A key that somebody waits for.
struct WaitedKey: Hashable, Sendable {
  let database: DatabaseIndex
  let shard: ShardIndex
  let bytes: [UInt8]

  init(_ key: HashedKey, in database: DatabaseIndex) {
    self.database = database
    shard = key.hash.shard
    bytes = key.bytes.array
  }

  static func == (left: WaitedKey, right: WaitedKey) -> Bool {
    left.database == right.database && left.bytes == right.bytes
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(database.rawValue)
    hasher.combine(bytes)
  }
}

/// What a blocked client waits for when it waits for keys, and all that its command needs to be run
/// again by whichever loop makes one of them ready.
struct KeyWait: Sendable {
  /// Place in the order of arrival, the same in the queues of all its keys.
  let sequence: UInt64
  let keys: [WaitedKey]
  /// The type that a key must have to be worth another try.
  let type: ValueType
  /// Whether any other change of a key, its going too, is worth a try.
  let wakesOnAnyChange: Bool

  let entry: SendableEntry
  let request: KeptRequest
  let database: DatabaseIndex
  let version: ProtocolVersion
  /// Nil: "default".
  let user: ACLUser?
  /// CLIENT TRACKING, if what the client reads is to be remembered.
  let tracking: TrackingClient?
  /// CLIENT NO-TOUCH.
  let keepsAccessTimes: Bool
}

/// An entry of the command table, which lives as long as the server and never changes.
struct SendableEntry: @unchecked Sendable {
  let pointer: UnsafePointer<CommandEntry>
}
