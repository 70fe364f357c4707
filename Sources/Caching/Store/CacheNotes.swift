internal import Bytes
internal import CacheCore

/// What the module keeps beside the keys of one database in one shard. Touched with the shard
/// locked, or the gate held.
final class CacheNotes {
  var tags = TagIndex()
  /// When values turn stale, in cache milliseconds; keys that are fresh until they go have no
  /// entry.
  var staleTimes = HashMap()
  /// What keys count for under rules, see `RuleAccount`.
  var accounts = HashMap()
  var leases = LeasePool()
  /// Bytes that the server was told of.
  var toldBytes = 0

  /// Bytes held.
  var byteCount: Int {
    tags.byteCount + staleTimes.byteCount + accounts.byteCount + leases.byteCount
  }

  var isEmpty: Bool {
    tags.isEmpty && staleTimes.count == 0 && accounts.count == 0 && leases.count == 0
  }
}

/// The notes of one shard, by database.
struct CacheShard {
  private var databases: [CacheNotes?]

  init(databaseCount: Int) { databases = Array(repeating: nil, count: databaseCount) }

  /// The notes of a database that has any.
  subscript(existing database: DatabaseIndex) -> CacheNotes? {
    databases[Int(database.rawValue)]
  }

  /// The notes of a database, made when there are none.
  mutating func notes(of database: DatabaseIndex) -> CacheNotes {
    if let notes = databases[Int(database.rawValue)] { return notes }
    let notes = CacheNotes()
    databases[Int(database.rawValue)] = notes
    return notes
  }

  /// Exchanges two databases.
  mutating func swap(_ first: DatabaseIndex, _ second: DatabaseIndex) {
    databases.swapAt(Int(first.rawValue), Int(second.rawValue))
  }

  /// Forgets a database.
  mutating func clear(_ database: Int) { databases[database] = nil }

  /// Calls `body` with all notes that there are.
  func visit(_ body: (Int, CacheNotes) -> Void) {
    for (index, notes) in databases.enumerated() {
      if let notes { body(index, notes) }
    }
  }
}
