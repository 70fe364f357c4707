internal import Bytes
internal import CacheCore
internal import RESP

/// Writes what the specs say of commands in the forms of COMMAND INFO and COMMAND DOCS.
struct CommandDescriptions {
  let server: Server

  private var specs: [CommandSpec] { server.state.pointee.commands.specs }

  /// Commands that are no subcommands.
  var topLevel: [Int] { specs.indices.filter { specs[$0].subcommandName == nil } }

  /// The command of a name such as "get" or "config|get", in any case.
  func find(_ name: ByteView) -> Int? {
    server.state.pointee.commands.find(name)?.pointee.index
  }

  /// The command that a request means, subcommands included.
  func find(command arguments: Arguments) -> Int? {
    guard let entry = server.state.pointee.commands.find(arguments[0]),
      arguments[0].firstIndex(of: UInt8(ascii: "|")) == nil
    else { return nil }
    guard entry.pointee.isContainer, arguments.count > 1 else { return entry.pointee.index }
    return server.state.pointee.commands.find(arguments[1], in: entry)?.pointee.index
  }

  /// The subcommands of a container.
  func subcommands(of index: Int) -> [Int] {
    let spec = specs[index]
    guard spec.subcommandName == nil else { return [] }
    return specs.indices.filter {
      specs[$0].subcommandName != nil && specs[$0].containerName == spec.name
    }
  }

  // MARK: COMMAND INFO

  /// Writes a command's ten facts.
  func writeInfo(of index: Int, to reply: inout ReplyWriter) {
    let spec = specs[index]
    let range = spec.legacyKeyRange
    reply.array(10)
    reply.bulk(server.state.pointee.commands.name(of: index))
    reply.integer(spec.arity)
    let flags = CommandFlags.names.filter { spec.shownFlags.contains($0.0) }
    reply.set(flags.count)
    for (_, name) in flags { reply.simple(text: name) }
    reply.integer(range.first)
    reply.integer(range.last)
    reply.integer(range.step)
    let categories = spec.categoryNames
    reply.set(categories.count)
    for name in categories { reply.simple(text: "@" + name) }
    reply.set(spec.tips.count)
    for tip in spec.tips { reply.bulk(tip) }
    reply.set(spec.keys.count)
    for key in spec.keys { write(key, to: &reply) }
    let subcommands = subcommands(of: index)
    reply.set(subcommands.count)
    for subcommand in subcommands { writeInfo(of: subcommand, to: &reply) }
  }

  private func write(_ key: KeySpec, to reply: inout ReplyWriter) {
    reply.map(3)
    reply.bulk("flags")
    let flags = KeySpec.Flags.names.filter { key.flags.contains($0.0) }
    reply.set(flags.count)
    for (_, name) in flags { reply.simple(text: name) }
    reply.bulk("begin_search")
    switch key.begin {
    case .index(let position): write("index", ["index": position], to: &reply)
    case .keyword(let word, let from):
      reply.map(2)
      reply.bulk("type")
      reply.bulk("keyword")
      reply.bulk("spec")
      reply.map(2)
      reply.bulk("keyword")
      reply.bulk(word)
      reply.bulk("startfrom")
      reply.integer(from)
    case .unknown: write("unknown", [:], to: &reply)
    }
    reply.bulk("find_keys")
    switch key.find {
    case .range(let last, let step, let limit):
      write("range", ["lastkey": last, "keystep": step, "limit": limit], to: &reply)
    case .keyCount(let index, let first, let step):
      write(
        "keynum", ["keynumidx": index, "firstkey": first, "keystep": step], to: &reply)
    case .unknown: write("unknown", [:], to: &reply)
    }
  }

  private func write(
    _ type: StaticString, _ numbers: KeyValuePairs<StaticString, Int>,
    to reply: inout ReplyWriter
  ) {
    reply.map(2)
    reply.bulk("type")
    reply.bulk(type)
    reply.bulk("spec")
    reply.map(numbers.count)
    for (name, number) in numbers {
      reply.bulk(name)
      reply.integer(number)
    }
  }

  // MARK: COMMAND DOCS

  /// Writes a command's name and its documentation.
  func writeDocumentation(of index: Int, to reply: inout ReplyWriter) {
    let spec = specs[index]
    reply.bulk(server.state.pointee.commands.name(of: index))
    let subcommands = subcommands(of: index)
    let isDeprecated = spec.deprecatedSince != nil
    let module = server.module(ofCommand: index)
    let fieldCount =
      4 + (module == nil ? 0 : 1) + (isDeprecated ? 2 : 0)
      + (isDeprecated && spec.replacement != nil ? 1 : 0) + (spec.history.isEmpty ? 0 : 1)
      + (spec.arguments.isEmpty ? 0 : 1) + (subcommands.isEmpty ? 0 : 1)
    reply.map(fieldCount)
    field("summary", spec.summary, &reply)
    field("since", spec.since, &reply)
    field("group", spec.group.rawValue, &reply)
    field("complexity", spec.complexity, &reply)
    if let module { field("module", module.name, &reply) }
    if let since = spec.deprecatedSince {
      reply.bulk("doc_flags")
      reply.set(1)
      reply.simple("deprecated")
      field("deprecated_since", since, &reply)
      if let replacement = spec.replacement { field("replaced_by", replacement, &reply) }
    }
    if !spec.history.isEmpty {
      reply.bulk("history")
      reply.set(spec.history.count)
      for (version, change) in spec.history {
        reply.array(2)
        reply.bulk(version)
        reply.bulk(change)
      }
    }
    if !spec.arguments.isEmpty {
      reply.bulk("arguments")
      write(spec.arguments, to: &reply)
    }
    if !subcommands.isEmpty {
      reply.bulk("subcommands")
      reply.map(subcommands.count)
      for subcommand in subcommands { writeDocumentation(of: subcommand, to: &reply) }
    }
  }

  private func field(_ name: StaticString, _ value: String, _ reply: inout ReplyWriter) {
    reply.bulk(name)
    reply.bulk(value)
  }

  private func write(_ arguments: [ArgumentSpec], to reply: inout ReplyWriter) {
    reply.array(arguments.count)
    for argument in arguments {
      var flags: [String] = []
      if argument.isOptional { flags.append("optional") }
      if argument.isMultiple { flags.append("multiple") }
      if argument.isTokenRepeated { flags.append("multiple_token") }
      var texts: [(StaticString, String)] = [
        ("name", argument.name), ("type", argument.kind.rawValue),
      ]
      // What it is called where it is shown; groups of arguments are not shown by name.
      let isGroup = argument.kind == .oneOf || argument.kind == .block
      if let text = argument.displayText ?? (isGroup ? nil : argument.name) {
        texts.append(("display_text", text))
      }
      if let token = argument.token { texts.append(("token", token)) }
      if let since = argument.since { texts.append(("since", since)) }
      if let since = argument.deprecatedSince { texts.append(("deprecated_since", since)) }
      reply.map(
        texts.count + (argument.keySpecIndex == nil ? 0 : 1) + (flags.isEmpty ? 0 : 1)
          + (argument.parts.isEmpty ? 0 : 1))
      for (name, text) in texts { field(name, text, &reply) }
      if let index = argument.keySpecIndex {
        reply.bulk("key_spec_index")
        reply.integer(index)
      }
      if !flags.isEmpty {
        reply.bulk("flags")
        reply.set(flags.count)
        for flag in flags { reply.simple(text: flag) }
      }
      if !argument.parts.isEmpty {
        reply.bulk("arguments")
        write(argument.parts, to: &reply)
      }
    }
  }
}

extension ReplyWriter {
  /// A status made at run time.
  fileprivate mutating func simple(text: String) {
    Array(text.utf8).withByteView { simple($0) }
  }
}

extension CommandSpec {
  /// Whether first, last and step do not tell all keys.
  private var hasMovableKeys: Bool {
    if keys.count == 1, keys[0].plainRange != nil { return keys[0].flags.contains(.incomplete) }
    var last = 0
    for key in keys {
      guard let range = key.plainRange, range.step == 1, last == 0 || last == range.first - 1
      else { return true }
      if key.flags.contains(.incomplete) { return true }
      last = range.last
    }
    return false
  }

  /// The flags as COMMAND INFO shows them.
  var shownFlags: CommandFlags { hasMovableKeys ? flags.union(.movableKeys) : flags }

  /// The positions of the first and the last key and the step between them, as clients of Redis
  /// before 7 want them: what the key specifications say, as far as these three can.
  var legacyKeyRange: (first: Int, last: Int, step: Int) {
    if keys.count == 1, let range = keys[0].plainRange { return range }
    var first = Int.max
    var last = 0
    for key in keys {
      // A range of another step, or with a gap before it, cannot be told.
      guard let range = key.plainRange, range.step == 1 else { continue }
      if last != 0, last != range.first - 1 { continue }
      first = min(first, range.first)
      // A last key counted from the end is behind any other.
      last = last < 0 || range.last < 0 ? min(last, range.last) : max(last, range.last)
    }
    return first == .max ? (0, 0, 0) : (first, last, 1)
  }
}

extension KeySpec {
  /// First, last and step, when it is a range at a fixed position.
  fileprivate var plainRange: (first: Int, last: Int, step: Int)? {
    guard case .index(let first) = begin, case .range(let last, let step, _) = find else {
      return nil
    }
    return (first, last >= 0 ? first + last : last, step)
  }
}

extension Server {
  /// The module that a command came with; nil for the server's own.
  func module(ofCommand index: Int) -> (any ServerModule)? {
    var first = CommandCatalog.commands.count
    guard index >= first else { return nil }
    for module in state.pointee.modules {
      first += module.commands.count
      if index < first { return module }
    }
    return nil
  }
}
