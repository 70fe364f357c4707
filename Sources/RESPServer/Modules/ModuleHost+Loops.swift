internal import Bytes
internal import CacheCore

extension ModuleHost {
  /// Cache time in milliseconds, as commands see it in `CommandContext.now`; for any thread.
  public var now: Int64 { server.state.pointee.clock.milliseconds }

  /// Number of loops.
  public var loopCount: Int { server.state.pointee.loopCount }

  /// A way to the key space for work that no command has begun, see `LoopTask`.
  ///
  /// - Parameter index: the loop that runs it, below `loopCount`.
  public func task(onLoop index: Int) -> LoopTask {
    precondition(index >= 0 && index < loopCount)
    return LoopTask(
      inbox: server.state.pointee.inboxes[index],
      entry: SendableEntry(pointer: server.state.pointee.commands.entry(at: 0)),
      request: KeptRequest(copying: [Array("module".utf8)]),
      database: DatabaseIndex(rawValue: 0))
  }

  /// Looks again at the modules' `keyLoader`. Only where the gate is held: in `settingsChanged`,
  /// and in commands with `KeyspaceAccess.exclusive`.
  public func updateKeyLoader() { server.updateKeyLoader() }
}
