internal import Bytes
internal import CacheCore
internal import RESPServer

/// Entries of the stream of crises.
enum CrisisEntry {
  /// Entries from the end that are looked at for one that says the same, and how old it may be.
  private static var lookedAtMax: Int { 16 }
  private static var sameMilliseconds: UInt64 { 10_000 }

  /// Entries that are looked at in one step.
  private static var sliceMax: Int { 1000 }

  private static let hash = SipHash.random()

  /// Bytes of a message that are compared: this is done on a loop.
  private static var comparedBytesMax: Int { 512 }

  /// A number for a message, as hexadecimal digits: the same before and after its personal data was
  /// taken out, where redacting twice changes nothing. Messages that begin alike have the same.
  static func digest(of text: ByteView) -> [UInt8] {
    let head = text[0..<min(text.count, 2 * comparedBytesMax)]
    let number = Redactor.forWriting.redact(head).bytes.withByteView {
      hash($0[0..<min($0.count, comparedBytesMax)])
    }
    return Array(String(number, radix: 16).utf8)
  }

  /// Whether something else than the source of this entry has told the same a moment ago.
  static func isTold(
    _ entry: [(field: [UInt8], value: [UInt8])], in stream: StreamObject, now: UInt64
  ) -> Bool {
    var cursor = stream.cursor(from: .zero, through: .max, isReversed: true)
    for _ in 0..<lookedAtMax {
      guard let other = cursor.next(), other.id.milliseconds + sameMilliseconds >= now else {
        return false
      }
      var same = 0
      var isOtherSource = false
      other.forEachField { field, value in
        for (name, own) in entry where field.withText({ text in name.withByteView { $0 == text } })
        {
          let isEqual = value.withText { text in own.withByteView { $0 == text } }
          if name == Array("source".utf8) {
            isOtherSource = !isEqual
          } else if name != Array("excerpt".utf8), isEqual {
            same += 1
          }
        }
      }
      // Conversation, category, level and message.
      if same == 4, isOtherSource { return true }
    }
    return false
  }

  /// The conversation that an entry is about.
  private static func conversation(of entry: StreamEntry) -> [UInt8]? {
    var found: [UInt8]?
    entry.forEachField { field, value in
      guard case .bytes(let name) = field, name == "conversation" else { return }
      found = value.withText { $0.array }
    }
    return found
  }

  /// Removes the entries about some conversations, of the next slice.
  ///
  /// - Parameter next: where to begin; then where to go on, nil when all was looked at.
  /// - Returns: how many were removed.
  static func remove(
    of conversations: Set<[UInt8]>, in stream: StreamObject, next: inout StreamID?
  ) -> Int {
    var cursor = stream.cursor(from: next ?? .zero, through: .max)
    next = nil
    var gone: [StreamID] = []
    var left = sliceMax
    while let entry = cursor.next() {
      if left == 0 {
        next = entry.id
        break
      }
      left -= 1
      if let name = conversation(of: entry), conversations.contains(name) { gone.append(entry.id) }
    }
    for id in gone { stream.remove(id) }
    return gone.count
  }
}

extension CommandContext {
  /// Removes what the stream of crises says of erased conversations, a slice of it.
  ///
  /// - Parameter next: where to begin; then where to go on, nil when all was looked at.
  /// - Returns: how many entries went.
  func forgetCrises(of conversations: Set<[UInt8]>, from next: inout StreamID?) -> Int {
    let name = CoachState.safetySettings.streamKey
    let start = next
    next = nil
    guard !name.isEmpty, !conversations.isEmpty else { return 0 }
    let (removed, following) = withLocks(on: [name]) { keys -> (Int, StreamID?) in
      var position = start
      guard let found = try? streamForWriting(keys[0]) else { return (0, nil) }
      let removed = CrisisEntry.remove(of: conversations, in: found, next: &position)
      if removed > 0 { changed(keys[0], "xdel", .stream) }
      return (removed, position)
    }
    next = following
    return removed
  }
}
