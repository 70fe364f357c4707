internal import Bytes

/// Which keys have which tags: of one database, one shard.
///
/// A tag's keys and a key's tags are lists through the same links, one link for each pair, so that
/// everything that may happen is proportional to what it touches: a key that goes takes its own
/// links with it, an invalidated tag walks its own keys.
///
///     keys    hash | name | first link | next key of equal hash
///     tags    name | first link | count
///     links   key | tag | next of the key | next and previous of the tag        20 bytes
///     byHash  hash → key                byName  name → tag
///
/// Records are named by their index in an array; free ones form a list through a field of theirs,
/// so places are used again and indices never move. Since the index is one of 64, an operation on a
/// tag visits up to 64 small ones and locks each shard for its own keys alone.
///
/// Invariants: every link is in exactly one key's and one tag's list; a key or tag without links
/// does not exist; empty, the index holds no memory. A key costs some 60 bytes and its name, a tag
/// about as much in each shard that has it, a pair 20 bytes.
struct TagIndex {
  /// Tags that a key may have.
  static var tagsOfKeyMax: Int { 64 }
  /// Bytes that a tag may have.
  static var tagBytesMax: Int { 512 }

  private static var none: Int32 { -1 }

  private struct Key {
    var hash: UInt64 = 0
    var name: [UInt8] = []
    var firstLink = TagIndex.none
    var next = TagIndex.none
  }

  private struct Tag {
    var name: [UInt8] = []
    var firstLink = TagIndex.none
    var count: Int32 = 0
  }

  private struct Link {
    var key = TagIndex.none
    var tag = TagIndex.none
    var nextOfKey = TagIndex.none
    var nextOfTag = TagIndex.none
    var previousOfTag = TagIndex.none
  }

  private var keys: [Key] = []
  private var tags: [Tag] = []
  private var links: [Link] = []
  private var freeKey = TagIndex.none
  private var freeTag = TagIndex.none
  private var freeLink = TagIndex.none
  private var byHash = HashMap()
  private var byName: [[UInt8]: Int32] = [:]
  private var nameBytes = 0

  /// Keys that have a tag, tags that have a key, and pairs of both.
  private(set) var keyCount = 0
  private(set) var tagCount = 0
  private(set) var linkCount = 0

  var isEmpty: Bool { linkCount == 0 }

  /// Bytes held, as well as can be told.
  var byteCount: Int {
    keys.capacity * MemoryLayout<Key>.stride + tags.capacity * MemoryLayout<Tag>.stride
      + links.capacity * MemoryLayout<Link>.stride + byHash.byteCount + nameBytes
      + byName.capacity * (MemoryLayout<[UInt8]>.stride + 4)
  }

  /// What an array of a name costs beside its bytes.
  private static func cost(_ name: [UInt8]) -> Int { name.count + 32 }

  // MARK: Looking up

  private func find(_ hash: UInt64, _ name: ByteView) -> Int32 {
    guard let word = byHash[hash] else { return Self.none }
    var index = Int32(truncatingIfNeeded: word)
    while index != Self.none {
      let isSame = keys[Int(index)].name.withByteView { $0 == name }
      if isSame { return index }
      index = keys[Int(index)].next
    }
    return Self.none
  }

  /// The tags of a key, latest first.
  ///
  /// - Complexity: O(tags of the key)
  func tags(of hash: UInt64, _ name: ByteView) -> [[UInt8]] {
    let key = find(hash, name)
    guard key != Self.none else { return [] }
    var result: [[UInt8]] = []
    var link = keys[Int(key)].firstLink
    while link != Self.none {
      result.append(tags[Int(links[Int(link)].tag)].name)
      link = links[Int(link)].nextOfKey
    }
    return result
  }

  /// Keys that have a tag.
  func count(ofTag name: [UInt8]) -> Int { byName[name].map { Int(tags[Int($0)].count) } ?? 0 }

  /// Calls `body` with up to `limit` keys of a tag, latest first.
  ///
  /// - Complexity: O(`limit`)
  func forEachKey(ofTag name: [UInt8], limit: Int, _ body: ([UInt8], UInt64) -> Void) {
    guard let tag = byName[name] else { return }
    var link = tags[Int(tag)].firstLink
    var left = limit
    while link != Self.none, left > 0 {
      let key = keys[Int(links[Int(link)].key)]
      body(key.name, key.hash)
      link = links[Int(link)].nextOfTag
      left -= 1
    }
  }

  // MARK: Changing

  /// Gives a key a tag.
  ///
  /// - Returns: false when it has it already, or has `tagsOfKeyMax`.
  /// - Complexity: O(tags of the key)
  mutating func add(_ tagName: [UInt8], to hash: UInt64, _ name: ByteView) -> Bool {
    var key = find(hash, name)
    if key != Self.none {
      var count = 0
      var link = keys[Int(key)].firstLink
      while link != Self.none {
        if tags[Int(links[Int(link)].tag)].name == tagName { return false }
        count += 1
        link = links[Int(link)].nextOfKey
      }
      guard count < Self.tagsOfKeyMax else { return false }
    } else {
      key = makeKey(hash, name.array)
    }
    let tag = byName[tagName] ?? makeTag(tagName)
    let link = makeLink()
    let first = tags[Int(tag)].firstLink
    links[Int(link)] = Link(
      key: key, tag: tag, nextOfKey: keys[Int(key)].firstLink, nextOfTag: first)
    if first != Self.none { links[Int(first)].previousOfTag = link }
    keys[Int(key)].firstLink = link
    tags[Int(tag)].firstLink = link
    tags[Int(tag)].count += 1
    linkCount += 1
    return true
  }

  /// Takes a tag from a key.
  ///
  /// - Returns: whether the key had it.
  /// - Complexity: O(tags of the key)
  mutating func remove(_ tagName: [UInt8], from hash: UInt64, _ name: ByteView) -> Bool {
    let key = find(hash, name)
    guard key != Self.none else { return false }
    var previous = Self.none
    var link = keys[Int(key)].firstLink
    while link != Self.none {
      let next = links[Int(link)].nextOfKey
      if tags[Int(links[Int(link)].tag)].name == tagName {
        if previous == Self.none {
          keys[Int(key)].firstLink = next
        } else {
          links[Int(previous)].nextOfKey = next
        }
        unlink(link)
        if keys[Int(key)].firstLink == Self.none { drop(key: key) }
        releaseIfEmpty()
        return true
      }
      previous = link
      link = next
    }
    return false
  }

  /// Takes all tags from a key: it has gone, or got another value.
  ///
  /// - Returns: how many it had.
  /// - Complexity: O(tags of the key)
  @discardableResult
  mutating func removeKey(_ hash: UInt64, _ name: ByteView) -> Int {
    let key = find(hash, name)
    guard key != Self.none else { return 0 }
    var count = 0
    var link = keys[Int(key)].firstLink
    while link != Self.none {
      let next = links[Int(link)].nextOfKey
      unlink(link)
      count += 1
      link = next
    }
    drop(key: key)
    releaseIfEmpty()
    return count
  }

  // MARK: Records

  /// Takes a link out of its tag's list and frees it; the tag goes with its last link.
  private mutating func unlink(_ link: Int32) {
    let gone = links[Int(link)]
    if gone.previousOfTag == Self.none {
      tags[Int(gone.tag)].firstLink = gone.nextOfTag
    } else {
      links[Int(gone.previousOfTag)].nextOfTag = gone.nextOfTag
    }
    if gone.nextOfTag != Self.none {
      links[Int(gone.nextOfTag)].previousOfTag = gone.previousOfTag
    }
    links[Int(link)] = Link(nextOfKey: freeLink)
    freeLink = link
    linkCount -= 1
    tags[Int(gone.tag)].count -= 1
    if tags[Int(gone.tag)].count == 0 { drop(tag: gone.tag) }
  }

  private mutating func drop(tag: Int32) {
    let name = tags[Int(tag)].name
    nameBytes -= Self.cost(name)
    byName[name] = nil
    tags[Int(tag)] = Tag(firstLink: freeTag)
    freeTag = tag
    tagCount -= 1
  }

  private mutating func drop(key: Int32) {
    let gone = keys[Int(key)]
    nameBytes -= Self.cost(gone.name)
    let first = byHash[gone.hash].map { Int32(truncatingIfNeeded: $0) } ?? Self.none
    if first == key {
      byHash[gone.hash] = gone.next == Self.none ? nil : UInt64(gone.next)
    } else {
      var index = first
      while keys[Int(index)].next != key { index = keys[Int(index)].next }
      keys[Int(index)].next = gone.next
    }
    keys[Int(key)] = Key(next: freeKey)
    freeKey = key
    keyCount -= 1
  }

  private mutating func makeKey(_ hash: UInt64, _ name: [UInt8]) -> Int32 {
    nameBytes += Self.cost(name)
    let next = byHash[hash].map { Int32(truncatingIfNeeded: $0) } ?? Self.none
    let record = Key(hash: hash, name: name, next: next)
    var index = freeKey
    if index != Self.none {
      freeKey = keys[Int(index)].next
      keys[Int(index)] = record
    } else {
      index = Int32(keys.count)
      keys.append(record)
    }
    byHash[hash] = UInt64(index)
    keyCount += 1
    return index
  }

  private mutating func makeTag(_ name: [UInt8]) -> Int32 {
    nameBytes += Self.cost(name)
    var index = freeTag
    if index != Self.none {
      freeTag = tags[Int(index)].firstLink
      tags[Int(index)] = Tag(name: name)
    } else {
      index = Int32(tags.count)
      tags.append(Tag(name: name))
    }
    byName[name] = index
    tagCount += 1
    return index
  }

  private mutating func makeLink() -> Int32 {
    let free = freeLink
    if free != Self.none {
      freeLink = links[Int(free)].nextOfKey
      return free
    }
    links.append(Link())
    return Int32(links.count - 1)
  }

  private mutating func releaseIfEmpty() {
    if linkCount == 0 { self = TagIndex() }
  }

  // MARK: Checking

  /// Checks that both kinds of lists agree, that nothing is left over, and the counts.
  func checkInvariants() {
    var linksOfKeys = 0
    var keysSeen = 0
    byHash.checkInvariants()
    byHash.visit { _, word in
      var key = Int32(truncatingIfNeeded: word)
      while key != Self.none {
        keysSeen += 1
        var link = keys[Int(key)].firstLink
        precondition(link != Self.none, "a key without tags")
        while link != Self.none {
          precondition(links[Int(link)].key == key, "a link of another key")
          linksOfKeys += 1
          link = links[Int(link)].nextOfKey
        }
        key = keys[Int(key)].next
      }
    }
    var linksOfTags = 0
    for (name, tag) in byName {
      precondition(tags[Int(tag)].name == name, "a tag under another's name")
      var previous = Self.none
      var link = tags[Int(tag)].firstLink
      var count = 0
      while link != Self.none {
        precondition(links[Int(link)].tag == tag, "a link of another tag")
        precondition(links[Int(link)].previousOfTag == previous, "a broken way back")
        count += 1
        previous = link
        link = links[Int(link)].nextOfTag
      }
      precondition(count > 0 && count == Int(tags[Int(tag)].count), "a tag's count is wrong")
      linksOfTags += count
    }
    precondition(linksOfKeys == linkCount && linksOfTags == linkCount, "links are lost")
    precondition(keysSeen == keyCount && byName.count == tagCount, "records are lost")
    precondition(linkCount > 0 || keys.isEmpty && tags.isEmpty && links.isEmpty, "memory is kept")
  }
}
