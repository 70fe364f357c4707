import Platform

/// What every collection in memory begins with; entries of kind 3 hold its address.
///
///      0  type u8 | encoding u8 | flags u16 | count u32
///      8  payload: what the encoding says, in memory of its own
///
/// 16 bytes, allocated once: the address stays while the value lives, so operations that grow the
/// payload need not touch the entry. `flags` and `count` mean what the type says they mean, but for
/// the top flag, which is the key space's (`isTimed`).
public struct ObjectHeader {
  /// What it is.
  public let type: ValueType
  /// How it is stored.
  public var encoding: ObjectEncoding
  /// The type's own, but for the top bit.
  public var flags: UInt16
  /// The type's own.
  public var count: UInt32
  /// The type's own.
  public var payload: UnsafeMutableRawPointer?
}

/// How a collection is stored, as OBJECT ENCODING names it.
public enum ObjectEncoding: UInt8, Sendable {
  case listpack
  /// A listpack of field, value and deadline.
  case listpackex
  case quicklist
  case intset
  case hashtable
  case skiplist
  case stream

  /// The name that OBJECT ENCODING answers.
  public var name: StaticString {
    switch self {
    case .listpack: "listpack"
    case .listpackex: "listpackex"
    case .quicklist: "quicklist"
    case .intset: "intset"
    case .hashtable: "hashtable"
    case .skiplist: "skiplist"
    case .stream: "stream"
    }
  }
}

/// A collection in hand: where it is, and where its memory comes from. Trivially copyable; valid
/// while its shard stays locked and its key unchanged.
public struct ObjectReference {
  /// The collection.
  public let header: UnsafeMutablePointer<ObjectHeader>
  /// What its parts are allocated from.
  public let memory: ObjectMemory

  /// Names a collection that is there.
  @inlinable
  public init(header: UnsafeMutablePointer<ObjectHeader>, memory: ObjectMemory) {
    self.header = header
    self.memory = memory
  }

  /// Allocates a header; the caller owns it until it stores or destroys it.
  public static func make(
    _ type: ValueType, _ encoding: ObjectEncoding, payload: UnsafeMutableRawPointer?,
    _ memory: ObjectMemory
  ) -> ObjectReference {
    precondition(MemoryLayout<ObjectHeader>.size == 16)
    let header = memory.allocate(16).bindMemory(to: ObjectHeader.self, capacity: 1)
    header.initialize(
      to: ObjectHeader(type: type, encoding: encoding, flags: 0, count: 0, payload: payload))
    return ObjectReference(header: header, memory: memory)
  }

  /// What it is.
  @inlinable
  public var type: ValueType { header.pointee.type }

  /// How it is stored.
  @inlinable
  public var encoding: ObjectEncoding { header.pointee.encoding }

  /// Number of elements, fields, members or entries.
  public var count: Int { type.kind.count(self) }

  /// Frees everything, the header included.
  public func destroy() { type.kind.destroy(self) }

  /// A copy whose parts are allocated from `memory`.
  public func copy(into memory: ObjectMemory) -> ObjectReference {
    type.kind.copy(self, into: memory)
  }
}
