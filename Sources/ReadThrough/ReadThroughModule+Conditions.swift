public import RESPServer

extension ReadThroughModule {
  /// Whether the database is there and tells of changes. A cache is of use without it for a while,
  /// so it is required only where the operator says so.
  public func conditions() -> [ModuleCondition] {
    guard let shared = ReadThrough.shared, shared.hasDatabase else { return [] }
    let counts = shared.figures.now
    let isRequired = shared.host.setting(ReadThroughSettings.required)?.boolean ?? false
    return [
      ModuleCondition(
        "database", isFine: counts.ready > 0, isRequired: isRequired, reason: "unreachable"),
      ModuleCondition(
        "changes", isFine: counts.isListening, reason: "not heard of: values are trusted shortly"),
    ]
  }
}
