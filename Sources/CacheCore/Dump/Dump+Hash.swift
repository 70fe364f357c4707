import Bytes

// Hashes. Deadlines of fields are in the form that Redis 7.4 gave them; 7.0 refuses those.
//
//     16  listpack | 4  fields (field value) ...
//     24  first deadline u64 | fields (deadline - first + 1, or 0; field value) ...
//     25  first deadline u64 | listpack of field, value, deadline
//     13  ziplist | 9  zipmap

extension DumpWriter {
  mutating func hash(_ hash: HashObject, _ clock: DumpClock) {
    if let first = hash.earliestDeadline { return timedHash(hash, first, clock) }
    if hash.object.encoding == .listpack {
      type(.hashListpack)
      return string(hash.pack.bytes)
    }
    type(.hash)
    length(hash.count)
    hash.forEachField { field, value in
      string(field)
      string(value)
    }
  }

  private mutating func timedHash(_ hash: HashObject, _ first: Int64, _ clock: DumpClock) {
    type(.hashWithDeadlines)
    // What is due is left out, so the first of the others is later.
    let first = max(first, clock.now)
    fixed(first + clock.wallStep)
    length(hash.count)
    hash.forEachField { field, value in
      let deadline = field.withText { hash.deadline(of: $0) }
      if case .at(let time) = deadline {
        number(UInt64(time - first) + 1)
      } else {
        number(0)
      }
      string(field)
      string(value)
    }
  }
}

extension DumpDecoder {
  mutating func hash(_ type: DumpType) throws(DumpError) -> ObjectReference {
    if type == .hashListpack {
      let pack = Listpack.make(copying: try listpack(stride: 2), memory)
      let hash = HashObject(
        .make(.hash, .listpack, payload: pack.base, memory), now: limits.clock.now)
      if hash.count > limits.hash.entriesMax { hash.convertToTable() }
      return hash.object
    }
    let hash = HashObject.make(memory, now: limits.clock.now)
    do throws(DumpError) {
      switch type {
      case .hashZipmap: try readZipmap(hash)
      case .hashZiplist:
        let limits = limits.hash
        try forEachPairOfZiplist { (field, value) throws(DumpError) in
          guard value.withText({ hash.set(field, to: $0, limits) }) else { throw .badFormat }
        }
        guard hash.count > 0 else { throw .badFormat }
      case .hashWithDeadlines: try readTimedFields(hash)
      case .hashListpackWithDeadlines: try readTimedListpack(hash)
      default: try readFields(hash)
      }
    } catch {
      hash.object.destroy()
      throw error
    }
    return hash.object
  }

  private mutating func readFields(_ hash: HashObject) throws(DumpError) {
    let count = try reader.count(bytesEach: 2)
    guard count > 0 else { throw .badFormat }
    if count > limits.hash.entriesMax { hash.convertToTable() }
    for _ in 0..<count {
      let field = try reader.string(.first)
      let value = try reader.string(.second)
      guard hash.set(field, to: value, limits.hash) else { throw .badFormat }
    }
  }

  private mutating func readZipmap(_ hash: HashObject) throws(DumpError) {
    var zipmap = try ZipmapReader(try reader.string())
    while let pair = try zipmap.next() {
      guard hash.set(pair.field, to: pair.value, limits.hash) else { throw .badFormat }
    }
    guard hash.count > 0 else { throw .badFormat }
  }

  private mutating func readTimedFields(_ hash: HashObject) throws(DumpError) {
    let first = try reader.fixed(Int64.self)
    let count = try reader.count(bytesEach: 3)
    guard count > 0, first >= 0 else { throw .badFormat }
    if count > limits.hash.entriesMax { hash.convertToTable() }
    for _ in 0..<count {
      let offset = try reader.number()
      let field = try reader.string(.first)
      let value = try reader.string(.second)
      guard offset <= UInt64(Int64.max - first) else { throw .badFormat }
      try add(
        field, value, deadline: offset == 0 ? 0 : first + Int64(offset) - 1, to: hash)
    }
  }

  private mutating func readTimedListpack(_ hash: HashObject) throws(DumpError) {
    _ = try reader.fixed(Int64.self)
    let bytes = try listpack(stride: 3)
    let pack = Listpack(base: UnsafeMutableRawPointer(mutating: bytes.base))
    var position = pack.first
    while let field = position {
      // Three at a time: that was checked.
      let value = pack.next(field).unsafelyUnwrapped
      let last = pack.next(value).unsafelyUnwrapped
      guard case .integer(let deadline) = pack.value(at: last), deadline >= 0 else {
        throw .badFormat
      }
      try pack.value(at: field).withText { (field) throws(DumpError) in
        try pack.value(at: value).withText { (value) throws(DumpError) in
          try add(field, value, deadline: deadline, to: hash)
        }
      }
      position = pack.next(last)
    }
  }

  /// Adds a field with a deadline in Unix milliseconds, 0: none. One that is due is left out.
  private func add(
    _ field: ByteView, _ value: ByteView, deadline: Int64, to hash: HashObject
  ) throws(DumpError) {
    let (time, overflow) = deadline.subtractingReportingOverflow(limits.clock.wallStep)
    guard !overflow else { throw .badFormat }
    if deadline != 0, time <= limits.clock.now { return }
    guard hash.set(field, to: value, limits.hash) else { throw .badFormat }
    if deadline != 0 { hash.setDeadline(of: field, to: time) }
  }
}
