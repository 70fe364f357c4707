internal import Bytes
internal import CLua
internal import CacheCore
internal import Platform
internal import RESP
internal import Synchronization

/// Running scripts and functions.
///
/// A script is atomic: it has the locks of its keys' shards, where it is certain that it touches no
/// other keys (`ScriptKeyUse`); else it has the gate, so that nobody else touches a key while it
/// runs. A script that may not write is given a try with the locks in any case, since it can be
/// begun anew with the gate.
extension CommandContext {
  /// EVAL and its kin: runs a script.
  ///
  /// - Parameter find: finds it among those that the loop has compiled.
  func evaluate(
    isReadOnly: Bool,
    _ find: (ScriptEngine, borrowing CommandContext) throws(CommandError) -> CompiledScript
  ) throws(CommandError) {
    let keyCount = try scriptKeyCount(orThrow: .notInteger)
    let engine = try loop.scriptEngine()
    let compiled = try find(engine, self)
    let script = compiled.script
    var run = try prepare(
      .script, name: script.name, flags: script.flags, isReadOnly: isReadOnly)
    if loop.mayLockKeys(of: script, isReadOnly: run.isReadOnly) {
      executeWithLocks(compiled.reference, in: engine.interpreter, keyCount: keyCount, &run)
      guard run.wantsGate else { return loop.accountMemory(of: engine) }
      // It has changed nothing.
      script.needsGate.store(true, ordering: .relaxed)
      run = try prepare(.script, name: script.name, flags: script.flags, isReadOnly: isReadOnly)
    }
    let isDone = loop.runExclusively(for: connection) {
      // Another holder may have given its user other rights since it was prepared.
      run.proxy.takePermissions(of: server.state.pointee.acl)
      execute(compiled.reference, in: engine.interpreter, keyCount: keyCount, &run)
    }
    guard isDone else { throw server.busyError }
    loop.accountMemory(of: engine)
  }

  /// Runs it with the locks of its keys' shards.
  private func executeWithLocks(
    _ reference: Int32, in interpreter: Interpreter, keyCount: Int, _ run: inout ScriptRun
  ) {
    var shards = ShardSet()
    for index in 3..<3 + keyCount { shards.insert(hash(self[index]).hash.shard) }
    run.lockedShards = shards
    keyspace.lock(shards)
    loop.state.pointee.holdsLocks = true
    execute(reference, in: interpreter, keyCount: keyCount, &run)
    loop.state.pointee.holdsLocks = false
    keyspace.unlock(shards)
  }

  /// FCALL and FCALL_RO: runs a function.
  func callFunction(isReadOnly: Bool) throws(CommandError) {
    var failure: CommandError?
    let isDone = loop.runExclusively(for: connection) {
      do throws(CommandError) {
        let store = server.state.pointee.functions
        guard let store, let function = store.function(self[1].string) else {
          throw .fixed("ERR Function not found")
        }
        let keyCount = try scriptKeyCount(orThrow: .fixed("ERR Bad number of keys provided"))
        var run = try prepare(
          .function, name: function.name, flags: function.flags, isReadOnly: isReadOnly)
        execute(function.reference, in: store.interpreter, keyCount: keyCount, &run)
      } catch {
        failure = error
      }
    }
    guard isDone else { throw server.busyError }
    if let failure { throw failure }
  }

  /// The number of keys, argument 2.
  private func scriptKeyCount(orThrow error: CommandError) throws(CommandError) -> Int {
    guard let count = IntegerText.parseInt64(self[2]) else { throw error }
    guard count <= self.count - 3 else {
      throw .fixed("ERR Number of keys can't be greater than number of args")
    }
    guard count >= 0 else { throw .fixed("ERR Number of keys can't be negative") }
    return Int(count)
  }

  /// Checks whether what says `flags` of itself may run now.
  private func prepare(
    _ kind: ScriptRun.Kind, name: String, flags: ScriptFlags, isReadOnly: Bool
  ) throws(CommandError) -> ScriptRun {
    let isShort = !loop.hasRoom()
    var mayNotWrite = isReadOnly
    var allowsOOM = false
    if !flags.contains(.compatible) {
      if flags.contains(.noWrites) {
        mayNotWrite = true
      } else if isReadOnly {
        throw .fixed("ERR Can not execute a script with write flag using *_ro command.")
      }
      allowsOOM = !flags.isDisjoint(with: [.noWrites, .allowOOM])
      if isShort, !allowsOOM { throw .outOfMemory }
    }
    return ScriptRun(
      loop: loop, kind: kind, proxy: loop.scriptProxy(for: connection),
      mark: loop.replyMark(), isReadOnly: mayNotWrite, allowsOOM: allowsOOM,
      isShortOfMemory: isShort, startTicks: loop.state.pointee.ticks, name: name,
      arguments: arguments)
  }

  /// Runs it and writes its reply.
  private func execute(
    _ reference: Int32, in interpreter: Interpreter, keyCount: Int, _ run: inout ScriptRun
  ) {
    // Both are a pointer and a count.
    let slices = UnsafeRawPointer(arguments.base + 3).assumingMemoryBound(to: wl_slice.self)
    let version: Int32 = connection.state.pointee.version == .resp3 ? 3 : 2
    connection.flags.insert(.runsScript)
    let outcome = withUnsafeMutablePointer(to: &run) { run in
      var host = ScriptRun.host(run)
      return wl_run(
        interpreter.state, &host, reference, slices, keyCount, slices + keyCount,
        count - 3 - keyCount, version)
    }
    connection.flags.remove(.runsScript)
    if run.isSlow { loop.endSlowScript() }
    loop.withdrawReply(to: run.mark)
    loop.state.pointee.writer.version = connection.state.pointee.version
    if run.wantsGate { return }
    loop.writeOutcome(outcome, of: interpreter, name: run.name)
    // Its own time starts where it was called, not where its last command ended.
    loop.state.pointee.ticks = run.startTicks
  }
}

extension EventLoop {
  /// Whether a script is to run with the locks of its keys' shards, not with the gate.
  ///
  /// With one loop the gate costs nothing, and within a transaction it is held already.
  @inline(__always)
  fileprivate func mayLockKeys(of script: Script, isReadOnly: Bool) -> Bool {
    server.state.pointee.gate.isShared && !state.pointee.holdsGate && !state.pointee.isAside
      && (script.isDeclared || isReadOnly) && !script.needsGate.load(ordering: .relaxed)
  }

  /// The connection that stands for a client while its script runs.
  func scriptProxy(for connection: Connection) -> Connection {
    let pointer: UnsafeMutablePointer<ConnectionState>
    if let made = state.pointee.scriptProxy {
      pointer = made
    } else {
      pointer = makeProxy()
      state.pointee.scriptProxy = pointer
    }
    pointer.pointee.flags = [.isScript, .mustNotWait]
    if connection.flags.contains(.noTouch) { pointer.pointee.flags.insert(.noTouch) }
    pointer.pointee.database = connection.database
    pointer.pointee.version = .resp2
    let proxy = Connection(state: pointer)
    // Nearly all clients are "default", who may do everything.
    if connection.state.pointee.user != nil || pointer.pointee.user != nil
      || connection.state.pointee.permissions != nil
    {
      proxy.setUser(connection.ownUser, in: server.state.pointee.acl)
    }
    if connection.flags.contains(.tracksReads) || pointer.pointee.session != nil {
      proxy.setTracking(connection.rememberedTracking)
    }
    return proxy
  }

  /// Writes what a script has returned or how it has failed.
  fileprivate func writeOutcome(_ outcome: Int32, of interpreter: Interpreter, name: String) {
    let output = interpreter.output
    switch outcome {
    case Int32(WL_REPLY):
      state.pointee.writer.output.append(output)
      state.pointee.scriptFailed = !output.isEmpty && output[0] == UInt8(ascii: "-")
      if state.pointee.scriptFailed {
        let end = output.firstIndex(of: 0x0D) ?? output.count
        noteScriptError(output[1..<end], isCounted: interpreter.errorIsCounted)
      }
    case Int32(WL_ERROR):
      state.pointee.scriptFailed = true
      var text = output.array
      if let place = interpreter.errorPlace {
        text += " script: \(name), on \(place).".utf8
      }
      text.withByteView {
        state.pointee.writer.error($0)
        noteScriptError($0, isCounted: interpreter.errorIsCounted)
      }
    default:
      state.pointee.scriptFailed = true
      write(.made("ERR Error running script \(name), \(output.string)"))
    }
  }

  private func noteScriptError(_ text: ByteView, isCounted: Bool) {
    // `call` looks at the errors first.
    if isCounted { return }
    state.pointee.errorReplies &+= 1
    countError(text)
  }
}

extension CommandContext {
  /// What a library has while it is loaded.
  func libraryRun() -> ScriptRun {
    ScriptRun(
      loop: loop, kind: .library, proxy: loop.scriptProxy(for: connection),
      mark: loop.replyMark(), isReadOnly: true, allowsOOM: false, isShortOfMemory: false,
      startTicks: TickCounter.now, name: "", arguments: arguments)
  }
}
