/// A map from stream IDs to small values, in order: what finds a stream's nodes, and what keeps
/// pending entries.
///
/// IDs come in ascending order and go at the front, nearly always. So this is a sorted array cut
/// into chunks, with a sorted directory of the chunks, each of which can give way at both ends:
///
///     directory   . . [first ID | entries | start | count | room] [...] [...] . .   32 bytes each
///                                  |
///     chunk        . . [ID | value] [ID | value] [ID | value] . .       up to 128 entries
///
/// Adding at the end and removing at the front move nothing. In the middle at most half a chunk
/// moves, and when a chunk comes or goes there, half of the directory: at ten million entries that
/// is about a megabyte, once in at least 32 changes. Finding is two binary searches, the first of
/// which stays in the directory. Chunks that are filled in order are full, so an entry costs its
/// size and a quarter of a byte; a radix tree spends two to four times as much on such keys, and a
/// B-tree of more levels would only pay beyond sizes that fit a cache server.
///
/// Invariants: IDs ascend strictly within and across chunks; no chunk is empty; a chunk's first ID
/// is its first entry's; neighbours whose entries would fill less than half a chunk are joined.
///
/// The structure owns memory but frees it only by `destroy`, with the allocator it is told, so that
/// it can lie inside others; it must not be used as a copy of itself.
struct StreamIndex<Value: BitwiseCopyable> {
  /// An ID and what belongs to it.
  struct Entry {
    let id: StreamID
    var value: Value
  }

  /// Where an entry stands. Valid until something is added or removed.
  struct Position {
    var chunk: Int
    var index: Int
  }

  private struct Chunk {
    var firstID: StreamID
    var memory: UnsafeMutablePointer<Entry>
    var start: UInt16
    var count: UInt16
    var room: UInt16

    var entries: UnsafeMutablePointer<Entry> { memory + Int(start) }
    var end: Int { Int(start) + Int(count) }
  }

  /// Number of entries.
  private(set) var count = 0
  private var directory: UnsafeMutablePointer<Chunk>?
  private var directoryStart: Int32 = 0
  private var chunkCount: Int32 = 0
  private var directoryRoom: Int32 = 0

  private static var entriesMax: Int { 128 }
  /// Chunks start with this room.
  private static var entriesMin: Int { 4 }

  private var chunks: UnsafeMutablePointer<Chunk> {
    directory.unsafelyUnwrapped + Int(directoryStart)
  }

  // MARK: Reading

  var isEmpty: Bool { count == 0 }

  /// The entry at `position`.
  @inline(__always)
  subscript(position: Position) -> UnsafeMutablePointer<Entry> {
    assert(position.chunk < chunkCount && position.index < chunks[position.chunk].count)
    return chunks[position.chunk].entries + position.index
  }

  /// The position of the smallest ID.
  var first: Position? { isEmpty ? nil : Position(chunk: 0, index: 0) }

  /// The position of the greatest ID.
  var last: Position? {
    if isEmpty { return nil }
    let chunk = Int(chunkCount) - 1
    return Position(chunk: chunk, index: Int(chunks[chunk].count) - 1)
  }

  /// The position of the next greater ID.
  @inline(__always)
  func position(after position: Position) -> Position? {
    if position.index + 1 < Int(chunks[position.chunk].count) {
      return Position(chunk: position.chunk, index: position.index + 1)
    }
    return position.chunk + 1 < chunkCount ? Position(chunk: position.chunk + 1, index: 0) : nil
  }

  /// The position of the next smaller ID.
  @inline(__always)
  func position(before position: Position) -> Position? {
    if position.index > 0 { return Position(chunk: position.chunk, index: position.index - 1) }
    guard position.chunk > 0 else { return nil }
    return Position(
      chunk: position.chunk - 1, index: Int(chunks[position.chunk - 1].count) - 1)
  }

  /// The position of the greatest ID that is at most `id`.
  ///
  /// - Complexity: O(log n)
  func position(atOrBefore id: StreamID) -> Position? {
    if isEmpty { return nil }
    var low = 0
    var high = Int(chunkCount)
    // The answer, if there is one, is in the last chunk that begins at or before `id`.
    while low < high {
      let middle = (low + high) >> 1
      if chunks[middle].firstID <= id { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let chunk = low - 1
    let entries = chunks[chunk].entries
    low = 1
    high = Int(chunks[chunk].count)
    while low < high {
      let middle = (low + high) >> 1
      if entries[middle].id <= id { low = middle + 1 } else { high = middle }
    }
    return Position(chunk: chunk, index: low - 1)
  }

  /// The position of the smallest ID that is at least `id`.
  func position(atOrAfter id: StreamID) -> Position? {
    guard let before = position(atOrBefore: id) else { return first }
    return self[before].pointee.id == id ? before : position(after: before)
  }

  /// The position of `id`.
  func position(of id: StreamID) -> Position? {
    guard let found = position(atOrBefore: id), self[found].pointee.id == id else { return nil }
    return found
  }

  /// The entry of `id`.
  func find(_ id: StreamID) -> UnsafeMutablePointer<Entry>? {
    position(of: id).map { self[$0] }
  }
}

// MARK: Changing

extension StreamIndex {
  /// Adds an ID unless it is there.
  ///
  /// - Returns: whether it was added.
  /// - Complexity: O(1) at the end, O(log n) and half a chunk elsewhere.
  @discardableResult
  mutating func insert(_ id: StreamID, _ value: Value, _ memory: ObjectMemory) -> Bool {
    guard let last else {
      insertChunk(at: 0, Entry(id: id, value: value), memory)
      return true
    }
    var chunk = last.chunk
    var index = last.index + 1
    if self[last].pointee.id >= id {
      if let before = position(atOrBefore: id) {
        if self[before].pointee.id == id { return false }
        chunk = before.chunk
        index = before.index + 1
      } else {
        chunk = 0
        index = 0
      }
    }
    // At either end of all a new chunk leaves the full one full. One that gives way at the front
    // counts as full while moving its entries down would not gain much.
    if chunk == last.chunk, index == Int(chunks[chunk].count),
      chunks[chunk].end == Self.entriesMax, chunks[chunk].start < Self.entriesMax / 4
    {
      // What fills one chunk after the other will fill this one, too: no growing in steps, each of
      // which leaves a small block behind.
      insertChunk(
        at: chunk + 1, Entry(id: id, value: value), room: Self.entriesMax, memory)
      return true
    }
    if chunks[chunk].count == Self.entriesMax {
      if chunk == 0, index == 0 {
        insertChunk(at: 0, Entry(id: id, value: value), memory)
        return true
      }
      split(chunk, memory)
      let half = Int(chunks[chunk].count)
      if index > half {
        chunk += 1
        index -= half
      }
    }
    insert(Entry(id: id, value: value), in: chunk, at: index, memory)
    return true
  }

  private mutating func insert(
    _ entry: Entry, in chunk: Int, at index: Int, _ memory: ObjectMemory
  ) {
    let place = chunks + chunk
    if place.pointee.count == place.pointee.room
      || index == Int(place.pointee.count) && place.pointee.end == place.pointee.room
    {
      resize(chunk, memory)
    }
    let entries = place.pointee.entries
    let count = Int(place.pointee.count)
    let behind = count - index
    if place.pointee.start > 0, index < behind || place.pointee.end == place.pointee.room {
      // The front part moves down: nothing, when the entry comes first.
      (entries - 1).moveInitialize(from: entries, count: index)
      place.pointee.start -= 1
    } else {
      (entries + index + 1).moveInitialize(from: entries + index, count: behind)
    }
    (place.pointee.entries + index).initialize(to: entry)
    place.pointee.count += 1
    if index == 0 { place.pointee.firstID = entry.id }
    self.count += 1
  }

  /// Removes the entry at `position`.
  ///
  /// - Returns: the position of the next greater ID.
  /// - Complexity: O(1) at both ends, half a chunk elsewhere.
  @discardableResult
  mutating func remove(at position: Position, _ memory: ObjectMemory) -> Position? {
    let chunk = position.chunk
    let place = chunks + chunk
    let entries = place.pointee.entries
    let behind = Int(place.pointee.count) - position.index - 1
    count -= 1
    if place.pointee.count == 1 {
      removeChunk(chunk, memory)
      return chunk < chunkCount ? Position(chunk: chunk, index: 0) : nil
    }
    if position.index < behind {
      (entries + 1).moveInitialize(from: entries, count: position.index)
      place.pointee.start += 1
    } else {
      (entries + position.index).moveInitialize(
        from: entries + position.index + 1, count: behind)
    }
    place.pointee.count -= 1
    place.pointee.firstID = place.pointee.entries[0].id
    var next = position
    if joinNeighbours(of: chunk, &next, memory) == false,
      place.pointee.room > Self.entriesMin, place.pointee.count <= place.pointee.room / 4
    {
      resize(chunk, memory)
    }
    if next.index < Int(chunks[next.chunk].count) { return next }
    return next.chunk + 1 < chunkCount ? Position(chunk: next.chunk + 1, index: 0) : nil
  }

  /// Removes `id` if it is there.
  @discardableResult
  mutating func remove(_ id: StreamID, _ memory: ObjectMemory) -> Bool {
    guard let found = position(of: id) else { return false }
    remove(at: found, memory)
    return true
  }

  /// Frees all memory; values are the caller's to free before.
  mutating func destroy(_ memory: ObjectMemory) {
    for chunk in 0..<Int(chunkCount) { memory.release(chunks[chunk].memory) }
    if let directory { memory.release(directory) }
    self = StreamIndex()
  }

  /// A copy with its own memory.
  func copy(_ memory: ObjectMemory) -> StreamIndex {
    var copy = StreamIndex()
    guard count > 0 else { return copy }
    let bytes = Int(chunkCount) * MemoryLayout<Chunk>.stride
    let fresh = memory.allocate(bytes).bindMemory(to: Chunk.self, capacity: Int(chunkCount))
    for chunk in 0..<Int(chunkCount) {
      let count = Int(chunks[chunk].count)
      let entries = memory.allocate(count * MemoryLayout<Entry>.stride)
        .bindMemory(to: Entry.self, capacity: count)
      entries.initialize(from: chunks[chunk].entries, count: count)
      (fresh + chunk).initialize(
        to: Chunk(
          firstID: entries[0].id, memory: entries, start: 0, count: UInt16(count),
          room: UInt16(count)))
    }
    copy.directory = fresh
    copy.count = count
    copy.chunkCount = chunkCount
    copy.directoryRoom = chunkCount
    return copy
  }

  /// Allocations that `destroy` gives back.
  var allocationCount: Int { Int(chunkCount) + (directory == nil ? 0 : 1) }

  /// Bytes held.
  func usedBytes(_ memory: ObjectMemory) -> Int {
    var bytes = directory.map { memory.usableBytes(of: $0) } ?? 0
    for chunk in 0..<Int(chunkCount) { bytes += memory.usableBytes(of: chunks[chunk].memory) }
    return bytes
  }
}

// MARK: Chunks

extension StreamIndex {
  /// Makes a chunk with one entry.
  private mutating func insertChunk(
    at place: Int, _ entry: Entry, room: Int = Self.entriesMin, _ memory: ObjectMemory
  ) {
    let entries = memory.allocate(room * MemoryLayout<Entry>.stride)
      .bindMemory(to: Entry.self, capacity: room)
    entries.initialize(to: entry)
    openDirectory(at: place, memory)
    (chunks + place).initialize(
      to: Chunk(firstID: entry.id, memory: entries, start: 0, count: 1, room: UInt16(room)))
    count += 1
  }

  /// Moves the upper half of a full chunk to a new one behind it.
  private mutating func split(_ chunk: Int, _ memory: ObjectMemory) {
    let half = Self.entriesMax / 2
    let entries = memory.allocate(Self.entriesMax * MemoryLayout<Entry>.stride)
      .bindMemory(to: Entry.self, capacity: Self.entriesMax)
    entries.moveInitialize(from: chunks[chunk].entries + half, count: half)
    chunks[chunk].count = UInt16(half)
    openDirectory(at: chunk + 1, memory)
    (chunks + chunk + 1).initialize(
      to: Chunk(
        firstID: entries[0].id, memory: entries, start: 0, count: UInt16(half),
        room: UInt16(Self.entriesMax)))
  }

  /// Gives a chunk twice as much room as it has entries.
  private mutating func resize(_ chunk: Int, _ memory: ObjectMemory) {
    let place = chunks + chunk
    let count = Int(place.pointee.count)
    let room = Swift.min(Self.entriesMax, Swift.max(Self.entriesMin, count * 2))
    let entries = memory.allocate(room * MemoryLayout<Entry>.stride)
      .bindMemory(to: Entry.self, capacity: room)
    entries.moveInitialize(from: place.pointee.entries, count: count)
    memory.release(place.pointee.memory)
    place.pointee.memory = entries
    place.pointee.start = 0
    place.pointee.room = UInt16(room)
  }

  /// Joins a chunk that has become small with a neighbour, if both fill at most half a chunk.
  ///
  /// - Parameter position: a place in the chunk, kept up to date.
  /// - Returns: whether chunks were joined.
  private mutating func joinNeighbours(
    of chunk: Int, _ position: inout Position, _ memory: ObjectMemory
  ) -> Bool {
    let limit = Self.entriesMax / 2
    let count = Int(chunks[chunk].count)
    guard count <= limit / 2 else { return false }
    if chunk > 0, Int(chunks[chunk - 1].count) + count <= limit {
      position = Position(
        chunk: chunk - 1, index: position.index + Int(chunks[chunk - 1].count))
      join(chunk - 1, memory)
      return true
    }
    if chunk + 1 < chunkCount, Int(chunks[chunk + 1].count) + count <= limit {
      join(chunk, memory)
      return true
    }
    return false
  }

  /// Moves all entries of the chunk behind `chunk` to its end.
  private mutating func join(_ chunk: Int, _ memory: ObjectMemory) {
    let left = chunks[chunk]
    let right = chunks[chunk + 1]
    let count = Int(left.count) + Int(right.count)
    let room = count * 2
    let entries = memory.allocate(room * MemoryLayout<Entry>.stride)
      .bindMemory(to: Entry.self, capacity: room)
    entries.moveInitialize(from: left.entries, count: Int(left.count))
    (entries + Int(left.count)).moveInitialize(from: right.entries, count: Int(right.count))
    memory.release(left.memory)
    chunks[chunk] = Chunk(
      firstID: left.firstID, memory: entries, start: 0, count: UInt16(count),
      room: UInt16(room))
    removeChunk(chunk + 1, memory)
  }

  private mutating func removeChunk(_ chunk: Int, _ memory: ObjectMemory) {
    memory.release(chunks[chunk].memory)
    let behind = Int(chunkCount) - chunk - 1
    if chunk < behind {
      (chunks + 1).moveInitialize(from: chunks, count: chunk)
      directoryStart += 1
    } else {
      (chunks + chunk).moveInitialize(from: chunks + chunk + 1, count: behind)
    }
    chunkCount -= 1
    if chunkCount == 0, let directory {
      memory.release(directory)
      self.directory = nil
      directoryStart = 0
      directoryRoom = 0
    } else if directoryRoom >= 16, chunkCount <= directoryRoom / 4 {
      moveDirectory(room: Int(directoryRoom) / 2, memory)
    }
  }

  /// Opens a gap in the directory.
  private mutating func openDirectory(at place: Int, _ memory: ObjectMemory) {
    if directoryStart + chunkCount == directoryRoom {
      // Half empty at the front: everything moves there, once in as many changes.
      let isHalfEmpty = directoryStart > chunkCount
      let room = isHalfEmpty ? Int(directoryRoom) : Swift.max(1, Int(chunkCount) * 2)
      moveDirectory(room: room, memory)
    }
    let behind = Int(chunkCount) - place
    if directoryStart > 0, place < behind {
      (chunks - 1).moveInitialize(from: chunks, count: place)
      directoryStart -= 1
    } else {
      (chunks + place + 1).moveInitialize(from: chunks + place, count: behind)
    }
    chunkCount += 1
  }

  private mutating func moveDirectory(room: Int, _ memory: ObjectMemory) {
    let fresh = memory.allocate(room * MemoryLayout<Chunk>.stride)
      .bindMemory(to: Chunk.self, capacity: room)
    if let directory {
      fresh.moveInitialize(from: chunks, count: Int(chunkCount))
      memory.release(directory)
    }
    directory = fresh
    directoryStart = 0
    directoryRoom = Int32(room)
  }

  /// Checks the structure; traps on damage.
  func checkInvariants() {
    var total = 0
    var previous: StreamID?
    for number in 0..<Int(chunkCount) {
      let chunk = chunks[number]
      precondition(chunk.count > 0 && chunk.room <= Self.entriesMax)
      precondition(chunk.end <= chunk.room)
      precondition(chunk.firstID == chunk.entries[0].id)
      for index in 0..<Int(chunk.count) {
        let id = chunk.entries[index].id
        if let previous { precondition(previous < id) }
        previous = id
      }
      total += Int(chunk.count)
    }
    precondition(total == count)
    precondition(directoryStart + chunkCount <= directoryRoom)
  }
}
