internal import Bytes
internal import CacheCore
internal import Logging
internal import RESP

/// MODULE: the container of the commands below.
enum ModuleCommand: Command {
  static let spec = CommandSpec(
    "MODULE", since: "4.0.0", group: .server, arity: -2,
    summary: "Tells of the server's modules.", complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("module")
  }
}

/// MODULE LIST: the modules that the server was built with.
enum ModuleListCommand: Command {
  static let spec = CommandSpec(
    "MODULE|LIST", since: "4.0.0", group: .server, arity: 2,
    flags: [.admin, .noScript],
    summary: "Lists the modules of the server.", complexity: "O(modules)",
    tips: ["nondeterministic_output_order"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let modules = context.server.state.pointee.modules
    context.reply.array(modules.count)
    for module in modules {
      context.reply.map(4)
      context.reply.bulk("name")
      context.reply.bulk(module.name)
      context.reply.bulk("ver")
      context.reply.integer(module.version)
      context.reply.bulk("path")
      context.reply.bulk("")
      context.reply.bulk("args")
      context.reply.array(0)
    }
  }
}

/// MODULE LOAD: refused, since modules are part of the program.
enum ModuleLoadCommand: Command {
  static let spec = CommandSpec(
    "MODULE|LOAD", since: "4.0.0", group: .server, arity: -3,
    flags: [.noAsyncLoading, .admin, .noScript, .protected],
    summary: "Always fails: modules are built into the server.", complexity: "O(1)",
    arguments: [
      ArgumentSpec("path", .string),
      ArgumentSpec("arg", .string, optional: true, multiple: true),
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try refuse(context)
  }

  static func refuse(_ context: borrowing CommandContext) throws(CommandError) {
    context.server.log.warning(
      "Not loading a module: modules are built into this server",
      metadata: ["path": "\(context[2].string)"])
    throw .fixed("ERR Error loading the extension. Please check the server logs.")
  }
}

/// MODULE LOADEX: refused likewise.
enum ModuleLoadExCommand: Command {
  static let spec = CommandSpec(
    "MODULE|LOADEX", since: "7.0.0", group: .server, arity: -3,
    flags: [.noAsyncLoading, .admin, .noScript, .protected],
    summary: "Always fails: modules are built into the server.", complexity: "O(1)",
    arguments: [
      ArgumentSpec("path", .string),
      ArgumentSpec(
        "configs", .block, token: "CONFIG", optional: true, multiple: true, repeatsToken: true,
        parts: [ArgumentSpec("name", .string), ArgumentSpec("value", .string)]),
      ArgumentSpec("args", .string, token: "ARGS", optional: true, multiple: true),
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try ModuleLoadCommand.refuse(context)
  }
}

/// MODULE UNLOAD: refused likewise.
enum ModuleUnloadCommand: Command {
  static let spec = CommandSpec(
    "MODULE|UNLOAD", since: "4.0.0", group: .server, arity: 3,
    flags: [.noAsyncLoading, .admin, .noScript, .protected],
    summary: "Always fails: modules are built into the server.", complexity: "O(1)",
    arguments: [
      ArgumentSpec("name", .string)
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let name = context[2].string
    guard context.server.state.pointee.modules.contains(where: { $0.name == name }) else {
      throw .fixed("ERR Error unloading module: no such module with that name")
    }
    throw .fixed("ERR Error unloading module: it is built into the server")
  }
}

/// MODULE HELP.
enum ModuleHelpCommand: Command {
  static let spec = CommandSpec(
    "MODULE|HELP", since: "5.0.0", group: .server, arity: 2,
    flags: [.loading, .stale],
    summary: "Lists the subcommands of MODULE.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "LIST",
      "    List the modules of the server.",
      "LOAD <path> [<arg> ...]",
      "    Always fails: modules are built into the server.",
      "LOADEX <path> [CONFIG <name> <value> ...] [ARGS ...]",
      "    Always fails.",
      "UNLOAD <name>",
      "    Always fails.",
    ])
  }
}
