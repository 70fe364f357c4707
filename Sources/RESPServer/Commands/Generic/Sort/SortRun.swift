internal import Bytes
internal import CacheCore
internal import RESP

/// The work of SORT, everything it reads being locked.
///
/// Elements are not copied: they are views of the collection, which does not change until the
/// result is complete. Where an integer's digits are wanted, they are put into an arena of texts.
struct SortRun {
  /// An element with what it is sorted by.
  private struct Item {
    var text: ByteView
    var score = 0.0
    /// Sorted by this text; nil sorts first.
    var comparand: ByteView?
  }

  private let request: SortRequest
  private var arena = TextArena()
  private var items: [Item] = []

  /// Sorts what is at `source` and answers, or stores the result at `target`.
  ///
  /// - Returns: the error to answer with; nil: it has answered.
  static func run(
    _ context: borrowing CommandContext, _ request: SortRequest, _ source: HashedKey,
    _ target: HashedKey?
  ) -> CommandError? {
    var run = SortRun(request: request)
    defer { run.arena.free() }
    do throws(CommandError) {
      try run.load(context, source)
      if let target {
        try run.store(context, at: target)
      } else {
        run.reply(context)
      }
      return nil
    } catch {
      return error
    }
  }

  private init(request: SortRequest) { self.request = request }

  // MARK: Loading

  /// The part of `total` elements that LIMIT wants.
  private func limited(_ total: Int) -> Range<Int> {
    let start = Int(min(max(request.offset, 0), Int64(total)))
    guard request.count >= 0 else { return start..<total }
    return start..<start + Int(min(request.count, Int64(total - start)))
  }

  /// Reads the elements wanted, in order.
  private mutating func load(
    _ context: borrowing CommandContext, _ source: HashedKey
  ) throws(CommandError) {
    guard let entry = context.find(source) else { return }
    let type = context.keyspace.type(of: entry)
    guard type == .list || type == .set || type == .sortedSet else { throw .wrongType }
    let object = context.keyspace.object(of: entry, source)
    var keepsOrder = request.keepsOrder
    var isAlphabetic = request.isAlphabetic
    // A set has no order that a stored list could keep.
    if keepsOrder, type == .set, request.target != nil || context.isInScript {
      keepsOrder = false
      isAlphabetic = true
    }
    if keepsOrder { return loadInOrder(context, object) }
    items.reserveCapacity(object.count)
    switch type {
    case .list: add(ListObject(object), from: 0, count: object.count, backwards: false)
    case .set: SetObject(object, now: context.now).forEachMember { add($0) }
    default:
      var cursor = SortedSet(object).cursor()
      while let element = cursor.next() { add(element.member) }
    }
    try weigh(context, isAlphabetic)
    sort(isAlphabetic)
    let wanted = limited(items.count)
    if wanted.count < items.count { items = Array(items[wanted]) }
  }

  /// Reads the elements that LIMIT wants in the order they have.
  private mutating func loadInOrder(
    _ context: borrowing CommandContext, _ object: ObjectReference
  ) {
    let total = object.count
    let wanted = limited(total)
    let isDescending = request.isDescending
    switch object.type {
    case .list:
      guard !wanted.isEmpty else { return }
      let start = isDescending ? total - 1 - wanted.lowerBound : wanted.lowerBound
      add(ListObject(object), from: start, count: wanted.count, backwards: isDescending)
    case .sortedSet:
      let ranks =
        isDescending ? total - wanted.upperBound..<total - wanted.lowerBound : wanted
      var cursor = SortedSet(object).cursor(over: ranks, reversed: isDescending)
      while let element = cursor.next() { add(element.member) }
    default:
      SetObject(object, now: context.now).forEachMember { add($0) }
      items = Array(items[limited(items.count)])
    }
  }

  private mutating func add(_ value: ListpackValue) {
    items.append(Item(text: arena.text(of: value)))
  }

  /// Adds elements of a list, of which what is compressed does not stay where it is read.
  private mutating func add(
    _ list: ListObject, from index: Int, count: Int, backwards: Bool
  ) {
    let copies = list.isCompressed
    list.forEach(from: index, count: count, backwards: backwards) { value in
      if copies, case .bytes(let bytes) = value {
        items.append(Item(text: arena.copy(of: bytes)))
      } else {
        add(value)
      }
    }
  }

  // MARK: Sorting

  /// Finds out what each element is sorted by.
  private mutating func weigh(
    _ context: borrowing CommandContext, _ isAlphabetic: Bool
  ) throws(CommandError) {
    for index in items.indices {
      let text: ByteView
      if let by = request.by {
        guard let value = arena.value(by, for: items[index].text, context) else { continue }
        // A hash's fields move when it is looked up for the next element and others are due.
        if isAlphabetic, by.field != nil, case .bytes(let bytes) = value {
          text = arena.copy(of: bytes)
        } else {
          text = arena.text(of: value)
        }
      } else {
        text = items[index].text
      }
      if isAlphabetic {
        // What is shown is in the order of C's texts, what is stored in that of bytes, as in Redis.
        items[index].comparand = request.target == nil ? text.upToNul : text
      } else {
        items[index].score = try Self.score(text)
      }
    }
  }

  /// A number as C's strtod reads it: nothing is 0, blanks may stand before it.
  private static func score(_ text: ByteView) throws(CommandError) -> Double {
    var text = text.upToNul
    let isEmpty = text.isEmpty
    while text.count > 0, text[0] == 0x20 || (text[0] >= 0x09 && text[0] <= 0x0D) {
      text = text.dropFirst(1)
    }
    if text.isEmpty, isEmpty { return 0 }
    guard let score = FloatText.parse(text) else {
      throw .fixed("ERR One or more scores can't be converted into double")
    }
    return score
  }

  private mutating func sort(_ isAlphabetic: Bool) {
    let isDescending = request.isDescending
    if isAlphabetic {
      items.sort { left, right in
        let (first, second) = isDescending ? (right, left) : (left, right)
        guard let former = first.comparand else { return second.comparand != nil }
        guard let latter = second.comparand else { return false }
        return former < latter
      }
    } else {
      items.sort { left, right in
        let (first, second) = isDescending ? (right, left) : (left, right)
        // Equal numbers are ordered by their texts, so that the result is always the same.
        return first.score == second.score
          ? first.text < second.text : first.score < second.score
      }
    }
  }

  // MARK: Answering

  private mutating func reply(_ context: borrowing CommandContext) {
    context.reply.array(items.count * max(1, request.gets.count))
    for item in items {
      if request.gets.isEmpty { context.reply.bulk(item.text) }
      for pattern in request.gets {
        if pattern.isElement {
          context.reply.bulk(item.text)
        } else if let value = arena.value(pattern, for: item.text, context) {
          context.reply.bulk(value)
        } else {
          context.reply.null()
        }
      }
    }
  }

  private mutating func store(
    _ context: borrowing CommandContext, at target: HashedKey
  ) throws(CommandError) {
    let count = items.count * max(1, request.gets.count)
    guard count > 0 else {
      if context.keyspace.remove(target, in: context.database, now: context.now) {
        context.changed(target, "del", .generic)
      }
      return context.reply.integer(0)
    }
    let limits = context.listLimits
    let list = ListObject.make(context.keyspace.objectMemory(for: target))
    func push(_ text: ByteView) {
      list.prepareToGrow(bytes: text.count, count: 1, limits)
      list.push(text, at: .tail, limits)
    }
    for item in items {
      if request.gets.isEmpty { push(item.text) }
      for pattern in request.gets {
        if pattern.isElement {
          push(item.text)
        } else if let value = arena.value(pattern, for: item.text, context) {
          value.withText { push($0) }
        } else {
          push(.empty)
        }
      }
    }
    try context.storeObject(list.object, at: target, "sortstore", .list)
    context.reply.integer(count)
  }
}

extension ByteView {
  /// What C's functions on texts see.
  fileprivate var upToNul: ByteView { self[0..<(firstIndex(of: 0) ?? count)] }
}

extension CommandContext {
  /// Whether a script calls the command.
  fileprivate var isInScript: Bool { connection.flags.contains(.mustNotWait) }
}

/// Texts that live as long as a command: digits of integers, and names of keys being looked up.
struct TextArena {
  private static let chunkBytes = 4096
  private var chunks: [UnsafeMutablePointer<UInt8>] = []
  private var used = TextArena.chunkBytes
  private var name: [UInt8] = []

  /// The text of a value: its own bytes, or digits that are put here.
  mutating func text(of value: ListpackValue) -> ByteView {
    guard case .integer(let number) = value else {
      guard case .bytes(let bytes) = value else { return .empty }
      return bytes
    }
    if used + IntegerText.byteCountMax > Self.chunkBytes {
      chunks.append(.allocate(capacity: Self.chunkBytes))
      used = 0
    }
    let place = chunks[chunks.count - 1] + used
    let count = IntegerText.write(number, to: place)
    used += count
    return ByteView(base: UnsafePointer(place), count: count)
  }

  /// A copy that is put here.
  mutating func copy(of text: ByteView) -> ByteView {
    let place: UnsafeMutablePointer<UInt8>
    if text.count > Self.chunkBytes / 4 {
      // A chunk of its own, before the one that is being filled.
      place = .allocate(capacity: text.count)
      chunks.insert(place, at: 0)
    } else {
      if used + text.count > Self.chunkBytes {
        chunks.append(.allocate(capacity: Self.chunkBytes))
        used = 0
      }
      place = chunks[chunks.count - 1] + used
      used += text.count
    }
    place.initialize(from: text.base, count: text.count)
    return ByteView(base: UnsafePointer(place), count: text.count)
  }

  /// What a pattern of SORT finds for an element; nil: no such key or field, or of another type.
  mutating func value(
    _ pattern: SortPattern, for element: ByteView, _ context: borrowing CommandContext
  ) -> ListpackValue? {
    guard pattern.readsKeys else { return nil }
    name.removeAll(keepingCapacity: true)
    name.append(contentsOf: pattern.prefix.buffer)
    name.append(contentsOf: element.buffer)
    name.append(contentsOf: pattern.suffix.buffer)
    return name.withByteView { name in
      let key = context.hash(name)
      guard let entry = context.find(key) else { return nil }
      let type = context.keyspace.type(of: entry)
      if let field = pattern.field {
        guard type == .hash else { return nil }
        let hash = HashObject(context.keyspace.object(of: entry, key), now: context.now)
        return hash.value(of: field)
      }
      guard type == .string else { return nil }
      return .bytes(context.keyspace.string(of: entry))
    }
  }

  /// Gives the memory back.
  func free() {
    for chunk in chunks { chunk.deallocate() }
  }
}
