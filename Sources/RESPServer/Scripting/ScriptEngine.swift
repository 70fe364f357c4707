internal import Bytes
internal import CacheCore
internal import Synchronization

/// A script as one loop's interpreter has compiled it.
final class CompiledScript {
  let script: Script
  let reference: Int32

  init(_ script: Script, reference: Int32) {
    self.script = script
    self.reference = reference
  }
}

/// A loop's interpreter and what it has compiled, found by the text or the digest of a script.
///
/// Each loop has its own: compiling twice is cheaper than handing an interpreter around.
final class ScriptEngine {
  /// Scripts compiled at once; beyond that those go that `ScriptCache` has forgotten.
  private static let compiledCountMax = 2 * ScriptCache.evaluatedCountMax

  let interpreter: Interpreter
  /// The cache's epoch when this was made.
  let epoch: UInt64
  private let cache: ScriptCache
  private let find: (ByteView) -> UnsafePointer<CommandEntry>?
  private var byDigest: [ScriptDigest: CompiledScript] = [:]
  /// By a keyed hash of the text, which spares EVAL the digest.
  private var byHash: [UInt64: CompiledScript] = [:]
  /// Bytes that are counted with the key space.
  var accountedBytes = 0

  /// Makes one, with an interpreter of its own.
  ///
  /// - Parameter find: finds a command's entry by its name.
  init?(
    cache: ScriptCache, memoryMax: Int,
    find: @escaping (ByteView) -> UnsafePointer<CommandEntry>?
  ) {
    guard let interpreter = Interpreter(memoryMax: memoryMax, isForFunctions: false) else {
      return nil
    }
    self.interpreter = interpreter
    self.cache = cache
    self.find = find
    epoch = cache.epoch
  }

  /// The script with this text, compiled if need be.
  ///
  /// - Parameter hash: a keyed hash of the text.
  /// - Throws: what is wrong with it.
  func script(_ body: ByteView, hash: UInt64) throws(CommandError) -> CompiledScript {
    if let found = byHash[hash], found.script.body.withByteView({ $0 == body }) { return found }
    let digest = ScriptDigest(of: body)
    let compiled: CompiledScript
    if let known = byDigest[digest] {
      compiled = known
      cache.insert(known.script, isEvaluated: true)
    } else {
      compiled = try compile(known(body, digest))
      cache.insert(compiled.script, isEvaluated: true)
    }
    byHash[hash] = compiled
    return compiled
  }

  /// The script with this digest.
  ///
  /// - Returns: nil when nobody has loaded it.
  func script(_ digest: ScriptDigest) throws(CommandError) -> CompiledScript? {
    if let known = byDigest[digest] { return known }
    guard let script = cache.find(digest) else { return nil }
    return try compile(script)
  }

  /// Compiles a script and keeps it for SCRIPT FLUSH alone to forget.
  ///
  /// - Throws: what is wrong with it.
  func load(_ body: ByteView) throws(CommandError) -> Script {
    let digest = ScriptDigest(of: body)
    if let known = byDigest[digest] {
      cache.insert(known.script, isEvaluated: false)
      return known.script
    }
    let compiled = try compile(known(body, digest))
    cache.insert(compiled.script, isEvaluated: false)
    return compiled.script
  }

  /// The script as all loops share it, or a new one.
  private func known(_ body: ByteView, _ digest: ScriptDigest) throws(CommandError) -> Script {
    if let script = cache.find(digest) { return script }
    return try Script(body, digest: digest, find)
  }

  private func compile(_ script: Script) throws(CommandError) -> CompiledScript {
    let reference = script.body.withByteView { interpreter.compile($0.dropFirst(script.codeStart)) }
    guard let reference else {
      let text = interpreter.output.string
      throw .made("ERR Error compiling script (new function): \(text)")
    }
    if byDigest.count >= Self.compiledCountMax { forgetEvicted() }
    let compiled = CompiledScript(script, reference: reference)
    byDigest[script.digest] = compiled
    return compiled
  }

  private func forgetEvicted() {
    byHash = [:]
    for (digest, compiled) in byDigest where cache.find(digest) == nil {
      interpreter.release(compiled.reference)
      byDigest[digest] = nil
    }
  }
}

extension EventLoop {
  /// The loop's interpreter; a new one after SCRIPT FLUSH.
  func scriptEngine() throws(CommandError) -> ScriptEngine {
    let cache = server.state.pointee.scripts
    if let engine = guarded.pointee.scripts {
      if engine.epoch == cache.epoch { return engine }
      dropScriptEngine()
    }
    let memoryMax = server.configuration.scriptMemoryMax
    let serverState = server.state
    let made = ScriptEngine(cache: cache, memoryMax: memoryMax) {
      serverState.pointee.commands.find(requested: $0)
    }
    guard let engine = made else {
      throw .fixed("ERR out of memory")
    }
    guarded.pointee.scripts = engine
    return engine
  }

  /// Frees the loop's interpreter.
  func dropScriptEngine() {
    guard let engine = guarded.pointee.scripts else { return }
    server.state.pointee.keyspace.addOverhead(-engine.accountedBytes)
    guarded.pointee.scripts = nil
  }

  /// Counts what the interpreter holds as used memory, once it has changed by so much that it
  /// matters.
  func accountMemory(of engine: ScriptEngine) {
    let held = engine.interpreter.memoryUsage
    guard abs(held - engine.accountedBytes) > 64 * 1024 else { return }
    server.state.pointee.keyspace.addOverhead(held - engine.accountedBytes)
    engine.accountedBytes = held
  }
}
