internal import Bytes
internal import CacheCore
internal import RESP

/// XADD: appends an entry to a stream.
enum XAddCommand: Command {
  static let spec = CommandSpec(
    "XADD", since: "5.0.0", group: .stream, arity: -5,
    flags: [.write, .denyOOM, .fast],
    categories: [.stream],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Adds an entry to the end of a stream, and may trim its front.",
    complexity: "O(1), and O(N) with N the number of entries trimmed",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "nomkstream", .pureToken, token: "NOMKSTREAM", since: "6.2.0", optional: true),
      ArgumentSpec("trim", .block, optional: true, parts: StreamTrimOptions.arguments),
      ArgumentSpec(
        "id-selector", .oneOf,
        parts: [
          ArgumentSpec("auto-id", .pureToken, token: "*"),
          ArgumentSpec("id", .string),
        ]),
      ArgumentSpec(
        "data", .block, multiple: true,
        parts: [
          ArgumentSpec("field", .string),
          ArgumentSpec("value", .string),
        ]),
    ],
    tips: ["nondeterministic_output"],
    history: [
      ("6.2.0", "Takes NOMKSTREAM, MINID and LIMIT."),
      ("7.0.0", "Takes an ID of a given time and the next free number: 123-*."),
    ],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XADD news 1-* title World lang en
      "1-2"
      > XLEN news
      (integer) 2
      > XADD news 1-1 title again
      (error) ERR The ID specified in XADD is equal or smaller than the target stream top item
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try StreamTrimOptions(context, isAdding: true)
    let fieldPosition = options.idPosition + 1
    let count = context.count - fieldPosition
    guard count >= 2, count % 2 == 0 else { throw .wrongArity("xadd") }
    if case .exact(.zero) = options.id {
      throw .fixed("ERR The ID specified in XADD must be greater than 0-0")
    }
    let fields = UnsafeBufferPointer(start: context.arguments.base + fieldPosition, count: count)
    let found = try context.streamForWriting(context.key)
    guard let stream = found ?? (options.makesNoStream ? nil : make(context)) else {
      return context.reply.null()
    }
    let id: StreamID
    do throws(CommandError) {
      id = try append(fields, options.id, to: stream, context.streamLimits)
    } catch {
      if found == nil { stream.object.destroy() }
      throw error
    }
    if found == nil { try context.insertObject(stream.object, at: context.key) }
    context.changed(context.key, "xadd", .stream)
    if options.trimming != nil, options.trim(stream) > 0 {
      context.notify(context.key, in: context.database, "xtrim", .stream)
    }
    context.reply.bulk(id)
  }

  private static func make(_ context: borrowing CommandContext) -> StreamObject {
    StreamObject.make(context.keyspace.objectMemory(for: context.key))
  }

  private static func append(
    _ fields: UnsafeBufferPointer<ByteView>, _ choice: StreamIDChoice, to stream: StreamObject,
    _ limits: StreamLimits
  ) throws(CommandError) -> StreamID {
    guard stream.lastID < .max else {
      throw .fixed("ERR The stream has exhausted the last possible ID, unable to add more items")
    }
    do throws(StreamError) {
      let id = try stream.newID(choice)
      try stream.append(id, fields, limits)
      return id
    } catch {
      switch error {
      case .notAscending:
        throw .fixed(
          "ERR The ID specified in XADD is equal or smaller than the target stream top item")
      case .tooLarge: throw .fixed("ERR Elements are too large to be stored")
      }
    }
  }
}

extension StreamTrimOptions {
  /// How COMMAND DOCS describes trimming.
  static let arguments = [
    ArgumentSpec(
      "strategy", .oneOf,
      parts: [
        ArgumentSpec("maxlen", .pureToken, token: "MAXLEN"),
        ArgumentSpec("minid", .pureToken, token: "MINID", since: "6.2.0"),
      ]),
    ArgumentSpec(
      "operator", .oneOf, optional: true,
      parts: [
        ArgumentSpec("equal", .pureToken, token: "="),
        ArgumentSpec("approximately", .pureToken, token: "~"),
      ]),
    ArgumentSpec("threshold", .string),
    ArgumentSpec("count", .integer, token: "LIMIT", since: "6.2.0", optional: true),
  ]
}
