internal import Bytes
internal import CacheCore
internal import RESP

/// XGROUP: makes, changes and removes consumer groups.
enum XGroupCommand: Command {
  static let spec = CommandSpec(
    "XGROUP", since: "5.0.0", group: .stream, arity: -2,
    summary: "Holds the commands that make and change consumer groups.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("xgroup")
  }
}

extension CommandContext {
  /// The stream of an XGROUP subcommand.
  ///
  /// - Throws: WRONGTYPE, and an error where there is no such key.
  fileprivate func existingStream() throws(CommandError) -> StreamObject {
    guard let stream = try streamForWriting(key) else {
      throw .fixed(
        """
        ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want \
        to use the MKSTREAM option to create an empty stream automatically.
        """)
    }
    return stream
  }

  /// The group that the fourth argument names.
  fileprivate func existingGroup(of stream: StreamObject) throws(CommandError) -> StreamGroup {
    guard let group = stream.group(self[3]) else { throw noGroup() }
    return group
  }

  /// The error for a group that is not there.
  fileprivate func noGroup() -> CommandError {
    .made("NOGROUP No such consumer group '\(self[3].string)' for key name '\(key.bytes.string)'")
  }

  /// Reads ENTRIESREAD, and MKSTREAM if it is wanted, from the sixth argument on.
  fileprivate func groupOptions(
    takesMakeStream: Bool
  ) throws(CommandError) -> (makesStream: Bool, entriesRead: Int?) {
    var makesStream = false
    var entriesRead: Int?
    var index = 5
    while index < count {
      if takesMakeStream, argument(at: index, is: "MKSTREAM") {
        makesStream = true
        index += 1
      } else if argument(at: index, is: "ENTRIESREAD"), index + 1 < count {
        let number = try integer(at: index + 1)
        guard number >= -1 else {
          throw .fixed("ERR value for ENTRIESREAD must be positive or -1")
        }
        entriesRead = number >= 0 ? Int(number) : nil
        index += 2
      } else {
        throw unknownSubcommand()
      }
    }
    return (makesStream, entriesRead)
  }
}

/// XGROUP CREATE: makes a consumer group.
enum XGroupCreateCommand: Command {
  static let spec = CommandSpec(
    "XGROUP|CREATE", since: "5.0.0", group: .stream, arity: -5,
    flags: [.write, .denyOOM],
    categories: [.stream],
    keys: [.range(from: 2, [.readWrite, .insert])],
    summary: "Makes a consumer group that reads a stream from behind an ID.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      XGroupSetIDCommand.idArgument,
      ArgumentSpec("mkstream", .pureToken, token: "MKSTREAM", optional: true),
      XGroupSetIDCommand.entriesReadArgument,
    ],
    history: [("7.0.0", "Takes ENTRIESREAD.")],
    example: """
      > XGROUP CREATE jobs workers $ MKSTREAM
      OK
      > XGROUP CREATE jobs workers 0
      (error) BUSYGROUP Consumer Group name already exists
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try context.groupOptions(takesMakeStream: true)
    let found =
      options.makesStream
      ? try context.streamForWriting(context.key) : try context.existingStream()
    guard context.count <= 8 else { throw context.unknownSubcommand() }
    let id: StreamID
    if context[4] == "$" {
      id = found?.lastID ?? .zero
    } else {
      id = try context.streamID(at: 4)
    }
    let stream = found ?? .make(context.keyspace.objectMemory(for: context.key))
    if found == nil { try context.insertObject(stream.object, at: context.key) }
    guard stream.addGroup(context[3], lastID: id, entriesRead: options.entriesRead) != nil else {
      throw .fixed("BUSYGROUP Consumer Group name already exists")
    }
    if found == nil {
      context.changed(context.key, "xgroup-create", .stream)
    } else {
      context.changedAround(context.key, "xgroup-create")
    }
    context.reply.ok()
  }
}

/// XGROUP SETID: sets where a group goes on.
enum XGroupSetIDCommand: Command {
  static let idArgument = ArgumentSpec(
    "id-selector", .oneOf,
    parts: [
      ArgumentSpec("id", .string),
      ArgumentSpec("new-id", .pureToken, token: "$"),
    ])
  static let entriesReadArgument = ArgumentSpec(
    "entriesread", .integer, token: "ENTRIESREAD", optional: true, display: "entries-read")

  static let spec = CommandSpec(
    "XGROUP|SETID", since: "5.0.0", group: .stream, arity: -5,
    flags: [.write],
    categories: [.stream],
    keys: [.range(from: 2, [.readWrite, .update])],
    summary: "Sets the last ID delivered to a consumer group.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      idArgument,
      entriesReadArgument,
    ],
    history: [("7.0.0", "Takes ENTRIESREAD.")],
    example: """
      > XGROUP CREATE jobs workers $ MKSTREAM
      OK
      > XGROUP SETID jobs workers 0
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try context.groupOptions(takesMakeStream: false)
    let stream = try context.existingStream()
    let group = try context.existingGroup(of: stream)
    guard context.count == 5 || context.count == 7 else { throw context.unknownSubcommand() }
    if context[4] == "$" {
      group.lastID = stream.lastID
    } else {
      group.lastID = try context.streamIDOrEdge(at: 4)
    }
    group.entriesRead = options.entriesRead
    context.changedAround(context.key, "xgroup-setid")
    context.reply.ok()
  }
}

/// XGROUP DESTROY: removes a consumer group.
enum XGroupDestroyCommand: Command {
  static let spec = CommandSpec(
    "XGROUP|DESTROY", since: "5.0.0", group: .stream, arity: 4,
    flags: [.write],
    categories: [.stream],
    keys: [.range(from: 2, [.readWrite, .delete])],
    summary: "Removes a consumer group with its consumers and what is pending.",
    complexity: "O(N) with N the number of pending entries",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
    ],
    example: """
      > XGROUP CREATE jobs workers $ MKSTREAM
      OK
      > XGROUP DESTROY jobs workers
      (integer) 1
      > XGROUP DESTROY jobs workers
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let stream = try context.existingStream()
    guard let group = stream.group(context[3]) else { return context.reply.integer(0) }
    stream.removeGroup(group)
    context.changedAround(context.key, "xgroup-destroy")
    context.reply.integer(1)
  }
}

/// XGROUP CREATECONSUMER: makes a consumer.
enum XGroupCreateConsumerCommand: Command {
  static let spec = CommandSpec(
    "XGROUP|CREATECONSUMER", since: "6.2.0", group: .stream, arity: 5,
    flags: [.write, .denyOOM],
    categories: [.stream],
    keys: [.range(from: 2, [.readWrite, .insert])],
    summary: "Makes a consumer in a group, which reading in its name does as well.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      ArgumentSpec("consumer", .string),
    ],
    example: """
      > XGROUP CREATE jobs workers $ MKSTREAM
      OK
      > XGROUP CREATECONSUMER jobs workers ann
      (integer) 1
      > XGROUP CREATECONSUMER jobs workers ann
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let group = try context.existingGroup(of: context.existingStream())
    guard group.addConsumer(context[4], now: context.unixTime) != nil else {
      return context.reply.integer(0)
    }
    context.changedAround(context.key, "xgroup-createconsumer")
    context.reply.integer(1)
  }
}

/// XGROUP DELCONSUMER: removes a consumer.
enum XGroupDelConsumerCommand: Command {
  static let spec = CommandSpec(
    "XGROUP|DELCONSUMER", since: "5.0.0", group: .stream, arity: 5,
    flags: [.write],
    categories: [.stream],
    keys: [.range(from: 2, [.readWrite, .delete])],
    summary: "Removes a consumer from a group; what is pending with it is forgotten.",
    complexity: "O(N log N) with N the number of entries pending with it",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      ArgumentSpec("consumer", .string),
    ],
    example: """
      > XGROUP CREATE jobs workers $ MKSTREAM
      OK
      > XGROUP CREATECONSUMER jobs workers ann
      (integer) 1
      > XGROUP DELCONSUMER jobs workers ann
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let group = try context.existingGroup(of: context.existingStream())
    guard let consumer = group.consumer(context[4]) else { return context.reply.integer(0) }
    let pending = group.removeConsumer(consumer)
    context.changedAround(context.key, "xgroup-delconsumer")
    context.reply.integer(pending)
  }
}

/// XGROUP HELP: what XGROUP can do.
enum XGroupHelpCommand: Command {
  static let spec = CommandSpec(
    "XGROUP|HELP", since: "5.0.0", group: .stream, arity: 2,
    flags: [.loading, .stale],
    categories: [.stream],
    summary: "Lists the subcommands of XGROUP.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CREATE <key> <groupname> <id|$> [option]",
      "    Make a consumer group. The options:",
      "    * MKSTREAM",
      "      Make an empty stream where there is none.",
      "    * ENTRIESREAD entries_read",
      "      Say how many entries the group has read.",
      "CREATECONSUMER <key> <groupname> <consumer>",
      "    Make a consumer in a group.",
      "DELCONSUMER <key> <groupname> <consumer>",
      "    Remove a consumer from a group.",
      "DESTROY <key> <groupname>",
      "    Remove a group.",
      "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
      "    Set the last ID delivered to a group, and how many entries it has read.",
    ])
  }
}
