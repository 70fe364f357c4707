public import Bytes
public import CacheCore
public import RESP

/// All that a command sees while it runs: arguments, keys, the key space, the reply.
public struct CommandContext: ~Copyable {
  // First: where `reply` is written to, ThreadSanitizer takes this word for what is accessed, and
  // the loop is what no other thread touches.
  let loop: EventLoop
  let server: Server
  let connection: Connection
  let entry: UnsafePointer<CommandEntry>

  /// The request, the command's name first.
  public let arguments: Arguments

  /// The time of this command in cache milliseconds: Unix time unless the wall clock was set since
  /// the server started.
  public let now: Int64

  let keyBase: UnsafeMutablePointer<HashedKey>

  /// Number of keys found by the spec's key positions.
  public let keyCount: Int

  /// Number of arguments with the command's name.
  @inlinable
  public var count: Int { arguments.count }

  /// The argument at `index`; 0 is the command's name (and 1 the subcommand's, if it is one).
  @inlinable
  public subscript(index: Int) -> ByteView { arguments[index] }

  /// The key at `index`, in the order of the arguments, hashed and locked.
  public subscript(key index: Int) -> HashedKey {
    precondition(index >= 0 && index < keyCount)
    return keyBase[index]
  }

  /// The first key.
  public var key: HashedKey { self[key: 0] }

  /// Where the reply goes.
  public var reply: ReplyWriter {
    _read { yield loop.state.pointee.writer }
    nonmutating _modify { yield &loop.state.pointee.writer }
  }

  /// The key space.
  public var keyspace: Keyspace {
    _read { yield server.state.pointee.keyspace }
  }

  /// The database that the connection has selected.
  public var database: DatabaseIndex { connection.database }

  /// The client's number.
  public var clientID: Int64 { connection.id }

  /// Whether the command runs inside EXEC, so that it must not block.
  public var isInTransaction: Bool { connection.flags.contains(.executing) }

  /// How a read looks keys up: its access time stays for a client that asked for NO-TOUCH.
  public var readAccess: AccessMode {
    connection.flags.contains(.noTouch) ? .inspect : .touch
  }

  /// Hashes a key that the spec's key positions do not name.
  public func hash(_ key: ByteView) -> HashedKey { keyspace.hash(key) }
}
