internal import Bytes

/// One parameter of the configuration: its name in `redis.conf`, the values it takes, whether it
/// can change at run time, and where its value is kept.
///
/// A parameter is one line in one of the tables beside this file (`ConfigurationTable+….swift`):
///
///     .integer("port", \.port, 0...65535, "TCP port; 0 listens on none"),
///
/// Everything else follows from the line: reading it from a file, CONFIG GET, SET and REWRITE, the
/// error texts, the documentation. The default is the initial value of the field.
public struct ConfigurationParameter: Sendable {
  /// What CONFIG SET and the documentation need to know beside the kind.
  public struct Flags: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Set at start only.
    public static let immutable = Flags(rawValue: 1)
    /// Set at start only, but a client may set the value it has: for parameters that Redis does
    /// not know, so that writing back what CONFIG GET shows succeeds.
    public static let fixed = Flags(rawValue: 512)
    /// Never shown in logs, MONITOR or the slow log.
    public static let sensitive = Flags(rawValue: 2)
    /// Takes several arguments in a file.
    public static let multiArgument = Flags(rawValue: 4)
    /// CONFIG GET shows it by its full name only.
    public static let hidden = Flags(rawValue: 8)
    /// Needs `enable-protected-configs`.
    public static let protected = Flags(rawValue: 16)
    /// Cannot change while data is loaded.
    public static let denyLoading = Flags(rawValue: 32)
    /// Setting it to the value it has counts as a change (a certificate file was replaced).
    public static let volatile = Flags(rawValue: 64)
    /// Accepted and kept, but nothing acts on it.
    public static let withoutEffect = Flags(rawValue: 128)
    /// The empty text means that there is no value: CONFIG REWRITE drops the line.
    public static let emptyMeansUnset = Flags(rawValue: 256)
  }

  /// What values it takes.
  public enum Kind: Sendable {
    /// "yes" or "no".
    case boolean
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// A whole number in base 8, as file permissions are.
    case octal(ClosedRange<Int>)
    /// Bytes, with units.
    case memory(ClosedRange<Int>)
    /// Bytes, or a percentage, which is kept as its negative.
    case memoryOrPercent(ClosedRange<Int>)
    /// Any text.
    case text
    /// One of these words.
    case choice([String], synonyms: [String: String])
    /// Some of these words: bit n is word n + 1, the first word is none of them.
    case words([String])
    /// Arguments with a grammar of their own.
    case custom(ConfigurationGrammar)
  }

  /// Where the value is kept.
  enum Storage: Sendable {
    case field(
      get: @Sendable (Configuration) -> ConfigurationValue,
      set: @Sendable (inout Configuration, ConfigurationValue) -> Void)
    /// In a slot, whose number the registry gives out; this is the default.
    case slot(ConfigurationValue)
    /// By the grammar of a custom kind.
    case grammar
  }

  /// Says why a value that fits the kind is refused all the same; nil when it is fine.
  public typealias Validation = @Sendable (ConfigurationValue) -> String?

  /// What it is called, what kind of value it has, and how it is treated.
  public let name: String
  public internal(set) var alias: String?
  public let kind: Kind
  public internal(set) var flags: Flags
  /// One line for the documentation.
  public let summary: String
  let storage: Storage
  var validation: Validation?
  /// Makes what CONFIG GET shows of a text that has a secret in it; nil: it is shown as it is.
  var mask: (@Sendable (String) -> String)?

  /// Whether something acts on it.
  public var hasEffect: Bool { !flags.contains(.withoutEffect) }
}

/// The grammar of a parameter that is more than one value.
public struct ConfigurationGrammar: Sendable {
  /// Where the arguments come from.
  public enum Source: Sendable {
    /// A configuration file or the command line.
    case file
    /// CONFIG SET.
    case command
  }

  /// What CONFIG REWRITE writes.
  public struct Line: Equatable, Sendable {
    /// The whole line, the name included.
    public let text: String
    /// Whether it is written even where the file does not mention the parameter.
    public let isForced: Bool
  }

  /// What CONFIG GET shows.
  let get: @Sendable (Configuration) -> String
  /// Takes the arguments; answers why they are refused, or nil.
  let set: @Sendable (inout Configuration, [String], Source) -> String?
  /// The lines for the configuration, given the defaults; none drops the parameter from the file.
  let lines: @Sendable (Configuration, _ defaults: Configuration) -> [Line]
}

/// A field of the configuration.
typealias ConfigurationField<Value> = WritableKeyPath<Configuration, Value> & Sendable

// The words of the tables.
extension ConfigurationParameter {
  static func boolean(
    _ name: String, _ field: any ConfigurationField<Bool>, _ summary: String, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: .boolean, flags: flags, summary: summary,
      storage: .field(
        get: { .boolean($0[keyPath: field]) }, set: { $0[keyPath: field] = $1.boolean }))
  }

  static func integer(
    _ name: String, _ field: any ConfigurationField<Int>, _ range: ClosedRange<Int>,
    clampedTo limits: ClosedRange<Int>? = nil, _ summary: String, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: .integer(range), flags: flags, summary: summary,
      storage: number(field, limits: limits))
  }

  static func octal(
    _ name: String, _ field: any ConfigurationField<Int>, _ range: ClosedRange<Int>,
    _ summary: String, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: .octal(range), flags: flags, summary: summary, storage: number(field))
  }

  static func memory(
    _ name: String, _ field: any ConfigurationField<Int>, _ range: ClosedRange<Int>,
    _ summary: String, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: .memory(range), flags: flags, summary: summary, storage: number(field))
  }

  static func memoryOrPercent(
    _ name: String, _ field: any ConfigurationField<Int>, _ range: ClosedRange<Int>,
    _ summary: String, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: .memoryOrPercent(range), flags: flags, summary: summary,
      storage: number(field))
  }

  static func text(
    _ name: String, _ field: any ConfigurationField<String>, _ summary: String, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: .text, flags: flags, summary: summary,
      storage: .field(get: { .text($0[keyPath: field]) }, set: { $0[keyPath: field] = $1.text }))
  }

  static func choice<Choice: ConfigurationChoice>(
    _ name: String, _ field: any ConfigurationField<Choice>, _ summary: String, _ flags: Flags = []
  ) -> Self {
    var synonyms: [String: String] = [:]
    for (word, value) in Choice.synonyms { synonyms[word] = value.rawValue }
    return Self(
      name: name, kind: .choice(Choice.allCases.map(\.rawValue), synonyms: synonyms),
      flags: flags, summary: summary,
      storage: .field(
        get: { .text($0[keyPath: field].rawValue) },
        set: { configuration, value in
          guard let choice = Choice(rawValue: value.text) else { return }
          configuration[keyPath: field] = choice
        }))
  }

  static func words(
    _ name: String, _ field: any ConfigurationField<ShutdownOptions>, _ words: [String],
    _ summary: String
  ) -> Self {
    Self(
      name: name, kind: .words(words), flags: .multiArgument, summary: summary,
      storage: .field(
        get: { .integer($0[keyPath: field].rawValue) },
        set: { $0[keyPath: field] = ShutdownOptions(rawValue: $1.integer) }))
  }

  static func custom(
    _ name: String, _ grammar: ConfigurationGrammar, _ summary: String, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: .custom(grammar), flags: flags, summary: summary, storage: .grammar)
  }

  /// A parameter of Redis that nothing acts on: it is checked, kept and shown.
  static func accepted(
    _ name: String, _ kind: Kind, _ value: ConfigurationValue, _ flags: Flags = []
  ) -> Self {
    Self(
      name: name, kind: kind, flags: flags.union(.withoutEffect), summary: "",
      storage: .slot(value))
  }

  /// A parameter of a module. Register it before the configuration is read.
  ///
  /// - Parameter initial: the default; its case must suit `kind`: `.boolean`, `.integer` for all
  ///   numbers and words, `.text` for texts and choices.
  public static func module(
    _ name: String, _ kind: Kind, default initial: ConfigurationValue, _ summary: String,
    _ flags: Flags = [], validation: Validation? = nil,
    mask: (@Sendable (String) -> String)? = nil
  ) -> Self {
    Self(
      name: name, kind: kind, flags: flags, summary: summary, storage: .slot(initial),
      validation: validation, mask: mask)
  }

  /// The same with another name that means the same.
  func alias(_ alias: String) -> Self {
    var copy = self
    copy.alias = alias
    return copy
  }

  /// The same with a check of the parsed value.
  func validated(_ validation: @escaping Validation) -> Self {
    var copy = self
    copy.validation = validation
    return copy
  }

  static func number(
    _ field: any ConfigurationField<Int>, limits: ClosedRange<Int>? = nil
  ) -> Storage {
    .field(
      get: { .integer($0[keyPath: field]) },
      set: { configuration, value in
        var number = value.integer
        if let limits { number = min(max(number, limits.lowerBound), limits.upperBound) }
        configuration[keyPath: field] = number
      })
  }
}
