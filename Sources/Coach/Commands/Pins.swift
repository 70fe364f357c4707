internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// COACH.PIN: pins a fact to a conversation.
enum Pin: Command {
  /// The longest fact, in bytes.
  static var factBytesMax: Int { 2048 }

  static let spec = CommandSpec(
    "COACH.PIN", since: "1.0.0", group: .coach, arity: 3, flags: [.write, .denyOOM],
    keys: ConversationKeys.specs(
      stream: [.readWrite, .access, .insert], state: [.readWrite, .access, .update]),
    summary: "Pins a fact to a conversation: it is sent always, whatever is summarised.",
    complexity: "O(N) with N the bytes of all pinned facts",
    arguments: [ArgumentSpec("conversation", .string), ArgumentSpec("fact", .string)],
    tips: ["nondeterministic_output"],
    example: """
      > COACH.PIN 42 "Goal: ask her out by 14 March"
      "<milliseconds>-0"
      > COACH.PIN 42 ""
      (error) ERR a fact needs text, 2048 bytes at most
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    let fact = context[2]
    guard fact.count <= factBytesMax, !PreparedText.isBlank(fact) else {
      throw .fixed("ERR a fact needs text, 2048 bytes at most")
    }
    let settings = CoachState.memorySettings
    let prepared = try context.numbered(
      PreparedText(.pin, fact, redacts: context.redactsConversation, settings.counter))
    let state = ConversationState(try context.hashForWriting(context[key: 1]))
    if let stream = try context.streamForWriting(context[key: 0]) {
      for id in state.pins {
        guard let raw = stream.entry(id) else { continue }
        if ConversationEntry(raw).textArray == prepared.text { return context.reply.bulk(id) }
      }
    }
    guard state.pins.count < settings.pinsMax else {
      throw .made("ERR a conversation has \(settings.pinsMax) pinned facts at most")
    }
    let id = try context.append(prepared).id
    try context.changePins { pins in pins.append(id) }
    context.reply.bulk(id)
  }
}

/// COACH.UNPIN: takes a fact off.
enum Unpin: Command {
  static let spec = CommandSpec(
    "COACH.UNPIN", since: "1.0.0", group: .coach, arity: 3, flags: [.write],
    keys: ConversationKeys.specs(
      stream: [.readWrite, .access, .delete], state: [.readWrite, .access, .update]),
    summary: "Takes a pinned fact off a conversation.",
    complexity: "O(N) with N the bytes of all pinned facts",
    arguments: [ArgumentSpec("conversation", .string), ArgumentSpec("id", .string)],
    example: """
      > COACH.UNPIN 42 1-1
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    guard let id = StreamID(context[2], missingSequence: 0) else {
      throw .fixed("ERR Invalid stream ID specified as stream command argument")
    }
    let state = ConversationState(try context.hashForWriting(context[key: 1]))
    guard let stream = try context.streamForWriting(context[key: 0]),
      let entry = stream.entry(id), ConversationEntry(entry).kind == .pin
    else { return context.reply.integer(0) }
    let fits = state.fits(stream)
    let isFresh = stream.maxDeletedID <= state.removed || stream.maxDeletedID > state.through
    stream.remove(id)
    context.changed(context[key: 0], "xdel", .stream)
    try context.changeState { writer in
      guard fits else { return writer.set("entries", -1) }
      writer.set("entries", stream.count)
      // A pin that goes makes no summary stale.
      if isFresh { writer.set("removed", Array(stream.maxDeletedID.description.utf8)) }
    }
    try context.changePins { pins in pins.removeAll { $0 == id } }
    context.reply.integer(1)
  }
}

/// COACH.PINS: the facts that are pinned.
enum Pins: Command {
  static let spec = CommandSpec(
    "COACH.PINS", since: "1.0.0", group: .coach, arity: 2, flags: [.readonly],
    keys: ConversationKeys.specs(stream: [.readOnly, .access], state: [.readOnly, .access]),
    summary: "Lists the facts that are pinned to a conversation, with their IDs.",
    complexity: "O(N) with N the pinned facts; the conversation's entries if its state is lost",
    arguments: [ArgumentSpec("conversation", .string)],
    example: """
      > COACH.PINS 42
      (empty array)
      > COACH.PIN 42 "Goal: ask her out by 14 March"
      "<milliseconds>-0"
      > COACH.PINS 42
      1) 1) "<milliseconds>-0"
         2) "Goal: ask her out by 14 March"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    let state = ConversationState(try context.hashForReading(context[key: 1]))
    guard let stream = try context.stream(context[key: 0]) else {
      return context.reply.array(0)
    }
    let start = context.reply.beginArray()
    var count = 0
    func show(_ raw: StreamEntry) {
      let entry = ConversationEntry(raw)
      guard entry.kind == .pin else { return }
      context.reply.array(2)
      context.reply.bulk(entry.id)
      context.reply.bulk(entry.text)
      count += 1
    }
    if state.fits(stream) {
      for id in state.pins { if let raw = stream.entry(id) { show(raw) } }
    } else {
      var cursor = stream.cursor(from: .zero, through: .max)
      while let raw = cursor.next() { show(raw) }
    }
    context.reply.endArray(start, count: count)
  }
}

extension CommandContext {
  /// Changes the list of pins in the state, unless that has to be made again anyway.
  fileprivate func changePins(_ change: (inout [StreamID]) -> Void) throws(CommandError) {
    guard let stream = try streamForWriting(self[key: 0]) else { return }
    var state = ConversationState(try hashForWriting(self[key: 1]))
    guard state.fits(stream) else { return }
    change(&state.pins)
    state.pinTokens = PinBlock(stream, state.pins).tokens(CoachState.memorySettings.counter)
    try changeState { state.writePins(&$0) }
  }
}
