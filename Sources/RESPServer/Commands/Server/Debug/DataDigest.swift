internal import Bytes
internal import CLua
internal import CacheCore

/// A signature of data, the same as Redis computes of the same data, so that a data set can be
/// compared across servers.
///
/// What has an order (a list's elements, a field and its value) is mixed: each step hashes the
/// digest so far with what comes. What has none (members, fields, keys) is hashed apart and joined
/// by exclusive or.
///
///     mix(x)   digest = SHA1(digest ⊕ SHA1(x))
///     join(x)  digest = digest ⊕ SHA1(x)
struct DataDigest {
  private var words: (UInt64, UInt64, UInt32) = (0, 0, 0)

  init() {}

  /// Adds bytes whose place matters.
  mutating func mix(_ bytes: ByteView) {
    join(bytes)
    words = self.bytes.withByteView { Self.hash($0) }
  }

  /// The same with the text of a listpack's element.
  mutating func mix(_ value: ListpackValue) { value.withText { mix($0) } }

  /// Adds bytes whose place does not matter.
  mutating func join(_ bytes: ByteView) {
    let hash = Self.hash(bytes)
    words.0 ^= hash.0
    words.1 ^= hash.1
    words.2 ^= hash.2
  }

  /// Adds a part's digest, whose place does not matter.
  mutating func join(_ part: DataDigest) { part.bytes.withByteView { join($0) } }

  /// Adds a number as 4 bytes, the most significant first.
  mutating func mix(number: Int) {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).bigEndian) { mix(ByteView($0)) }
  }

  /// The 20 bytes.
  private var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20)
    withUnsafeBytes(of: words.0.bigEndian) { bytes += $0 }
    withUnsafeBytes(of: words.1.bigEndian) { bytes += $0 }
    withUnsafeBytes(of: words.2.bigEndian) { bytes += $0 }
    return bytes
  }

  /// 40 hexadecimal digits.
  var text: String {
    func digits(_ value: UInt64, _ count: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: count - text.utf8.count) + text
    }
    return digits(words.0, 16) + digits(words.1, 16) + digits(UInt64(words.2), 8)
  }

  private static func hash(_ bytes: ByteView) -> (UInt64, UInt64, UInt32) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 41) { text in
      wl_sha1(bytes.base, bytes.count, text.baseAddress)
      func word(_ range: Range<Int>) -> UInt64 {
        range.reduce(0) { word, index in
          let letter = UInt64(UInt8(bitPattern: text[index]))
          return word << 4 | (letter < 0x3A ? letter - 0x30 : letter - 0x61 + 10)
        }
      }
      return (word(0..<16), word(16..<32), UInt32(truncatingIfNeeded: word(32..<40)))
    }
  }
}

extension DataDigest {
  /// Mixes a value in: its type, its contents, and whether it will expire.
  ///
  /// - Complexity: O(n)
  mutating func mix(
    _ entry: EntryHandle, _ key: HashedKey, _ context: borrowing CommandContext
  ) {
    let type = context.keyspace.type(of: entry)
    mix(number: Self.number(of: type))
    if type == .string {
      mix(context.keyspace.string(of: entry))
    } else {
      mix(context.keyspace.object(of: entry, key), now: context.now)
    }
    if context.keyspace.expiry(of: entry) != nil { join(ByteView("!!expire!!")) }
  }

  /// What Redis calls the types among themselves.
  private static func number(of type: ValueType) -> Int {
    switch type {
    case .string: 0
    case .list: 1
    case .set: 2
    case .sortedSet: 3
    case .hash: 4
    case .stream: 6
    }
  }

  private mutating func mix(_ object: ObjectReference, now: Int64) {
    switch object.type {
    case .string: break
    case .list: ListObject(object).forEachElement { mix($0) }
    case .set: SetObject(object, now: now).forEachMember { $0.withText { join($0) } }
    case .hash:
      HashObject(object, now: now).forEachField { field, value in
        var part = DataDigest()
        part.mix(field)
        part.mix(value)
        join(part)
      }
    case .sortedSet:
      var cursor = SortedSet(object).cursor()
      while let element = cursor.next() {
        var part = DataDigest()
        part.mix(element.member)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { text in
          // There: it is not empty.
          let start = text.baseAddress.unsafelyUnwrapped
          let count = FloatText.write17Digits(element.score, to: start)
          part.mix(ByteView(base: UnsafePointer(start), count: count))
        }
        join(part)
      }
    case .stream:
      var cursor = StreamObject(object).cursor(from: .zero, through: .max)
      while let entry = cursor.next() {
        Array("\(entry.id.milliseconds).\(entry.id.sequence)".utf8).withByteView { mix($0) }
        entry.forEachField { field, value in
          mix(field)
          mix(value)
        }
      }
    }
  }
}
