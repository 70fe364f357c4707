internal import Bytes
internal import CacheCore
internal import RESPServer

/// The stream that staff follow: an entry for each message that signals a crisis.
///
///     XREAD BLOCK 0 STREAMS wingman:safety $
///     → conversation 42, user ann, level crisis, self-harm crisis, at COACH.ROUTE
///
/// It says where to look, not what was written: the message itself is in the conversation, for
/// those alone who may read it. It is an ordinary key: rights, expiry, consumer groups work on it.
enum SafetyStream {
  static let parameterName = "coach-safety-stream"

  /// Entries that are kept, about; the oldest go first.
  private static var entriesMax: Int { 100_000 }

  /// The setting.
  static var parameter: ConfigurationParameter {
    .module(
      parameterName, .text, default: .text("wingman:safety"),
      "the stream that crises are flagged in; empty: none")
  }

  /// Adds an entry. The stream's shard is locked.
  static func add(
    _ fields: [(field: [UInt8], value: [UInt8])], _ context: borrowing CommandContext
  ) throws(CommandError) {
    let key = context[key: 0]
    let found = try context.streamForWriting(key)
    let stream = found ?? StreamObject.make(context.keyspace.objectMemory(for: key))
    let time = UInt64(max(0, context.unixTime))
    guard (try? stream.append(at: time, fields, context.streamLimits)) != nil else {
      if found == nil { stream.object.destroy() }
      return
    }
    if found == nil { try context.insertObject(stream.object, at: key) }
    context.changed(key, "xadd", .stream)
    if stream.count > entriesMax + entriesMax / 10 {
      _ = stream.trim(.maxLength(entriesMax), isApproximate: true)
    }
  }
}

extension CommandContext {
  /// What a message signals.
  func safetyAssessment(of text: ByteView) -> SafetyAssessment { SafetyAssessment() }

  /// Flags a crisis, when the command's own keys are no longer locked.
  ///
  /// - Parameters:
  ///   - conversation, user: empty where the message has none.
  func noteCrisis(_ safety: SafetyAssessment, conversation: ByteView, user: String) {
    let name = setting(SafetyStream.parameterName)?.text ?? ""
    guard !name.isEmpty else { return }
    var fields: [(field: [UInt8], value: [UInt8])] = [
      (Array("conversation".utf8), conversation.array),
      (Array("user".utf8), Array(user.utf8)),
      (Array("level".utf8), ByteView(safety.level.name).array),
    ]
    for category in SafetyCategory.allCases where safety.level(category) > .none {
      let level = safety.level(category)
      fields.append((ByteView(category.name).array, ByteView(level.name).array))
    }
    fields.append((Array("command".utf8), self[0].array.map(\.lowercasedASCII)))
    let made = fields
    task().perform(locking: [Array(name.utf8)]) { context in
      do throws(CommandError) {
        try SafetyStream.add(made, context)
      } catch {
        // Of another type, or no memory: the reply has said it, and the counter counts it.
        return
      }
    }
  }
}
