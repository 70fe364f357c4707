public import Bytes

/// A stream: entries of fields and values under ascending IDs, and groups of consumers that share
/// the work of reading them.
///
///     header ── state ─┬─ nodes: first ID → listpack of up to 100 entries  (StreamIndex)
///                      ├─ length, first and last ID, greatest deleted ID, number ever added
///                      └─ groups, by name ── group ─┬─ last delivered ID, number read
///                                                   ├─ pending: ID → time, count, consumer
///                                                   └─ consumers, by name ── pending IDs
///
/// Entries lie in listpacks exactly as in Redis 7, so that DUMP and RDB files carry them as they
/// are; where a node ends is decided as there. What finds the nodes is our own: a sorted array in
/// chunks, see `StreamIndex`, where Redis has a radix tree. A pending entry is kept once, with its
/// group; its consumer has the bare ID. That is 40 and 16 bytes, where two radix trees and an
/// allocation of their own take three times as much.
///
/// Invariants: IDs ascend, the last one is at most `lastID`; `length` is the sum of the nodes'
/// counts, none of which is 0; `firstID` is the first entry's, or 0-0; every pending entry of a
/// group is in exactly one of its consumers, under the same ID.
///
/// The handle is trivially copyable and valid as long as the shard stays locked and the key
/// unchanged; calls that change a stream end the validity of cursors and entries in hand.
///
///     let stream = StreamObject(object)
///     let id = try stream.newID(.automatic(milliseconds: now))
///     try stream.append(id, fields, limits)
///     var cursor = stream.cursor(from: .zero, through: .max)
///     while let entry = cursor.next() { entry.forEachField { field, value in … } }
public struct StreamObject {
  /// The stream as an object of the key space.
  public let object: ObjectReference

  /// Takes an object for the stream that it is.
  @inlinable
  public init(_ object: ObjectReference) {
    assert(object.type == .stream)
    self.object = object
  }

  /// Makes an empty stream; the caller owns it until it stores or destroys it.
  public static func make(_ memory: ObjectMemory) -> StreamObject {
    let state = memory.allocate(MemoryLayout<StreamState>.size)
      .bindMemory(to: StreamState.self, capacity: 1)
    state.initialize(to: StreamState())
    return StreamObject(.make(.stream, .stream, payload: state, memory))
  }

  @inline(__always)
  var state: UnsafeMutablePointer<StreamState> {
    // Never nil: `make` has set it.
    object.header.pointee.payload.unsafelyUnwrapped.assumingMemoryBound(to: StreamState.self)
  }

  var memory: ObjectMemory { object.memory }

  // MARK: Facts

  /// Number of entries.
  public var count: Int { state.pointee.length }

  /// The greatest ID ever given out.
  public var lastID: StreamID { state.pointee.lastID }

  /// The first entry's ID; 0-0 when there is none.
  public var firstID: StreamID { state.pointee.firstID }

  /// The greatest ID that was deleted by itself (not by trimming); 0-0 when none was.
  public var maxDeletedID: StreamID { state.pointee.maxDeletedID }

  /// Number of entries ever added.
  public var entriesAdded: Int { state.pointee.entriesAdded }

  /// Number of nodes.
  public var nodeCount: Int { state.pointee.nodes.count }

  /// The last entry's ID; nil when there is none. `lastID` is greater when it was deleted.
  ///
  /// - Complexity: O(1), O(n) behind a long row of deleted entries.
  public var lastEntryID: StreamID? {
    var cursor = cursor(from: .zero, through: .max, isReversed: true)
    return cursor.next()?.id
  }
}

/// What a stream owns.
struct StreamState {
  var nodes = StreamIndex<UnsafeMutableRawPointer>()
  var length = 0
  var firstID = StreamID.zero
  var lastID = StreamID.zero
  var maxDeletedID = StreamID.zero
  var entriesAdded = 0
  var groups = StreamNameTable<StreamGroupState>()
}

/// When a node is full; from the parameters `stream-node-max-bytes` and
/// `stream-node-max-entries`.
public struct StreamLimits: Sendable {
  /// Bytes of a node; 0: no limit but the listpack's.
  public var nodeBytesMax: Int
  /// Entries of a node, deleted ones too; 0: no limit.
  public var nodeEntriesMax: Int

  /// Joins both limits.
  public init(nodeBytesMax: Int, nodeEntriesMax: Int) {
    self.nodeBytesMax = nodeBytesMax
    self.nodeEntriesMax = nodeEntriesMax
  }
}

/// How a new entry gets its ID.
public enum StreamIDChoice: Sendable {
  /// The time, in Unix milliseconds, or what follows the last ID if that is not greater.
  case automatic(milliseconds: UInt64)
  /// This time, and the first free number.
  case openSequence(milliseconds: UInt64)
  /// This one.
  case exact(StreamID)
}

/// Why an entry was not added.
public enum StreamError: Error {
  /// The ID is not greater than the last one.
  case notAscending
  /// The entry is larger than a listpack can be.
  case tooLarge
}

// MARK: Adding

extension StreamObject {
  /// The ID that a new entry would get.
  ///
  /// - Throws: `notAscending`.
  public func newID(_ choice: StreamIDChoice) throws(StreamError) -> StreamID {
    let last = lastID
    var id: StreamID
    switch choice {
    case .automatic(let milliseconds):
      id = StreamID(milliseconds, 0)
      if milliseconds <= last.milliseconds {
        guard let next = last.successor else { throw .notAscending }
        id = next
      }
    case .openSequence(let milliseconds):
      id = StreamID(milliseconds, 0)
      if milliseconds == last.milliseconds {
        guard last.sequence < .max else { throw .notAscending }
        id.sequence = last.sequence + 1
      }
    case .exact(let given): id = given
    }
    guard id > last else { throw .notAscending }
    return id
  }

  /// Adds an entry at the end.
  ///
  /// - Parameters:
  ///   - id: greater than `lastID`, as `newID` makes it.
  ///   - fields: fields and values in turn, an even number; the bytes are copied.
  ///   - limits: when to begin a new node.
  /// - Throws: `notAscending`, `tooLarge`; nothing was changed.
  /// - Complexity: O(bytes of the entry), and of the fields of the node's first entry.
  public func append(
    _ id: StreamID, _ fields: UnsafeBufferPointer<ByteView>, _ limits: StreamLimits
  ) throws(StreamError) {
    precondition(fields.count % 2 == 0)
    guard id > state.pointee.lastID else { throw .notAscending }
    guard StreamNode.entryBytesMax(fields) < Listpack.bytesMax else { throw .tooLarge }
    let bytesMax = limits.nodeBytesMax > 0 ? limits.nodeBytesMax : Listpack.bytesMax / 2
    var room = 0
    if let last = state.pointee.nodes.last {
      let place = state.pointee.nodes[last]
      var node = StreamNode(place.pointee.id, place.pointee.value)
      var bytes = node.pack.byteCount
      for view in fields { bytes += view.count }
      if bytes < min(bytesMax, Listpack.bytesMax / 2) {
        if limits.nodeEntriesMax <= 0 || node.count + node.deletedCount < limits.nodeEntriesMax {
          node.append(id, fields, roomMax: bytesMax, memory)
          place.pointee.value = node.pack.base
          noteAdded(id)
          return
        }
      }
      // The next node will most likely be of the same size: a block that grows step by step leaves
      // behind it what it has outgrown, for nobody.
      room = min(node.pack.byteCount + StreamNode.entryBytesMax(fields), bytesMax)
      node.close(memory)
      place.pointee.value = node.pack.base
    }
    let node = StreamNode.make(id, fields, room: room, memory)
    state.pointee.nodes.insert(id, node.pack.base, memory)
    noteAdded(id)
  }

  private func noteAdded(_ id: StreamID) {
    state.pointee.length += 1
    // XSETID sets it to anything.
    state.pointee.entriesAdded &+= 1
    state.pointee.lastID = id
    if state.pointee.length == 1 { state.pointee.firstID = id }
  }

  /// Adds an entry for the time `milliseconds` (Unix), for callers in Swift.
  ///
  /// - Returns: its ID.
  /// - Throws: see `append`.
  @discardableResult
  public func append(
    at milliseconds: UInt64, _ fields: [(field: [UInt8], value: [UInt8])], _ limits: StreamLimits
  ) throws(StreamError) -> StreamID {
    let id = try newID(.automatic(milliseconds: milliseconds))
    var bytes: [UInt8] = []
    for (field, value) in fields { bytes += field + value }
    let result = bytes.withByteView { all in
      var views: [ByteView] = []
      var position = 0
      for (field, value) in fields {
        for count in [field.count, value.count] {
          views.append(all[position..<position + count])
          position += count
        }
      }
      return views.withUnsafeBufferPointer { views in
        Result { () throws(StreamError) in try append(id, views, limits) }
      }
    }
    try result.get()
    return id
  }
}
