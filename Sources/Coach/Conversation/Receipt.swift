internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer

/// What is kept of an erasure: that it happened, when, and how much went; nothing of whom.
///
/// It is an entry of the stream that `coach-receipt-key` names, in the database of the client that
/// asked, under a number that nobody can guess. Whoever was given the number can show that the
/// erasure took place.
struct Receipt: Sendable {
  let id: String
  /// "user" or "conversation".
  let kind: StaticString
  let keys: Int
  let conversations: Int
  /// Entries of the stream of crises that were about them.
  let crises: Int

  init(kind: StaticString, keys: Int, conversations: Int, crises: Int) {
    id = RandomText.hexadecimal(bytes: 16)
    self.kind = kind
    self.keys = keys
    self.conversations = conversations
    self.crises = crises
  }

  /// Checks that a receipt can be kept, before anything is erased.
  ///
  /// - Throws: WRONGTYPE.
  static func check(_ context: borrowing CommandContext) throws(CommandError) {
    let isFine = context.withLocks(on: [CoachState.memorySettings.receiptKey]) { keys in
      guard let entry = context.peek(keys[0]) else { return true }
      return context.keyspace.type(of: entry) == .stream
    }
    if !isFine { throw .wrongType }
  }

  /// Keeps the receipt. When there is no memory for it, the erasure holds all the same.
  func store(_ context: borrowing CommandContext) {
    let time = UInt64(max(0, context.unixTime))
    let fields: [(field: [UInt8], value: [UInt8])] = [
      (Array("receipt".utf8), Array(id.utf8)),
      (Array("kind".utf8), ByteView(kind).array),
      (Array("keys".utf8), Array(String(keys).utf8)),
      (Array("conversations".utf8), Array(String(conversations).utf8)),
      (Array("crises".utf8), Array(String(crises).utf8)),
    ]
    context.withLocks(on: [CoachState.memorySettings.receiptKey]) { keys in
      let key = keys[0]
      do throws(CommandError) {
        let found = try context.streamForWriting(key)
        let stream = found ?? StreamObject.make(context.keyspace.objectMemory(for: key))
        guard (try? stream.append(at: time, fields, context.streamLimits)) != nil else { return }
        if found == nil { try context.insertObject(stream.object, at: key) }
        context.changed(key, "xadd", .stream)
      } catch {
        // Of another type since it was checked: the reply has the number.
        return
      }
    }
  }

  func write(_ reply: inout ReplyWriter) {
    reply.map(4)
    reply.bulk("receipt")
    reply.bulk(id)
    reply.bulk("keys")
    reply.integer(keys)
    reply.bulk("conversations")
    reply.integer(conversations)
    reply.bulk("crises")
    reply.integer(crises)
  }
}
