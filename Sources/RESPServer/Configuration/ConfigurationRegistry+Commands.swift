internal import Bytes

/// Why CONFIG SET changed nothing.
public enum ConfigurationSetFailure: Error, Equatable, Sendable {
  /// No parameter has this name.
  case unknown(String)
  /// This parameter cannot take its value, for the given reason. The server makes one of these
  /// itself when a valid value cannot be applied ("Unable to listen on this port. …").
  case refused(name: String, reason: String)
  /// A parameter cannot change while data is loaded.
  case loading

  /// The error reply, without the leading `-`.
  public var reply: String {
    switch self {
    case .unknown(let name):
      "ERR Unknown option or number of arguments for CONFIG SET - '\(name)'"
    case .refused(let name, let reason):
      "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
    case .loading:
      "LOADING Redis is loading the dataset in memory"
    }
  }
}

/// Who asks CONFIG SET, and when.
public struct ConfigurationSetContext: Sendable {
  /// Whether the client connected from this machine.
  public var isLocalClient: Bool
  /// Whether data is being loaded.
  public var isLoading: Bool

  public init(isLocalClient: Bool = false, isLoading: Bool = false) {
    self.isLocalClient = isLocalClient
    self.isLoading = isLoading
  }
}

extension ConfigurationRegistry {
  /// CONFIG GET of one pattern.
  public func get(
    pattern: String, from configuration: Configuration
  ) -> [(name: String, value: String)] {
    get(patterns: [pattern], from: configuration)
  }

  /// CONFIG GET: names and values in the order of the table, each name once.
  ///
  /// A pattern without `*`, `?` and `[` is a name, answered as it was asked for. Names and aliases
  /// are entries of their own; hidden parameters answer to their name only.
  ///
  /// - Complexity: O(patterns × parameters)
  public func get(
    patterns: [String], from configuration: Configuration
  ) -> [(name: String, value: String)] {
    var result: [(name: String, value: String)] = []
    var seen: Set<String> = []
    for pattern in patterns {
      guard pattern.utf8.contains(where: { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }) else {
        if let entry = entry(pattern), seen.insert(entry.name).inserted {
          result.append((pattern, shown(at: entry.index, in: configuration)))
        }
        continue
      }
      let bytes = Array(pattern.utf8)
      for entry in entries where !parameters[entry.index].flags.contains(.hidden) {
        let isMatch = bytes.withByteView { pattern in
          Array(entry.name.utf8).withByteView {
            Glob.matches(pattern, $0, ignoringCase: true)
          }
        }
        if isMatch, seen.insert(entry.name).inserted {
          result.append((entry.name, shown(at: entry.index, in: configuration)))
        }
      }
    }
    return result
  }

  /// A value as clients may see it.
  private func shown(at index: Int, in configuration: Configuration) -> String {
    let text = text(at: index, in: configuration)
    return parameters[index].mask?(text) ?? text
  }

  /// CONFIG SET: all pairs or none.
  ///
  /// The server keeps a copy of the old configuration, applies what changed (`changes`), and when
  /// that fails puts the copy back, applies it, and replies `.refused` with its reason.
  ///
  /// - Returns: the names of the parameters whose value changed, in the order given.
  /// - Complexity: O(pairs²), for duplicates.
  public func set(
    _ pairs: [(name: String, value: String)], to configuration: inout Configuration,
    context: ConfigurationSetContext = ConfigurationSetContext()
  ) -> Result<[String], ConfigurationSetFailure> {
    var found: [Entry] = []
    if let failure = find(pairs, &found, configuration, context) { return .failure(failure) }
    var copy = configuration
    for (entry, pair) in zip(found, pairs) {
      let isSplit = parameters[entry.index].flags.contains(.multiArgument)
      // Split at every single blank, as Redis does: two blanks make an empty argument.
      let arguments =
        isSplit
        ? pair.value.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        : [pair.value]
      do throws(ConfigurationParameter.Refusal) {
        try set(entry.index, to: arguments, in: &copy, from: .command)
      } catch {
        return .failure(.refused(name: entry.name, reason: error.reason))
      }
    }
    let changed = found.filter { entry in
      parameters[entry.index].flags.contains(.volatile)
        || text(at: entry.index, in: copy) != text(at: entry.index, in: configuration)
    }
    if let fixed = changed.first(where: { parameters[$0.index].flags.contains(.fixed) }) {
      return .failure(.refused(name: fixed.name, reason: "can't set immutable config"))
    }
    configuration = copy
    return .success(changed.map { parameters[$0.index].name })
  }

  /// Whether a value of this parameter must not be shown in logs.
  public func isSensitive(_ name: String) -> Bool {
    parameter(name)?.flags.contains(.sensitive) ?? false
  }

  /// Finds the parameters of all pairs, and the first reason to refuse them. That a parameter
  /// cannot change while loading takes precedence, as clients handle it differently.
  private func find(
    _ pairs: [(name: String, value: String)], _ found: inout [Entry],
    _ configuration: Configuration, _ context: ConfigurationSetContext
  ) -> ConfigurationSetFailure? {
    let allowed = configuration.enableProtectedConfigurations
    let mayProtected = allowed == .yes || (allowed == .local && context.isLocalClient)
    for (name, _) in pairs {
      guard let entry = entry(name) else { return .unknown(name) }
      let flags = parameters[entry.index].flags
      if flags.contains(.immutable) {
        return .refused(name: name, reason: "can't set immutable config")
      }
      if flags.contains(.protected), !mayProtected {
        return .refused(name: name, reason: "can't set protected config")
      }
      if flags.contains(.denyLoading), context.isLoading { return .loading }
      if found.contains(where: { $0.name == entry.name }) {
        return .refused(name: name, reason: "duplicate parameter")
      }
      found.append(entry)
    }
    return nil
  }
}
