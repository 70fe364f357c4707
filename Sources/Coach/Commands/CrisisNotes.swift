internal import Bytes
internal import CacheCore
internal import Platform
internal import RESPServer

extension CommandContext {
  /// Tells staff of a crisis: an entry of the stream that `coach-safety-stream` names, written on
  /// this loop as soon as the command has let its keys go.
  ///
  /// The entry has no personal data: the conversation, the category, the level, what found it, a
  /// number for the conversation's owner, by which erasing the owner finds it when the conversation
  /// is gone, and, where `coach-safety-excerpt` asks for it, the redacted words around the signal.
  /// Its ID is the
  /// time. A message that goes through COACH.ROUTE and COACH.APPEND is told of once: when within
  /// ten seconds something else has found the same in the same message of the same conversation, no
  /// entry is added. A second message is another entry, however like the first it is. Messages are
  /// compared by a number (`message`), keyed anew each time the server starts, of what is left
  /// without their personal data; it says nothing to anybody else.
  /// Crises that cannot be written (another type under the name, no memory) are counted in INFO and
  /// logged by nobody else, so watch `coach_crises_unwritten`.
  ///
  /// - Parameters:
  ///   - conversation: its ID, or its stream's name.
  ///   - user: whose it is; empty: the owner's that it has.
  func noteCrisis(
    _ verdict: SafetyVerdict, in text: ByteView, conversation: ByteView, user: [UInt8] = [],
    from source: StaticString
  ) {
    guard verdict.isCrisis, let category = verdict.category else { return }
    CrisisCounts.shared.withLock { $0.found += 1 }
    let settings = CoachState.safetySettings
    guard !settings.streamKey.isEmpty else { return }
    let name = Self.conversationID(conversation).array
    let user = CrisisEntry.digest(ofUser: user.isEmpty ? conversationOwner : user)
    var fields: [(field: [UInt8], value: [UInt8])] = [
      (Array("conversation".utf8), name),
      (Array("category".utf8), ByteView(category.name).array),
      (Array("level".utf8), ByteView(verdict.level.name).array),
      (Array("source".utf8), ByteView(source).array),
      (Array("message".utf8), CrisisEntry.digest(of: text)),
    ]
    if !user.isEmpty { fields.append((Array("user".utf8), user)) }
    if settings.hasExcerpt {
      fields.append(
        (Array("excerpt".utf8), SafetyExcerpt.make(text, verdict.start, verdict.end)))
    }
    let entry = fields
    let limit = settings.entriesMax
    let database = database
    let number = PendingCrises.shared.withLock { $0.add(name, user: user, in: database) }
    task().perform(locking: [settings.streamKey]) { context in
      guard PendingCrises.shared.withLock({ $0.take(number) }) else { return }
      do throws(CommandError) {
        try context.write(entry, limit: limit)
      } catch {
        CrisisCounts.shared.withLock { $0.unwritten += 1 }
      }
    }
  }

  static func conversationID(_ name: ByteView) -> ByteView {
    // IDs have no braces, and the stream's name ends with the ID between two.
    guard name.count > 2, name[name.count - 1] == UInt8(ascii: "}"),
      let open = name.firstIndex(of: UInt8(ascii: "{"))
    else { return name }
    return name[open + 1..<name.count - 1]
  }

  private func write(
    _ entry: [(field: [UInt8], value: [UInt8])], limit: Int
  ) throws(CommandError) {
    let key = self[key: 0]
    let found = try streamForWriting(key)
    let time = UInt64(max(0, unixTime))
    if let found, CrisisEntry.isTold(entry, in: found, now: time) { return }
    let stream = found ?? StreamObject.make(keyspace.objectMemory(for: key))
    guard (try? stream.append(at: time, entry, streamLimits)) != nil else {
      if found == nil { stream.object.destroy() }
      throw .fixed("ERR the entry cannot be added")
    }
    if found == nil { try insertObject(stream.object, at: key) }
    _ = stream.trim(.maxLength(limit), isApproximate: true, limit: 1000)
    changed(key, "xadd", .stream)
  }
}

/// The words around a signal, without personal data.
enum SafetyExcerpt {
  /// Bytes shown before and behind the signal, and bytes read beyond them so that personal data
  /// that reaches into the excerpt is recognised.
  private static let shown = 60
  private static let read = 400
  private static let signalMax = 400

  /// Makes an excerpt of some hundred bytes.
  static func make(_ text: ByteView, _ start: Int, _ end: Int) -> [UInt8] {
    let end = min(end, start + signalMax)
    let low = border(text, max(0, start - shown - read), forward: true)
    let high = border(text, min(text.count, end + shown + read), forward: false)
    guard low < high else { return [] }
    let window = text[low..<high]
    var findings: [PersonalDataFinding] = []
    Redactor.forWriting.scan(window, into: &findings)
    var first = border(window, max(0, start - shown - low), forward: true)
    var last = border(window, min(window.count, end + shown - low), forward: false)
    for finding in findings where finding.end > first && finding.start < last {
      first = min(first, finding.start)
      last = max(last, finding.end)
    }
    var result: [UInt8] = []
    var position = first
    for finding in findings where finding.start >= first && finding.end <= last {
      result.append(contentsOf: window[position..<finding.start].buffer)
      result.append(UInt8(ascii: "["))
      result.append(contentsOf: ByteView(finding.kind.label).buffer)
      result.append(UInt8(ascii: "]"))
      position = finding.end
    }
    if position < last { result.append(contentsOf: window[position..<last].buffer) }
    return result
  }

  /// The nearest place between two words, so that none is cut; at most 40 bytes away, then between
  /// two characters.
  private static func border(_ text: ByteView, _ index: Int, forward: Bool) -> Int {
    if index == 0 || index == text.count { return index }
    var place = index
    for _ in 0..<40 {
      if place <= 0 || place >= text.count { return max(0, min(place, text.count)) }
      if text[place] == 0x20 || text[place] == 0x0A { return place }
      place += forward ? 1 : -1
    }
    place = index
    while place < text.count, text[place] & 0xC0 == 0x80 { place += 1 }
    return place
  }
}
