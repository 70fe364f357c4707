internal import Bytes
internal import Platform
internal import Synchronization

/// All scripts that were loaded, for EVALSHA: shared by the loops, each of which compiles for
/// itself what it runs.
///
/// SCRIPT LOAD keeps a script until SCRIPT FLUSH. What EVAL brings is kept too, but only the last
/// 500 of it: clients that put values into scripts, instead of arguments, would fill the memory.
final class ScriptCache: Sendable {
  /// Scripts brought by EVAL that are kept.
  static let evaluatedCountMax = 500

  private struct State {
    var scripts: [ScriptDigest: Script] = [:]
    /// What EVAL brought, the oldest first.
    var evaluated: [ScriptDigest] = []
    var byteCount = 0
    var evictedCount = 0
  }

  private let state = Guarded<State>(State())
  private let flushes = Atomic<UInt64>(0)

  /// Changes with each flush: loops then forget what they have compiled.
  var epoch: UInt64 { flushes.load(ordering: .acquiring) }

  /// The script called `digest`.
  func find(_ digest: ScriptDigest) -> Script? { state.withLock { $0.scripts[digest] } }

  /// Adds a script that was compiled.
  ///
  /// - Parameter isEvaluated: whether EVAL brought it.
  func insert(_ script: Script, isEvaluated: Bool) {
    state.withLock { state in
      if state.scripts[script.digest] != nil {
        // Whoever loads it wants it kept.
        if !isEvaluated { state.evaluated.removeAll { $0 == script.digest } }
        return
      }
      state.scripts[script.digest] = script
      state.byteCount += script.memoryUsage
      guard isEvaluated else { return }
      state.evaluated.append(script.digest)
      guard state.evaluated.count > Self.evaluatedCountMax else { return }
      let oldest = state.evaluated.removeFirst()
      guard let old = state.scripts.removeValue(forKey: oldest) else { return }
      state.byteCount -= old.memoryUsage
      state.evictedCount += 1
    }
  }

  /// Forgets all scripts.
  func removeAll() {
    state.withLock { state in
      state.scripts = [:]
      state.evaluated = []
      state.byteCount = 0
    }
    flushes.wrappingAdd(1, ordering: .releasing)
  }

  /// Figures for INFO.
  var figures: (count: Int, byteCount: Int, evictedCount: Int) {
    state.withLock { ($0.scripts.count, $0.byteCount, $0.evictedCount) }
  }
}
