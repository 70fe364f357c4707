internal import Bytes
public import Logging
internal import RESP

/// A native module: commands, settings, INFO sections and background work of its own, written
/// against public API only.
///
/// Hand instances to `ServerLauncher`; they are started before the server listens and stopped after
/// the last connection is closed.
public protocol ServerModule: AnyObject, Sendable {
  /// The name that MODULE LIST shows.
  var name: String { get }

  /// A number that grows with each version, for MODULE LIST.
  var version: Int { get }

  /// Commands to register beside the server's own.
  var commands: [any Command.Type] { get }

  /// ACL categories that all its commands belong to, without "@", beside those that their specs
  /// name: `["coach"]` makes `+@coach` and `ACL CAT coach`.
  var categories: [String] { get }

  /// Settings to register, named with the module's prefix.
  var parameters: [ConfigurationParameter] { get }

  /// Starts background work. Throwing keeps the server from starting.
  func start(_ host: ModuleHost) throws

  /// CONFIG SET has changed something, these settings perhaps. Called with the gate held, so that
  /// what commands read without a lock can be changed here.
  func settingsChanged(_ host: ModuleHost)

  /// Ends background work; returns when it has ended.
  func stop()

  /// What fetches keys that are read; nil for none. At most one module has one. Asked for when all
  /// modules have started, and by `ModuleHost.updateKeyLoader`.
  var keyLoader: (any KeyLoader)? { get }

  /// What follows keys for the module; nil: nothing does. Asked for once.
  var keyFollower: (any KeyFollower)? { get }

  /// INFO sections; called with the gate held, so it must be quick.
  func infoSections() -> [InfoSection]

  /// What the module needs to do its work, and whether it has it: for whoever asks whether the
  /// server is ready. Called on a loop's thread, between commands; must be quick.
  func conditions() -> [ModuleCondition]
}

extension ServerModule {
  /// A module need only have a name and commands.
  public var version: Int { 1 }
  public var categories: [String] { [] }
  public var parameters: [ConfigurationParameter] { [] }
  public func start(_ host: ModuleHost) throws {}
  public func settingsChanged(_ host: ModuleHost) {}
  public func stop() {}
  public var keyLoader: (any KeyLoader)? { nil }
  public var keyFollower: (any KeyFollower)? { nil }
  public func infoSections() -> [InfoSection] { [] }
  public func conditions() -> [ModuleCondition] { [] }
}

extension ServerModule {
  /// The facts of its commands, in their order, its categories among them.
  var commandSpecs: [CommandSpec] {
    commands.map { command in
      var spec = command.spec
      for category in categories where !spec.ownCategories.contains(category) {
        spec.ownCategories.append(category)
      }
      return spec
    }
  }
}

/// One section of INFO.
public struct InfoSection: Sendable {
  /// As asked for by `INFO name`; shown with a capital.
  public let name: String
  /// Lines of `field:value`.
  public var fields: [(name: String, value: String)]

  public init(_ name: String, _ fields: [(name: String, value: String)] = []) {
    self.name = name
    self.fields = fields
  }
}

/// What a module gets from the server it lives in.
public struct ModuleHost: Sendable {
  let server: Server

  /// Where to log.
  public var log: Logger { server.log }

  /// The value of a parameter when the module starts; nil for an unknown name.
  ///
  /// - Complexity: O(length of the name)
  public func setting(_ name: String) -> ConfigurationValue? {
    server.state.pointee.registry.value(name, in: server.configuration)
  }
  /// How often each of a module's commands was called, and how often it failed, in the order of the
  /// module's commands; for INFO, where the gate is held.
  ///
  /// - Complexity: O(commands × loops)
  public func calls(
    of module: any ServerModule
  ) -> [(name: String, calls: UInt64, failed: UInt64)] {
    (0..<server.state.pointee.commands.count).compactMap { index in
      guard server.module(ofCommand: index) === module else { return nil }
      let total = server.statistics(ofCommand: index)
      return (
        server.state.pointee.commands.name(of: index).string, total.calls,
        total.failed + total.rejected
      )
    }
  }
}
