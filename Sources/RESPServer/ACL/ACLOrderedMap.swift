/// A dictionary that keeps the order in which its keys came: lists of patterns, passwords and rules
/// are shown in the order they were given, and have no duplicates.
///
///     items    key and value | (hole) | key and value | ...     in order of arrival
///     places   key → position in items
///
/// A removed key leaves a hole; items close up once half of them are holes. So everything but
/// `elements` is O(1) amortised, whatever a client sends.
struct ACLOrderedMap<Value: Sendable>: Sendable {
  private var items: [(key: [UInt8], value: Value)?] = []
  private var places: [[UInt8]: Int] = [:]

  /// Number of keys.
  var count: Int { places.count }
  var isEmpty: Bool { places.isEmpty }

  /// Keys and values in order.
  ///
  /// - Complexity: O(n)
  var elements: [(key: [UInt8], value: Value)] { items.compactMap { $0 } }

  /// A new key goes to the end, one that is there keeps its place.
  subscript(key: [UInt8]) -> Value? {
    get { places[key].flatMap { items[$0]?.value } }
    set {
      guard let newValue else { return remove(key) }
      if let place = places[key] {
        items[place] = (key, newValue)
      } else {
        places[key] = items.count
        items.append((key, newValue))
      }
    }
  }

  mutating func removeAll() { self = ACLOrderedMap() }

  private mutating func remove(_ key: [UInt8]) {
    guard let place = places.removeValue(forKey: key) else { return }
    items[place] = nil
    guard items.count > 16, places.count * 2 < items.count else { return }
    items = items.filter { $0 != nil }
    for (place, item) in items.enumerated() { if let item { places[item.key] = place } }
  }
}
