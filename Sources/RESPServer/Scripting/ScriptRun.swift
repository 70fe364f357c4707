internal import Bytes
internal import CLua
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP
internal import Synchronization

/// A script while it runs: what it may do, and what its calls of the server do.
///
/// Lives on the stack of the command that runs it; Lua gets a pointer. The functions that Lua calls
/// return normally, always, and call no Lua: see CLua.
struct ScriptRun {
  /// What runs.
  enum Kind: Sendable {
    case script, function, library
  }

  let loop: EventLoop
  let kind: Kind
  /// Stands for the client: its commands have its user and begin with its database.
  let proxy: Connection
  /// Where the replies of its commands begin in the loop's reply buffer.
  let mark: EventLoop.ReplyMark
  /// Whether it may not change anything.
  let isReadOnly: Bool
  /// Whether it may ask for memory whatever the limit.
  let allowsOOM: Bool
  /// Whether memory was short when it began.
  let isShortOfMemory: Bool
  let startTicks: UInt64
  /// What is called, for those who ask what runs so long.
  let name: String
  let arguments: Arguments

  /// Whether it has changed something, so that it must not be killed.
  var hasWritten = false
  /// The shards whose locks it has; nil: it has the gate.
  var lockedShards: ShardSet?
  /// Whether it is to be begun anew with the gate: it wants more than it has locks for, or takes
  /// long. It has changed nothing, and does no more.
  var wantsGate = false
  /// Whether it has run for so long that others get BUSY.
  var isSlow = false
  /// The reply of the present command where its parts lay apart.
  var joined: [UInt8] = []
  /// The functions of the library that is being loaded.
  var functions: [LibraryFunction] = []

  /// Milliseconds for which a library may take to load.
  static let loadMillisecondsMax = 500
  /// Milliseconds after which a script that has changed nothing goes on with the gate: who waits
  /// for a lock could not be told that a script is slow, nor could kill it.
  static let lockedMillisecondsMax = 20

  var milliseconds: Int {
    let ticks = TickCounter.now &- startTicks
    return Int(loop.server.state.pointee.ticks.nanoseconds(ticks) / 1_000_000)
  }
}

// MARK: - What Lua calls

extension ScriptRun {
  private typealias Context = UnsafeMutableRawPointer?

  /// What the interpreter needs to call back; `run` must stay where it is.
  static func host(_ run: UnsafeMutablePointer<ScriptRun>) -> wl_host {
    wl_host(
      context: run,
      call: { context, arguments, count, reply in
        let run = ScriptRun.of(context)
        run.pointee.call(ScriptRun.view(arguments, count))
        reply!.pointee = run.pointee.reply()
      },
      tick: { context in ScriptRun.of(context).pointee.tick() },
      log: { context, level, text, count in
        let view = ByteView(UnsafeRawBufferPointer(start: text, count: count))
        ScriptRun.of(context).pointee.log(level, view.string)
      },
      allows: { context, arguments, count in
        ScriptRun.of(context).pointee.allows(ScriptRun.view(arguments, count))
      },
      set_version: { context, version in
        ScriptRun.of(context).pointee.proxy.state.pointee.version = version == 3 ? .resp3 : .resp2
      },
      add_function: { context, name, description, flags, reference in
        let fault = ScriptRun.of(context).pointee.addFunction(
          Interpreter.view(name), description: description, flags: flags, reference: reference)
        return fault.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) }
      })
  }

  private static func of(_ context: Context) -> UnsafeMutablePointer<ScriptRun> {
    context!.assumingMemoryBound(to: ScriptRun.self)
  }

  /// Slices as arguments: both are a pointer and a count.
  private static func view(_ slices: UnsafePointer<wl_slice>?, _ count: Int) -> Arguments {
    assert(MemoryLayout<wl_slice>.size == MemoryLayout<ByteView>.size)
    let raw = UnsafeMutableRawPointer(mutating: slices!)
    return Arguments(base: raw.assumingMemoryBound(to: ByteView.self), count: count)
  }

  /// redis.call: runs a command; its reply, or the error, is behind the mark.
  private mutating func call(_ arguments: Arguments) {
    loop.withdrawReply(to: mark)
    do throws(CommandError) {
      let entry = try loop.findForScript(arguments)
      guard entry.pointee.accepts(argumentCount: arguments.count) else {
        loop.state.pointee.commandStatistics[entry.pointee.index].rejected &+= 1
        throw .fixed("ERR Wrong number of args calling Redis command from script")
      }
      if lockedShards != nil, !mayGoOn(entry, arguments) { return refuseCall() }
      var kept: KeptRequest?
      do throws(CommandError) {
        try check(entry, arguments)
        if loop.server.state.pointee.examinesWrites { kept = try loop.examine(entry, arguments) }
      } catch {
        loop.state.pointee.commandStatistics[entry.pointee.index].rejected &+= 1
        throw error
      }
      if entry.pointee.flags.contains(.write) {
        hasWritten = true
        if isSlow { loop.server.state.pointee.runningScript.noteWrite() }
      }
      let monitors = loop.server.state.pointee.monitors
      if !monitors.isEmpty { monitors.feed(arguments, entry, of: proxy, on: loop) }
      loop.call(entry, arguments, hash: nil, of: proxy)
      withExtendedLifetime(kept) {}
    } catch {
      loop.write(error)
    }
  }

  /// Whether the locks that it has are all that the call needs.
  private func mayGoOn(_ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments) -> Bool {
    guard let lockedShards, !wantsGate else { return false }
    switch entry.pointee.access {
    case .none: return true
    case .keys:
      let keyCount = max(0, loop.collectKeys(entry, arguments))
      return loop.collectedShards(keyCount).bits & ~lockedShards.bits == 0
    case .selfLocking, .exclusive: return false
    }
  }

  /// Lets a script that has changed nothing begin anew. One that has cannot; `ScriptKeyUse` has
  /// made sure that there is none.
  private mutating func refuseCall() {
    assert(!hasWritten, "a script that was thought to name its keys")
    wantsGate = !hasWritten
    loop.state.pointee.writer.error("ERR Script attempted to access keys that it has not declared")
  }

  private func check(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments
  ) throws(CommandError) {
    let flags = entry.pointee.flags
    if flags.contains(.noScript), loop.server.state.pointee.deniesScripts {
      throw .fixed("ERR This Redis command is not allowed from script")
    }
    if proxy.flags.contains(.restricted),
      let denial = loop.server.denial(proxy.state.pointee.permissions, entry, arguments)
    {
      loop.noteDenial(denial, entry, arguments, of: proxy)
      throw Self.refused(denial)
    }
    if isReadOnly, !flags.isDisjoint(with: [.write, .mayReplicate]) {
      throw .fixed("ERR Write commands are not allowed from read-only scripts.")
    }
    // What has begun to write may go on: half of it would be worse.
    if isShortOfMemory, !allowsOOM, !hasWritten, flags.contains(.denyOOM) {
      throw .outOfMemory
    }
  }

  private static func refused(_ denial: ACLDenial) -> CommandError {
    switch denial {
    case .command:
      .fixed("ERR The user executing the script can't run this command or subcommand")
    case .key:
      .fixed(
        """
        ERR The user executing the script can't access at least one of the keys mentioned in the \
        command arguments
        """)
    case .channel:
      .fixed(
        """
        ERR The user executing the script can't publish to the channel mentioned in the command
        """)
    }
  }

  /// The present command's reply; valid until the next.
  private mutating func reply() -> wl_slice {
    let written = loop.state.pointee.writer.output.bytes
    if loop.state.pointee.writer.output.spliceCount == mark.splices {
      let bytes = written.dropFirst(mark.count)
      return wl_slice(bytes: bytes.base, count: bytes.count)
    }
    joined = loop.takeReply(from: mark)
    // The array's own memory: it is not touched before the next call.
    return joined.withUnsafeBufferPointer {
      wl_slice(bytes: $0.baseAddress, count: $0.count)
    }
  }

  private func log(_ level: Int32, _ text: String) {
    let levels: [Logger.Level] = [.debug, .info, .notice, .warning]
    loop.server.log.log(level: levels[Int(min(max(level, 0), 3))], "\(text)")
  }

  /// redis.acl_check_cmd.
  private func allows(_ arguments: Arguments) -> Int32 {
    guard let entry = try? loop.findForScript(arguments) else { return -1 }
    let denial = loop.server.denial(proxy.state.pointee.permissions, entry, arguments)
    return denial == nil ? 1 : 0
  }

  /// redis.register_function.
  private mutating func addFunction(
    _ name: ByteView, description: wl_slice, flags: UInt32, reference: Int32
  ) -> StaticString? {
    guard ScriptHeader.isValidName(name.buffer) else {
      return """
        Library names can only contain letters, numbers, or underscores(_) and must be at least \
        one character long
        """
    }
    let folded = name.string.lowercased()
    guard !functions.contains(where: { $0.name.lowercased() == folded }) else {
      return "Function already exists in the library"
    }
    let text = description.bytes == nil ? nil : Interpreter.view(description).array
    functions.append(
      LibraryFunction(
        name: name.string, description: text, flags: ScriptFlags(rawValue: flags),
        reference: reference))
    return nil
  }

  // MARK: Time

  /// Looks at the time from time to time.
  private mutating func tick() -> Int32 {
    let server = loop.server
    if server.state.pointee.stopping.load(ordering: .relaxed) { return killCode }
    let elapsed = milliseconds
    if kind == .library {
      return elapsed > Self.loadMillisecondsMax ? Int32(WL_LOAD_TIMEOUT) : Int32(WL_GO_ON)
    }
    if lockedShards != nil {
      // Otherwise it ends soon: it has no loops but over its arguments.
      guard elapsed >= Self.lockedMillisecondsMax, !hasWritten else { return Int32(WL_GO_ON) }
      wantsGate = true
      return killCode
    }
    let threshold = server.configuration.busyReplyThresholdMilliseconds
    guard threshold > 0, elapsed >= threshold else { return Int32(WL_GO_ON) }
    if !isSlow {
      isSlow = true
      loop.beginSlowScript(self)
    }
    loop.answerBesideScript()
    guard server.state.pointee.runningScript.takeKill() else { return Int32(WL_GO_ON) }
    let command = kind == .function ? "FUNCTION KILL" : "SCRIPT KILL"
    server.log.notice("Script killed by user with \(command).")
    return killCode
  }

  private var killCode: Int32 {
    kind == .function ? Int32(WL_KILL_FUNCTION) : Int32(WL_KILL_SCRIPT)
  }
}

extension EventLoop {
  /// The command that a script calls; it may be called with too few arguments.
  fileprivate func findForScript(
    _ arguments: Arguments
  ) throws(CommandError) -> UnsafePointer<CommandEntry> {
    let commands = server.state.pointee.commands.find(requested: arguments[0])
    guard var entry = commands else {
      throw .fixed("ERR Unknown Redis command called from script")
    }
    if entry.pointee.isContainer, arguments.count >= 2 {
      guard let found = server.state.pointee.commands.find(arguments[1], in: entry) else {
        throw .fixed("ERR Unknown Redis command called from script")
      }
      entry = found
    }
    return entry
  }
}
