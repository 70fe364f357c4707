internal import Bytes
internal import CacheCore

/// Reads a range of a conversation's messages in slices, each short enough for a loop.
struct MessageGatherer {
  /// Entries and bytes of a slice: some 0.2 ms.
  static var entriesMax: Int { 1000 }
  static var bytesMax: Int { 256 << 10 }

  /// Bytes of text that are kept at most; of more, the newest.
  static var textBytesMax: Int { 8 << 20 }

  private var next: StreamID
  private let end: StreamID
  private(set) var turns: [Transcript.Turn] = []
  /// Entries that the turns come from.
  private(set) var ids: [StreamID] = []
  private(set) var bytes = 0

  /// Begins with the entry `start` and ends with `end`.
  init(from start: StreamID = .zero, through end: StreamID) {
    next = start
    self.end = end
  }

  /// Reads a slice.
  ///
  /// - Returns: whether that was the last.
  mutating func read(_ stream: StreamObject) -> Bool {
    var cursor = stream.cursor(from: next, through: end)
    var entries = 0
    var sliceBytes = 0
    while let raw = cursor.next() {
      let entry = ConversationEntry(raw)
      if entry.kind.isMessage {
        let text = entry.textArray
        sliceBytes += text.count
        turns.append(Transcript.Turn(speaker: Self.speaker(entry.kind), text: text))
        ids.append(entry.id)
      }
      entries += 1
      if entries >= Self.entriesMax || sliceBytes >= Self.bytesMax {
        bytes += sliceBytes
        guard let following = raw.id.successor else { return true }
        next = following
        return false
      }
    }
    bytes += sliceBytes
    return true
  }

  private static let user = Array("User".utf8)
  private static let assistant = Array("Assistant".utf8)

  private static func speaker(_ kind: EntryKind) -> [UInt8] {
    kind == .assistant ? assistant : user
  }

  /// What was read, the newest part where it is too long.
  func transcript() -> Transcript {
    var first = 0
    var left = bytes
    while left > Self.textBytesMax, first < turns.count {
      left -= turns[first].text.count
      first += 1
    }
    return Transcript(turns: Array(turns[first...]))
  }
}

/// Counts a stream's entries in slices, for a state that is lost or does not fit.
struct Recount {
  private var next = StreamID.zero
  private var entries = 0
  private var messages = 0
  private var tokens = 0
  private var covered = 0
  private var coveredTokens = 0
  private var system: (id: StreamID, tokens: Int)?
  private var pins: [StreamID] = []
  private(set) var user: [UInt8] = []
  private let through: StreamID
  private let counter: TokenCounter

  /// Pins that are counted at most.
  private static var pinsMax: Int { 1000 }

  /// Begins.
  ///
  /// - Parameter through: the last entry that the summary covers.
  init(through: StreamID, _ counter: TokenCounter) {
    self.through = through
    self.counter = counter
  }

  /// Reads a slice.
  ///
  /// - Returns: whether that was the last.
  mutating func read(_ stream: StreamObject) -> Bool {
    var cursor = stream.cursor(from: next, through: .max)
    var left = MessageGatherer.entriesMax
    while let raw = cursor.next() {
      let entry = ConversationEntry(raw)
      entries += 1
      switch entry.kind {
      case .user, .assistant:
        let cost = entry.tokens(counter)
        messages += 1
        tokens += cost
        if entry.id <= through {
          covered += 1
          coveredTokens += cost
        }
      case .system: system = (entry.id, entry.tokens(counter))
      case .pin: if pins.count < Self.pinsMax { pins.append(entry.id) }
      }
      if let owner = entry.user { user = owner.withText { $0.array } }
      left -= 1
      if left == 0 {
        guard let following = raw.id.successor else { return true }
        next = following
        return false
      }
    }
    return true
  }

  /// Puts the counts into a state.
  ///
  /// - Returns: false when the stream was changed meanwhile.
  func apply(to state: inout ConversationState, _ stream: StreamObject) -> Bool {
    guard entries == stream.count else { return false }
    state.entries = entries
    state.messages = messages
    state.tokens = tokens
    state.covered = covered
    state.coveredTokens = coveredTokens
    state.system = system?.id
    state.systemTokens = system?.tokens ?? 0
    state.pins = pins
    state.pinTokens = PinBlock(stream, pins).tokens(counter)
    return true
  }
}

/// The block of pinned facts as it is sent.
struct PinBlock {
  private(set) var text: [UInt8] = []

  /// Joins the facts of these entries; those that are gone are passed over.
  init(_ stream: StreamObject, _ pins: [StreamID]) {
    for id in pins {
      guard let raw = stream.entry(id) else { continue }
      text += text.isEmpty ? Array("Facts to remember:\n- ".utf8) : Array("\n- ".utf8)
      text += ConversationEntry(raw).textArray
    }
  }

  /// Tokens of the block; 0 without facts.
  func tokens(_ counter: TokenCounter) -> Int {
    text.isEmpty ? 0 : text.withByteView { counter.contentTokens($0) }
  }
}
