internal import Bytes

/// A class of keys: how they are called, where their values come from, how long they are good.
///
///     stored            fresh                    stale            gone
///       ├───────────────────────────────┬─────────────────────────┤
///       0                              ttl                    ttl + stale
///
/// A key is stored with the sum of both times as its expiry, so when it was stored follows from the
/// expiry it has, and nothing has to be kept beside it.
final class KeyClass: Sendable {
  /// How rows become a value.
  enum Shape: Equatable, Sendable {
    /// An object of JSON; an array of them when there are several rows.
    case json
    /// An array of JSON objects, however many; none is a value too.
    case array
    /// One column of one row, as text.
    case column(String)
  }

  /// Whose key it is.
  struct Owner: Equatable, Sendable {
    /// The placeholder that names the owner.
    let placeholder: Int
    /// What the user's name has in front of it.
    let prefix: [UInt8]
    /// Users who may see everybody's.
    let readers: Set<[UInt8]>
  }

  /// A table whose changes touch keys.
  struct Watch: Equatable, Sendable {
    /// As it was written, in lower case: `table` or `schema.table`.
    let table: String
    /// Placeholders and the columns that hold their values; none: any change touches all keys.
    let columns: [(placeholder: Int, column: String)]

    static func == (left: Watch, right: Watch) -> Bool {
      left.table == right.table
        && left.columns.elementsEqual(right.columns) {
          $0.placeholder == $1.placeholder && $0.column == $1.column
        }
    }
  }

  let name: String
  let pattern: KeyPattern
  /// As it was written; what is sent is in `statement`.
  let query: SQLTemplate
  let ttlMilliseconds: Int64
  let staleMilliseconds: Int64
  let negativeMilliseconds: Int64
  let shape: Shape
  let redacts: Bool
  let owner: Owner?
  let watches: [Watch]
  /// The placeholders that watches name some of without naming all, as sets of their places: keys
  /// have to be found by them.
  let groups: [[Int]]
  /// What it has in common with its namesake of before a reload.
  let state: ClassState

  /// Times have an end, so that sums fit.
  static let millisecondsMax: Int64 = 365 * 86_400_000
  /// Rows of an array; more is a mistake.
  static let rowsMax = 10_000

  init(
    _ draft: ClassDraft, pattern: KeyPattern, query: SQLTemplate, owner: Owner?, watches: [Watch]
  ) {
    name = draft.name
    self.pattern = pattern
    self.query = query
    ttlMilliseconds = draft.ttl ?? 0
    staleMilliseconds = draft.stale ?? 0
    negativeMilliseconds = draft.negative ?? min(5000, ttlMilliseconds)
    shape = draft.shape
    redacts = draft.redacts
    self.owner = owner
    self.watches = watches
    groups = Self.groups(watches, pattern)
    state = ClassState()
  }

  /// The same class with the state of one that was there before.
  init(_ new: KeyClass, state: ClassState) {
    name = new.name
    pattern = new.pattern
    query = new.query
    ttlMilliseconds = new.ttlMilliseconds
    staleMilliseconds = new.staleMilliseconds
    negativeMilliseconds = new.negativeMilliseconds
    shape = new.shape
    redacts = new.redacts
    owner = new.owner
    watches = new.watches
    groups = new.groups
    self.state = state
  }

  /// Whether what this one has stored is good for the other.
  func storesAlike(_ other: KeyClass) -> Bool {
    name == other.name && pattern == other.pattern && query == other.query
      && ttlMilliseconds == other.ttlMilliseconds && staleMilliseconds == other.staleMilliseconds
      && shape == other.shape && redacts == other.redacts && watches == other.watches
  }

  /// The life of a key in milliseconds.
  var lifeMilliseconds: Int64 { ttlMilliseconds + staleMilliseconds }

  /// What is sent: the query, with PostgreSQL making the value of each row. It knows best how its
  /// types are written, NULL, numeric and times with zones among them.
  var statement: String {
    let limit = Self.rowsMax + 1
    switch shape {
    case .json, .array:
      return "SELECT row_to_json(wingcache_row)::text FROM (\(query.sql)) AS wingcache_row "
        + "LIMIT \(limit)"
    case .column(let column):
      return "SELECT (wingcache_row.\(Self.quoted(column)))::text "
        + "FROM (\(query.sql)) AS wingcache_row LIMIT 2"
    }
  }

  /// A name as SQL takes it whatever it is.
  static func quoted(_ name: String) -> String { "\"\(name)\"" }

  /// The groups of a class, see `groups`.
  private static func groups(_ watches: [Watch], _ pattern: KeyPattern) -> [[Int]] {
    var groups: [[Int]] = []
    for watch in watches where !watch.columns.isEmpty {
      guard watch.columns.count < pattern.placeholders.count else { continue }
      let group = watch.columns.map(\.placeholder).sorted()
      if !groups.contains(group) { groups.append(group) }
    }
    return groups
  }

  /// Whether a user may see a key.
  func mayBeSeen(by user: [UInt8], _ values: KeyPattern.Values, in key: ByteView) -> Bool {
    guard let owner, !owner.readers.contains(user) else { return true }
    let value = values.value(owner.placeholder, in: key)
    guard user.count == owner.prefix.count + value.count, user.starts(with: owner.prefix) else {
      return false
    }
    return user.dropFirst(owner.prefix.count).elementsEqual(value.buffer)
  }
}

/// All classes, as loops look them up. Never changed: a reload makes another.
final class ClassTable: Sendable {
  let classes: [KeyClass]
  /// The first bytes that keys of any class have, a bit each.
  private let firstBytes: SIMD4<UInt64>

  /// Why classes do not go together.
  struct Mistake: Error, Equatable {
    let reason: String
  }

  init(_ classes: [KeyClass]) throws(Mistake) {
    var bits = SIMD4<UInt64>()
    for (index, one) in classes.enumerated() {
      for other in classes[..<index] {
        guard one.name != other.name else {
          throw Mistake(reason: "there are two classes called '\(one.name)'")
        }
        guard !one.pattern.mayOverlap(other.pattern) else {
          throw Mistake(
            reason: "a key could be of the class '\(other.name)' and of '\(one.name)'")
        }
      }
      let first = one.pattern.prefix[0]
      bits[Int(first >> 6)] |= 1 << UInt64(first & 63)
    }
    self.classes = classes
    firstBytes = bits
  }

  /// No classes.
  static let empty: ClassTable = {
    do throws(Mistake) { return try ClassTable([]) } catch { preconditionFailure() }
  }()

  /// The class of a key.
  ///
  /// - Complexity: O(classes + length of the key)
  @inline(__always)
  func find(_ key: ByteView) -> (class: KeyClass, values: KeyPattern.Values)? {
    guard !key.isEmpty, firstBytes[Int(key[0] >> 6)] >> UInt64(key[0] & 63) & 1 != 0 else {
      return nil
    }
    for candidate in classes {
      if let values = candidate.pattern.match(key) { return (candidate, values) }
    }
    return nil
  }

  /// A class by its name.
  func find(named name: some StringProtocol) -> KeyClass? { classes.first { $0.name == name } }

  /// The table with the states of classes that were there before and still store alike.
  func inheriting(from old: ClassTable) -> ClassTable {
    let inherited = classes.map { new in
      guard let before = old.find(named: new.name), before.storesAlike(new) else { return new }
      return KeyClass(new, state: before.state)
    }
    // They go together as they did.
    return (try? ClassTable(inherited)) ?? self
  }
}
