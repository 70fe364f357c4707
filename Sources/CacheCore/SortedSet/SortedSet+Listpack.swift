import Bytes

extension SortedSet {
  /// `update` in a listpack.
  func updateListpack(
    _ member: ByteView, _ score: Double, _ options: UpdateOptions, _ limits: SortedSetLimits
  ) -> (outcome: UpdateOutcome, score: Double) {
    let pack = pack
    guard let found = pack.find(member, from: pack.first, skipping: 1) else {
      if options.contains(.ifPresent) { return (.refused, score) }
      // A score's text and both heads are below 64 bytes.
      if count >= limits.listpackEntriesMax || member.count > limits.listpackValueBytesMax
        || !pack.hasRoom(adding: member.count + 64)
      {
        convertToTree()
        tree.insert(member, score: score)
      } else {
        insertIntoListpack(ListpackValue(encoding: member), member, score)
      }
      return (.added, score)
    }
    let old = Self.score(pack.value(at: pack.after(found)))
    let (outcome, wanted) = Self.decide(old, score, options)
    if case .changed = outcome {
      var changing = pack
      changing.remove(found, count: 2, memory)
      self.pack = changing
      insertIntoListpack(ListpackValue(encoding: member), member, wanted)
    }
    return (outcome, wanted)
  }

  /// Inserts a member that is not there at its place.
  private func insertIntoListpack(_ value: ListpackValue, _ member: ByteView, _ score: Double) {
    var pack = pack
    let place = place(of: member, score)
    pack.insert(value, before: place, memory)
    let scorePlace = pack.after(place)
    Self.withListpackScore(score) { pack.insert($0, before: scorePlace, memory) }
    self.pack = pack
  }

  /// The position of the first element that stands behind a member with a score.
  private func place(of member: ByteView, _ score: Double) -> Int {
    let pack = pack
    // Elements often come in order: look at the last one first.
    guard let lastScore = pack.last else { return pack.end }
    let last = Self.score(pack.value(at: lastScore))
    if last < score { return pack.end }
    var position = pack.first
    while let present = position {
      let scorePosition = pack.after(present)
      let there = Self.score(pack.value(at: scorePosition))
      if there > score { return present }
      if there == score,
        pack.value(at: present).withText({ $0.order(against: member) > 0 })
      {
        return present
      }
      position = pack.next(scorePosition)
    }
    return pack.end
  }

  /// Calls `body` with a score as a listpack keeps it.
  static func withListpackScore(_ score: Double, _ body: (ListpackValue) -> Void) {
    // Below 2^52 every integer is a Double of its own; as in Redis 7.2, -0 is stored as 0.
    let limit = 4_503_599_627_370_496.0
    if score.magnitude < limit, score == score.rounded(.towardZero) {
      return body(.integer(Int64(score)))
    }
    var text = InlineArray<32, UInt8>(repeating: 0)
    withUnsafeMutablePointer(to: &text) { raw in
      let base = UnsafeMutableRawPointer(raw).assumingMemoryBound(to: UInt8.self)
      let count = FloatText.write(score, to: base)
      // As the listpack does it: whatever reads as an integer is one.
      body(ListpackValue(encoding: ByteView(base: UnsafePointer(base), count: count)))
    }
  }

  // MARK: Making results

  /// Adds a member that is not there yet; fastest when members come in order.
  ///
  /// - Parameter score: no NaN.
  /// - Complexity: O(log n), O(n) in a listpack, O(1) there for a score above all others.
  public func append(_ member: ListpackValue, score: Double, limits: SortedSetLimits) {
    assert(!score.isNaN)
    if isListpack {
      if count < limits.listpackEntriesMax, member.textCount <= limits.listpackValueBytesMax,
        pack.hasRoom(adding: member.textCount + 64)
      {
        return member.withText { insertIntoListpack(ListpackValue(encoding: $0), $0, score) }
      }
      convertToTree()
    }
    member.withText { tree.insert($0, score: score) }
  }

  /// Makes a tree a listpack if it may be one, as Redis does with results that are stored.
  ///
  /// - Complexity: O(1) when there are too many members, else O(n).
  public func compact(limits: SortedSetLimits) {
    guard !isListpack, count <= limits.listpackEntriesMax, earliestDeadline == nil else { return }
    var bytes = 0
    var cursor = cursor()
    while let element = cursor.next() {
      let length = element.member.textCount
      guard length <= limits.listpackValueBytesMax else { return }
      bytes += length + 64
    }
    let tree = tree
    var pack = Listpack.make(memory)
    guard pack.hasRoom(adding: bytes) else { return pack.destroy(memory) }
    cursor = self.cursor()
    while let element = cursor.next() {
      element.member.withText { pack.append(ListpackValue(encoding: $0), memory) }
      Self.withListpackScore(element.score) { pack.append($0, memory) }
    }
    tree.destroy()
    object.header.pointee.encoding = .listpack
    self.pack = pack
  }
}
