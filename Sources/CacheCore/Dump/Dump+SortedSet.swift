import Bytes

// Sorted sets.
//
//     17  listpack of member and score | 5  members (member score as a double) ...
//     12  ziplist | 3  members (member score as a text: u8 length; 253 nan, 254 inf, 255 -inf) ...
//     201 members (deadline member score) ...     deadline: 0, or Unix milliseconds

extension DumpWriter {
  mutating func sortedSet(_ set: SortedSet, _ clock: DumpClock) {
    if set.isListpack {
      type(.sortedSetListpack)
      return string(set.pack.bytes)
    }
    let isTimed = set.earliestDeadline != nil
    type(isTimed ? .sortedSetWithDeadlines : .sortedSet)
    length(set.count)
    // The last one first, as in Redis: then each is added in front of all others.
    var cursor = set.cursor(over: 0..<set.count, reversed: true)
    while let element = cursor.next() {
      if isTimed {
        if case .at(let time) = element.member.withText({ set.deadline(of: $0) }) {
          number(UInt64(max(1, time + clock.wallStep)))
        } else {
          number(0)
        }
      }
      string(element.member)
      double(element.score)
    }
  }
}

extension DumpDecoder {
  mutating func sortedSet(_ type: DumpType) throws(DumpError) -> ObjectReference {
    if type == .sortedSetListpack {
      let bytes = try listpack(stride: 2)
      let pack = Listpack(base: UnsafeMutableRawPointer(mutating: bytes.base))
      guard pack.isInScoreOrder else { throw .badFormat }
      let copy = Listpack.make(copying: bytes, memory)
      let set = SortedSet(.make(.sortedSet, .listpack, payload: copy.base, memory))
      if set.count > limits.sortedSet.listpackEntriesMax { set.convertToTree() }
      return set.object
    }
    var count = 0
    if type != .sortedSetZiplist {
      count = try reader.count(bytesEach: 2)
      guard count > 0 else { throw .badFormat }
    }
    let set = SortedSet.make(countHint: count, limits: limits.sortedSet, memory)
    do throws(DumpError) {
      if type == .sortedSetZiplist {
        let limits = limits.sortedSet
        try forEachPairOfZiplist { (member, value) throws(DumpError) in
          guard let score = value.score else { throw .badFormat }
          try Self.add(member, score, to: set, limits)
        }
        guard set.count > 0 else { throw .badFormat }
      } else {
        for _ in 0..<count {
          let deadline = type == .sortedSetWithDeadlines ? try reader.number() : 0
          let member = try reader.string()
          let score = type == .sortedSetText ? try scoreText() : try reader.double()
          try Self.add(member, score, to: set, limits.sortedSet)
          if deadline != 0 {
            set.setDeadline(of: member, to: Int64(clamping: deadline) - limits.clock.wallStep)
          }
        }
      }
    } catch {
      set.object.destroy()
      throw error
    }
    return set.object
  }

  private static func add(
    _ member: ByteView, _ score: Double, to set: SortedSet, _ limits: SortedSetLimits
  ) throws(DumpError) {
    guard !score.isNaN, case .added = set.update(member, score: score, limits: limits).outcome
    else { throw .badFormat }
  }

  private mutating func scoreText() throws(DumpError) -> Double {
    switch try reader.byte() {
    case 253: throw .badFormat
    case 254: return .infinity
    case 255: return -.infinity
    case let count:
      guard let score = FloatText.parse(try reader.take(Int(count))) else { throw .badFormat }
      return score
    }
  }
}

extension ListpackValue {
  /// The value as a score; nil when it is no number.
  fileprivate var score: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .bytes(let text): FloatText.parse(text)
    }
  }
}

extension Listpack {
  /// Whether the second of every two elements is a score, and the pairs are in order of scores, and
  /// of members where those are equal.
  fileprivate var isInScoreOrder: Bool {
    var last: (member: ListpackValue, score: Double)?
    var position = first
    while let member = position {
      guard let place = next(member), let score = value(at: place).score, !score.isNaN else {
        return false
      }
      let here = value(at: member)
      if let last {
        guard last.score <= score else { return false }
        if last.score == score {
          let isBefore = last.member.withText { former in here.withText { former < $0 } }
          guard isBefore else { return false }
        }
      }
      last = (here, score)
      position = next(place)
    }
    return true
  }
}
