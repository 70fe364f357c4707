/// What the key space asks of every type of collection. A type conforms with statics only, and is
/// found by `ValueType.kind`.
public protocol ObjectKind {
  /// Frees payload and header with `object.memory`. May run on the reclaimer's thread.
  static func destroy(_ object: ObjectReference)

  /// A copy whose parts come from `memory`.
  ///
  /// - Complexity: O(n)
  static func copy(_ object: ObjectReference, into memory: ObjectMemory) -> ObjectReference

  /// Number of elements.
  static func count(_ object: ObjectReference) -> Int

  /// About how many allocations `destroy` gives back: what takes long is left to the reclaimer.
  ///
  /// - Complexity: O(1)
  static func freeEffort(_ object: ObjectReference) -> Int

  /// Bytes that it holds, header included.
  ///
  /// - Parameter samples: elements to look at for an estimate; 0: all.
  static func usedBytes(_ object: ObjectReference, samples: Int) -> Int

  /// Checks the structure; traps on damage.
  static func checkInvariants(_ object: ObjectReference)

  /// The earliest deadline of an element, in cache milliseconds; nil when none has one.
  ///
  /// - Complexity: O(1)
  static func earliestDeadline(_ object: ObjectReference) -> Int64?

  /// Whether reading passes over elements that are due. Else a lookup removes them all, for types
  /// whose elements are counted and numbered.
  static var hidesDue: Bool { get }

  /// Removes elements that are due at `now`, `limit` at most.
  ///
  /// - Returns: how many.
  static func removeDue(_ object: ObjectReference, now: Int64, limit: Int) -> Int

  /// Whether all elements are due at `now`.
  static func areAllDue(_ object: ObjectReference, now: Int64) -> Bool
}

extension ObjectKind {
  /// Most types do, or have none that are due.
  public static var hidesDue: Bool { true }

  /// Most types have no deadlines of elements.
  public static func earliestDeadline(_ object: ObjectReference) -> Int64? { nil }

  /// Nothing is due.
  public static func removeDue(_ object: ObjectReference, now: Int64, limit: Int) -> Int { 0 }

  /// Nothing is due.
  public static func areAllDue(_ object: ObjectReference, now: Int64) -> Bool { false }
}

extension ValueType {
  /// The operations of a collection's type.
  var kind: any ObjectKind.Type {
    switch self {
    case .string: preconditionFailure("a string is no object")
    case .list: ListObject.self
    case .set: SetKind.self
    case .sortedSet: SortedSetKind.self
    case .hash: HashKind.self
    case .stream: StreamKind.self
    }
  }
}
