internal import Bytes
internal import CacheCore
internal import RESPServer

/// Whose a conversation is: one user's, the first that it was given.
///
/// The state says so in the field `user`. Where it is lost, the newest entries do, of which each
/// that came with USER has the user's name. Erasing a user erases what is theirs as a whole, so
/// two users' words never stand in one conversation.
extension CommandContext {
  /// Entries from the end that are looked at where no state names the owner.
  private static var entriesLookedAtMax: Int { 64 }

  /// Calls `body` with the owner's name, empty where there is none.
  ///
  /// - Complexity: O(1)
  private func withOwner<Result>(
    of found: ConversationObjects, _ body: (ByteView) -> Result
  ) -> Result {
    if let user = found.hash?.owner { return user.withText(body) }
    guard let stream = found.stream else { return body(.empty) }
    var cursor = stream.cursor(from: .zero, through: .max, isReversed: true)
    for _ in 0..<Self.entriesLookedAtMax {
      guard let raw = cursor.next() else { break }
      if let user = ConversationEntry(raw).user, !user.withText({ $0.isEmpty }) {
        return user.withText(body)
      }
    }
    return body(.empty)
  }

  /// Checks that a user may write to a conversation.
  ///
  /// - Parameter user: empty where none was named, who may.
  /// - Returns: the owner that the state does not name yet; empty: nothing is to be written.
  /// - Throws: an error when the conversation is somebody else's.
  func newOwner(
    _ user: [UInt8], of found: ConversationObjects
  ) throws(CommandError) -> [UInt8] {
    // What was never anybody's is not asked for its entries each time.
    if user.isEmpty, found.hash != nil || found.stream == nil { return [] }
    let isNamed = found.hash?.owner != nil
    let owner: [UInt8]? = withOwner(of: found) { owner in
      if owner.isEmpty { return user }
      let isOwn = user.isEmpty || user.withByteView { $0 == owner }
      guard isOwn else { return nil }
      return isNamed ? [] : owner.array
    }
    guard let owner else { throw .fixed("ERR the conversation belongs to another user") }
    return owner
  }

  /// The owner of the command's conversation, empty where there is none or it has no such keys.
  var conversationOwner: [UInt8] {
    guard keyCount == 2 else { return [] }
    do throws(CommandError) {
      let found = ConversationObjects(
        stream: try stream(self[key: 0]), hash: try hashForReading(self[key: 1]))
      return withOwner(of: found) { $0.array }
    } catch {
      return []
    }
  }
}

extension HashObject {
  /// The owner that a conversation's state names.
  fileprivate var owner: ListpackValue? {
    guard let user = value(of: ByteView("user")), !user.withText({ $0.isEmpty }) else { return nil }
    return user
  }
}

extension ConversationKeys {
  /// Whether a key's name is that of a conversation's stream, and of its state.
  static func isStream(_ name: ByteView) -> Bool { stream.makes(name) }

  static func isState(_ name: ByteView) -> Bool { state.makes(name) }

  /// The names of both keys of the conversation that an argument names; nil when it is no ID.
  static func names(of argument: ByteView) -> [[UInt8]]? {
    guard stream.accepts(argument) else { return nil }
    return [stream.name(for: argument), state.name(for: argument)]
  }
}
