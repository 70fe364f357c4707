internal import Bytes
internal import CacheCore
internal import RESPServer

/// A message or fact ready to be stored.
struct PreparedText: Sendable {
  var kind: EntryKind
  var text: [UInt8]
  var tokens: Int
  /// The text as it came and what was found in it; nil where nothing was.
  private var source: (text: [UInt8], findings: [PersonalDataFinding])?

  /// Placeholders in the text.
  var findings: Int { source?.findings.count ?? 0 }

  /// Of a text in which there is no personal data, or it stays.
  init(_ kind: EntryKind, unchanged text: ByteView, tokens: Int) {
    self.kind = kind
    self.text = text.array
    self.tokens = tokens
  }

  /// Takes personal data out of a text and counts its tokens.
  ///
  /// - Complexity: O(n)
  init(_ kind: EntryKind, _ text: ByteView, redacts: Bool, _ counter: TokenCounter) {
    self.kind = kind
    if redacts {
      let redacted = Redactor.forWriting.redact(text)
      self.text = redacted.bytes
      if !redacted.isUnchanged { source = (text.array, redacted.findings) }
    } else {
      self.text = text.array
    }
    tokens = self.text.withByteView { counter.contentTokens($0) }
  }

  /// The same with the numbers that a conversation's values have.
  ///
  /// - Parameter hash: of a value, with a key that only this process has.
  func numbered(
    by book: inout PlaceholderBook, _ counter: TokenCounter, hash: (ByteView) -> UInt64
  ) -> PreparedText {
    guard let source else { return self }
    var result = self
    let before = source.findings.map(\.number)
    let redacted = source.text.withByteView { text in
      Redactor.replace(source.findings, in: text) { kind, value in
        book.number(of: kind, hash: value.withByteView { hash($0) })
      }
    }
    guard redacted.findings.map(\.number) != before else { return self }
    result.text = redacted.bytes
    result.tokens = redacted.bytes.withByteView { counter.contentTokens($0) }
    return result
  }

  /// Whether nothing but blanks is in a text: the provider refuses such messages.
  static func isBlank(_ text: ByteView) -> Bool {
    text.buffer.allSatisfy { $0 <= 0x20 }
  }
}

/// What entries add to the state of their conversation.
private struct AddedEntries {
  var entries = 0
  var messages = 0
  /// Of the messages.
  var tokens = 0
  /// Of all entries.
  var allTokens = 0
  /// The last instructions among them.
  var system: (id: StreamID, tokens: Int)?
  /// The numbers of redacted values, if there were any.
  var book: PlaceholderBook?

  mutating func add(_ entry: PreparedText, _ id: StreamID) {
    entries += 1
    allTokens += entry.tokens
    switch entry.kind {
    case .user, .assistant:
      messages += 1
      tokens += entry.tokens
    case .system: system = (id, entry.tokens)
    case .pin: break
    }
  }
}

/// A conversation's keys in hand, at a moment.
struct ConversationObjects {
  let stream: StreamObject?
  let hash: HashObject?
}

extension CommandContext {
  /// Looks the conversation's keys up, to be changed.
  ///
  /// - Throws: WRONGTYPE.
  func conversationForWriting() throws(CommandError) -> ConversationObjects {
    let stream = try streamForWriting(self[key: 0])
    return ConversationObjects(stream: stream, hash: try hashForWriting(self[key: 1]))
  }

  /// A text as it would be stored now: with the numbers that the conversation's values have.
  func numbered(_ entry: PreparedText) throws(CommandError) -> PreparedText {
    guard entry.findings > 0 else { return entry }
    var book = placeholders(of: try hashForWriting(self[key: 1]))
    return numbered(entry, by: &book, bytes: entry.text.count)
  }

  /// - Parameter bytes: of the command's texts up to this one.
  private func numbered(
    _ entry: PreparedText, by book: inout PlaceholderBook, bytes: Int
  ) -> PreparedText {
    guard bytes <= PlaceholderBook.textBytesMax else { return entry }
    return entry.numbered(by: &book, CoachState.memorySettings.counter) {
      self.hash($0).hash.rawValue
    }
  }

  private func placeholders(of hash: HashObject?) -> PlaceholderBook {
    let records = hash?.value(of: ByteView(ConversationKeys.StateField.placeholders))
    return PlaceholderBook(records?.withText { $0.array } ?? [])
  }

  /// Adds an entry to the conversation's stream, which is made where there is none, and counts it
  /// in the state.
  ///
  /// - Returns: its ID, and the number of messages; nil when that has to be counted first.
  func append(
    _ entry: PreparedText, label: StaticString = "", user: [UInt8] = []
  ) throws(CommandError) -> (id: StreamID, messages: Int?) {
    let found = try conversationForWriting()
    let added = try append(count: 1, to: found, user: user) { _ in (entry, label) }
    return (added.last, added.messages)
  }

  /// Adds entries, one at least: all or, when one cannot be added, none.
  ///
  /// - Parameter entry: gives each, with its label; asked once, in order, each before it is added.
  /// - Throws: an error when the conversation is another user's, or an entry cannot be added.
  func append(
    count: Int, to found: ConversationObjects, user: [UInt8],
    _ entry: (Int) -> (PreparedText, StaticString)
  ) throws(CommandError) -> (first: StreamID, last: StreamID, tokens: Int, messages: Int?) {
    precondition(count > 0)
    let owner = try newOwner(user, of: found)
    let stream = found.stream ?? StreamObject.make(keyspace.objectMemory(for: self[key: 0]))
    let countBefore = stream.count
    var added = AddedEntries()
    var numberedBytes = 0
    var first = StreamID.zero
    var last = StreamID.zero
    do throws(CommandError) {
      for index in 0..<count {
        var (entry, label) = entry(index)
        if entry.findings > 0 {
          var book = added.book ?? placeholders(of: found.hash)
          numberedBytes += entry.text.count
          entry = numbered(entry, by: &book, bytes: numberedBytes)
          added.book = book
        }
        last = try append(entry, label, user, to: stream)
        if index == 0 { first = last }
        added.add(entry, last)
      }
    } catch {
      if found.stream == nil {
        stream.object.destroy()
      } else {
        stream.removeLast(added.entries)
      }
      throw error
    }
    if found.stream == nil { try insertObject(stream.object, at: self[key: 0]) }
    changed(self[key: 0], "xadd", .stream)
    let messages = try self.count(added, entriesBefore: countBefore, owner: owner, found.hash)
    renewLifetime()
    return (first, last, added.allTokens, messages)
  }

  private func append(
    _ entry: PreparedText, _ label: StaticString, _ user: [UInt8], to stream: StreamObject
  ) throws(CommandError) -> StreamID {
    let limits = streamLimits
    let time = UInt64(max(0, unixTime))
    let result: Result<StreamID, StreamError> = entry.text.withByteView { text in
      ListpackValue.integer(Int64(entry.tokens)).withText { tokens in
        user.withByteView { user in
          let fields: InlineArray<10, ByteView> = [
            ByteView("role"), ByteView(entry.kind.name), ByteView("text"), text,
            ByteView("tokens"), tokens, ByteView("label"), ByteView(label), ByteView("user"), user,
          ]
          return withUnsafePointer(to: fields) { pointer in
            let views = UnsafeBufferPointer(
              start: UnsafeRawPointer(pointer).assumingMemoryBound(to: ByteView.self),
              count: user.isEmpty ? 8 : 10)
            return Result { () throws(StreamError) in
              let id = try stream.newID(.automatic(milliseconds: time))
              try stream.append(id, views, limits)
              return id
            }
          }
        }
      }
    }
    switch result {
    case .success(let id): return id
    case .failure(.notAscending):
      throw .fixed("ERR The stream has exhausted the last possible ID, unable to add more items")
    case .failure(.tooLarge): throw .fixed("ERR Elements are too large to be stored")
    }
  }

  /// Counts entries in, and names an owner that is new. A state that does not fit the stream is
  /// left to be made again.
  private func count(
    _ added: AddedEntries, entriesBefore: Int, owner: [UInt8], _ hash: HashObject?
  ) throws(CommandError) -> Int? {
    var counted: Int?
    try changeState(hash) { writer in
      if !owner.isEmpty { writer.set("user", owner) }
      if let book = added.book {
        writer.set(ConversationKeys.StateField.placeholders, book.bytes)
      }
      let sum = hash == nil ? nil : writer.addIfThere("entries", added.entries)
      let fits = hash == nil ? entriesBefore == 0 : sum == entriesBefore + added.entries
      // Never right by chance later on.
      guard fits else { return writer.set("entries", -1) }
      if hash == nil { writer.set("entries", added.entries) }
      if added.messages > 0 {
        counted =
          hash == nil
          ? writer.add("messages", added.messages) : writer.addIfThere("messages", added.messages)
        // Somebody else has written to it.
        guard counted != nil else { return writer.set("entries", -1) }
        writer.add("history_tokens", added.tokens)
        let separator = CoachState.memorySettings.counter.messageFrameTokens
        writer.add("context_tokens", added.tokens + separator * added.messages)
      }
      if let system = added.system {
        writer.set("system", Array(system.id.description.utf8))
        writer.set("system_tokens", system.tokens)
        if counted == nil { counted = writer.add("messages", 0) }
      }
    }
    return counted
  }
}

extension StreamObject {
  /// Takes the last entries off again.
  fileprivate func removeLast(_ count: Int) {
    var ids: [StreamID] = []
    var cursor = cursor(from: .zero, through: .max, isReversed: true)
    while ids.count < count, let entry = cursor.next() { ids.append(entry.id) }
    for id in ids { remove(id) }
  }
}
