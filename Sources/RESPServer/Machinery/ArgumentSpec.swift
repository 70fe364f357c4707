/// One argument of a command, as COMMAND DOCS describes it.
public struct ArgumentSpec: Sendable {
  /// What a client may write in its place.
  public enum Kind: String, Sendable {
    case string, integer, double, key, pattern
    case unixTime = "unix-time"
    case pureToken = "pure-token"
    case oneOf = "oneof"
    case block
  }

  /// What COMMAND DOCS calls it, and what it is.
  public var name: String
  public var kind: Kind
  /// The word that stands before it, or that it is.
  public var token: String?
  /// For keys: which of the command's key specifications finds it.
  public var keySpecIndex: Int?
  public var since: String?
  public var deprecatedSince: String?
  public var isOptional: Bool
  public var isMultiple: Bool
  public var isTokenRepeated: Bool
  public var displayText: String?
  /// The alternatives, or the parts of a block.
  public var parts: [ArgumentSpec]

  public init(
    _ name: String, _ kind: Kind, token: String? = nil, key: Int? = nil, since: String? = nil,
    deprecatedSince: String? = nil, optional: Bool = false, multiple: Bool = false,
    repeatsToken: Bool = false, display: String? = nil, parts: [ArgumentSpec] = []
  ) {
    self.name = name
    self.kind = kind
    self.token = token
    self.keySpecIndex = key
    self.since = since
    self.deprecatedSince = deprecatedSince
    self.isOptional = optional
    self.isMultiple = multiple
    self.isTokenRepeated = repeatsToken
    self.displayText = display
    self.parts = parts
  }
}
