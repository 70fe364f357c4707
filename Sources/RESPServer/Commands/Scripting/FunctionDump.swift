internal import Bytes
internal import CacheCore
internal import RESP

/// FUNCTION DUMP: all libraries as one payload.
enum FunctionDumpCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|DUMP", since: "7.0.0", group: .scripting, arity: 2, flags: [.noScript],
    categories: [.scripting], access: .exclusive,
    summary: "Gives all libraries as a payload for FUNCTION RESTORE.",
    complexity: "O(N) with N the number of libraries")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let libraries = context.server.state.pointee.functions?.sorted ?? []
    context.reply.bulk(
      FunctionPayload.encode(
        libraries.map(\.code), compresses: context.server.configuration.compressesPayloads))
  }
}

/// FUNCTION RESTORE: loads the libraries of a payload.
enum FunctionRestoreCommand: Command {
  static let spec = CommandSpec(
    "FUNCTION|RESTORE", since: "7.0.0", group: .scripting, arity: -3,
    flags: [.write, .denyOOM, .noScript], categories: [.scripting], access: .exclusive,
    summary: "Loads the libraries that FUNCTION DUMP gave.",
    complexity: "O(N) with N the number of libraries in the payload",
    arguments: [
      ArgumentSpec("serialized-value", .string),
      ArgumentSpec(
        "policy", .oneOf, optional: true,
        parts: [
          ArgumentSpec("flush", .pureToken, token: "FLUSH"),
          ArgumentSpec("append", .pureToken, token: "APPEND"),
          ArgumentSpec("replace", .pureToken, token: "REPLACE"),
        ]),
    ],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 4 else { throw context.wrongSubcommandUse() }
    var replaces = false
    var flushes = false
    if context.count == 4 {
      replaces = context.argument(at: 3, is: "REPLACE")
      flushes = context.argument(at: 3, is: "FLUSH")
      guard replaces || flushes || context.argument(at: 3, is: "APPEND") else {
        throw .fixed(
          """
          ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.
          """)
      }
    }
    let codes: [[UInt8]]
    do throws(DumpError) {
      codes = try FunctionPayload.decode(context[2])
    } catch {
      throw error == .wrongChecksum
        ? .fixed("ERR DUMP payload version or checksum are wrong")
        : .fixed("ERR failed loading the given functions payload")
    }
    try restore(codes, replaces: replaces, flushes: flushes, context)
    context.reply.ok()
  }

  /// Loads all or nothing: on an error the libraries of before are loaded once more.
  private static func restore(
    _ codes: [[UInt8]], replaces: Bool, flushes: Bool, _ context: borrowing CommandContext
  ) throws(CommandError) {
    let state = context.server.state
    let before = state.pointee.functions?.sorted.map(\.code) ?? []
    // A new interpreter: what the old one holds stays untouched until all is well.
    let old = state.pointee.functions
    state.pointee.functions = nil
    do throws(CommandError) {
      let store = try context.functionStore()
      if !flushes { for code in before { try load(code, replaces: false, store, context) } }
      for code in codes { try load(code, replaces: replaces, store, context) }
    } catch {
      state.pointee.functions = old
      guard case .made(let text) = error, text.hasPrefix("ERR Library '"),
        text.hasSuffix("' already exists")
      else { throw error }
      // Here Redis leaves the quotes out.
      throw .made(text.replacing("'", with: ""))
    }
  }

  private static func load(
    _ code: [UInt8], replaces: Bool, _ store: FunctionStore, _ context: borrowing CommandContext
  ) throws(CommandError) {
    var failure: CommandError?
    code.withByteView { code in
      do throws(CommandError) {
        _ = try store.load(code, replaces: replaces, context)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
