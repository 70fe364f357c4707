extension ConfigurationRegistry {
  /// Makes a registry of the server's parameters and of the modules' own.
  ///
  /// - Throws: `RegistrationFailure` when a module's parameter has a name that is taken or invalid.
  public init(modules: [any ServerModule]) throws(RegistrationFailure) {
    self.init()
    for module in modules {
      for parameter in module.parameters { try register(parameter) }
    }
  }
}

extension CommandContext {
  /// The present value of a parameter, a module's own for instance; nil for an unknown name.
  ///
  /// - Complexity: O(length of the name); for commands that are not on a hot path.
  public func setting(_ name: String) -> ConfigurationValue? {
    server.state.pointee.registry.value(name, in: server.configuration)
  }
}
