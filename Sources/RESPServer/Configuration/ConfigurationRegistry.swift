internal import Bytes

/// All parameters, in order, found by name or alias: built at start, only read afterwards.
///
/// The registry holds no values. Those are in a `Configuration`, which the registry's functions
/// read and change.
public struct ConfigurationRegistry: Sendable {
  /// A name and the parameter it stands for.
  struct Entry: Sendable {
    let name: String
    let isAlias: Bool
    let index: Int
  }

  /// Why a module's parameter is not registered.
  public enum RegistrationFailure: Error, Equatable {
    /// The name, or its alias, is taken.
    case nameTaken(String)
    /// The name is empty or has bytes other than letters, digits, `-`, `_` and `.`.
    case invalidName(String)
  }

  /// All parameters, in the order of documentation and of CONFIG GET.
  public private(set) var parameters: [ConfigurationParameter] = []

  /// The configuration nobody has changed.
  public private(set) var defaults = Configuration()

  /// Names and aliases in order.
  private(set) var entries: [Entry] = []

  private var entryIndexes: [String: Int] = [:]

  /// The slot of each parameter, -1 for those with a field.
  private var slotIndexes: [Int] = []

  /// Makes a registry of the server's own parameters.
  public init() {
    let tables = [
      ConfigurationParameter.networkTable, ConfigurationParameter.memoryTable,
      ConfigurationParameter.encodingTable, ConfigurationParameter.observationTable,
      ConfigurationParameter.persistenceTable, ConfigurationParameter.replicationTable,
      ConfigurationParameter.clusterTable, ConfigurationParameter.tlsTable,
      ConfigurationParameter.processTable,
    ]
    for parameter in tables.joined() {
      precondition(canAdd(parameter) == nil, "two parameters are called \(parameter.name)")
      add(parameter)
    }
  }

  /// Adds a module's parameter. Configurations made before do not have its value.
  ///
  /// - Returns: where its value will be: `configuration[slot]`.
  @discardableResult
  public mutating func register(
    _ parameter: ConfigurationParameter
  ) throws(RegistrationFailure) -> ConfigurationSlot {
    if let failure = canAdd(parameter) { throw failure }
    precondition(parameter.isSlot, "a module's parameter is made by .module")
    add(parameter)
    return ConfigurationSlot(index: defaults.slots.count - 1)
  }

  /// The parameter called `name`, which may be an alias, in any case of letters.
  public func parameter(_ name: String) -> ConfigurationParameter? {
    entry(name).map { parameters[$0.index] }
  }

  /// The value of a parameter in its parsed form; nil for an unknown name and for grammars.
  public func value(_ name: String, in configuration: Configuration) -> ConfigurationValue? {
    entry(name).flatMap { value(at: $0.index, in: configuration) }
  }

  /// Names of the parameters that were changed from their default though nothing acts on them:
  /// for a warning at start.
  public func changedWithoutEffect(in configuration: Configuration) -> [String] {
    parameters.indices.filter { index in
      !parameters[index].hasEffect
        && text(at: index, in: configuration) != text(at: index, in: defaults)
    }.map { parameters[$0].name }
  }

  func entry(_ name: String) -> Entry? {
    entryIndexes[name.lowercased()].map { entries[$0] }
  }

  /// What CONFIG GET shows for parameter `index`.
  func text(at index: Int, in configuration: Configuration) -> String {
    let parameter = parameters[index]
    if case .custom(let grammar) = parameter.kind { return grammar.get(configuration) }
    return value(at: index, in: configuration).map { parameter.print($0) } ?? ""
  }

  func value(at index: Int, in configuration: Configuration) -> ConfigurationValue? {
    switch parameters[index].storage {
    case .field(let get, _): return get(configuration)
    case .slot: return configuration.slots[slotIndexes[index]]
    case .grammar: return nil
    }
  }

  /// Parses `arguments` and stores them as the value of parameter `index`.
  func set(
    _ index: Int, to arguments: [String], in configuration: inout Configuration,
    from source: ConfigurationGrammar.Source
  ) throws(ConfigurationParameter.Refusal) {
    let parameter = parameters[index]
    if case .custom(let grammar) = parameter.kind {
      if let reason = grammar.set(&configuration, arguments, source) {
        throw ConfigurationParameter.Refusal(reason: reason)
      }
      return
    }
    let value = try parameter.parse(arguments)
    if let reason = parameter.validation?(value) {
      throw ConfigurationParameter.Refusal(reason: reason)
    }
    switch parameter.storage {
    case .field(_, let set): set(&configuration, value)
    case .slot: configuration.slots[slotIndexes[index]] = value
    case .grammar: break
    }
  }

  private func canAdd(_ parameter: ConfigurationParameter) -> RegistrationFailure? {
    for name in [parameter.name] + (parameter.alias.map { [$0] } ?? []) {
      let isValid = name.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
          || byte == 0x2E || byte == 0x5F
      }
      guard isValid, !name.isEmpty else { return .invalidName(name) }
      guard entryIndexes[name] == nil else { return .nameTaken(name) }
    }
    return nil
  }

  private mutating func add(_ parameter: ConfigurationParameter) {
    let index = parameters.count
    parameters.append(parameter)
    if case .slot(let initial) = parameter.storage {
      slotIndexes.append(defaults.slots.count)
      defaults.slots.append(initial)
    } else {
      slotIndexes.append(-1)
    }
    entryIndexes[parameter.name] = entries.count
    entries.append(Entry(name: parameter.name, isAlias: false, index: index))
    if let alias = parameter.alias {
      entryIndexes[alias] = entries.count
      entries.append(Entry(name: alias, isAlias: true, index: index))
    }
  }
}

extension ConfigurationParameter {
  var isSlot: Bool { if case .slot = storage { true } else { false } }
}
