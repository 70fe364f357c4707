internal import Bytes

/// What a key pattern allows.
struct ACLKeyRights: OptionSet, Sendable {
  let rawValue: UInt8

  /// To see what a key holds.
  static let read = ACLKeyRights(rawValue: 1)
  /// To add, change or remove.
  static let write = ACLKeyRights(rawValue: 2)
  static let all: ACLKeyRights = [.read, .write]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// What a command that treats a key so must be allowed. A command that neither shows nor changes
  /// what the key holds (EXISTS) needs no right in particular, only a pattern that fits.
  init(needed flags: KeySpec.Flags) {
    self = []
    if flags.contains(.access) { insert(.read) }
    if !flags.isDisjoint(with: [.update, .insert, .delete]) { insert(.write) }
  }
}

/// Why a rule cannot be applied, with Redis's words for it.
enum ACLRuleError: Error, Equatable {
  case unknownCommand, syntax, keysAlreadyAll, channelsAlreadyAll, noSuchPassword, badHash
  case firstArgumentOfSubcommand

  var text: String {
    switch self {
    case .unknownCommand: "Unknown command or category name in ACL"
    case .syntax: "Syntax error"
    case .keysAlreadyAll:
      "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not "
        + "have any effect. Try 'resetkeys' to start with an empty list of patterns"
    case .channelsAlreadyAll:
      "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does "
        + "not have any effect. Try 'resetchannels' to start with an empty list of channels"
    case .noSuchPassword: "The password you are trying to remove from the user does not exist"
    case .badHash:
      "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
        + "characters"
    case .firstArgumentOfSubcommand:
      "Allowing first-arg of a subcommand is not supported"
    }
  }
}

/// One set of rights: commands, keys and channels that are allowed together. A user has one, and
/// more in parentheses; a command must be allowed by one of them as a whole.
struct ACLSelector: Sendable {
  var commands: ACLCommandRules
  private(set) var allowsAllKeys = false
  private(set) var allowsAllChannels: Bool
  private(set) var keys = ACLOrderedMap<ACLKeyRights>()
  private(set) var channels = ACLOrderedMap<Bool>()

  /// Allows nothing but, if `acl-pubsub-default` says so, all channels.
  init(catalog: ACLCatalog, allowsAllChannels: Bool) {
    commands = ACLCommandRules(commandCount: catalog.commandCount)
    self.allowsAllChannels = allowsAllChannels
  }

  /// Changes what is allowed as `rule` says.
  mutating func apply(_ rule: ByteView, _ catalog: ACLCatalog) throws(ACLRuleError) {
    if rule.equalsIgnoringCase("allkeys") || rule == "~*" {
      allowsAllKeys = true
      keys.removeAll()
    } else if rule.equalsIgnoringCase("resetkeys") {
      allowsAllKeys = false
      keys.removeAll()
    } else if rule.equalsIgnoringCase("allchannels") || rule == "&*" {
      allowsAllChannels = true
      channels.removeAll()
    } else if rule.equalsIgnoringCase("resetchannels") {
      allowsAllChannels = false
      channels.removeAll()
    } else if rule.equalsIgnoringCase("allcommands") || rule.equalsIgnoringCase("+@all") {
      commands.setAll(true)
    } else if rule.equalsIgnoringCase("nocommands") || rule.equalsIgnoringCase("-@all") {
      commands.setAll(false)
    } else {
      try applyPattern(rule, catalog)
    }
  }

  private mutating func applyPattern(
    _ rule: ByteView, _ catalog: ACLCatalog
  ) throws(ACLRuleError) {
    guard !rule.isEmpty else { throw .syntax }
    switch rule[0] {
    case UInt8(ascii: "~"), UInt8(ascii: "%"):
      guard !allowsAllKeys else { throw .keysAlreadyAll }
      let (rights, start) = try Self.keyRights(rule)
      let pattern = rule.dropFirst(start)
      guard !pattern.hasBlanksOrNulls else { throw .syntax }
      keys[pattern.array] = (keys[pattern.array] ?? []).union(rights)
    case UInt8(ascii: "&"):
      guard !allowsAllChannels else { throw .channelsAlreadyAll }
      let pattern = rule.dropFirst(1)
      guard !pattern.hasBlanksOrNulls else { throw .syntax }
      channels[pattern.array] = true
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      try applyCommand(
        rule.dropFirst(1).string.lowercased(), rule[0] == UInt8(ascii: "+"), catalog)
    default: throw .syntax
    }
  }

  /// The rights in front of a key pattern, and where the pattern begins.
  private static func keyRights(
    _ rule: ByteView
  ) throws(ACLRuleError) -> (rights: ACLKeyRights, start: Int) {
    guard rule[0] == UInt8(ascii: "%") else { return (.all, 1) }
    var rights: ACLKeyRights = []
    var start = 1
    while start < rule.count {
      let letter = rule[start].lowercasedASCII
      start += 1
      if letter == UInt8(ascii: "~") { break }
      let right: ACLKeyRights
      switch letter {
      case UInt8(ascii: "r"): right = .read
      case UInt8(ascii: "w"): right = .write
      default: throw .syntax
      }
      guard rights.isDisjoint(with: right) else { throw .syntax }
      rights.formUnion(right)
    }
    guard !rights.isEmpty else { throw .syntax }
    return (rights, start)
  }

  private mutating func applyCommand(
    _ name: String, _ isAllowed: Bool, _ catalog: ACLCatalog
  ) throws(ACLRuleError) {
    if name.hasPrefix("@") {
      guard let category = catalog.category(String(name.dropFirst())) else {
        throw .unknownCommand
      }
      return commands.set(category: category, isAllowed, in: catalog)
    }
    if let command = catalog.command(name) {
      return commands.set(command, isAllowed, in: catalog)
    }
    guard isAllowed, let separator = name.lastIndex(of: "|") else { throw .unknownCommand }
    let container = String(name[..<separator])
    guard let command = catalog.command(container) else { throw .unknownCommand }
    guard !container.contains("|") else { throw .firstArgumentOfSubcommand }
    let argument = name[name.index(after: separator)...]
    guard !argument.isEmpty else { throw .syntax }
    guard catalog.subcommands(of: command).isEmpty else { throw .unknownCommand }
    commands.allow(command, firstArgument: Array(argument.utf8), in: catalog)
  }
}

/// How a selector is shown.
extension ACLSelector {
  /// The key patterns: "~* ", or each with what it allows.
  var keysText: [UInt8] {
    if allowsAllKeys { return Array("~*".utf8) }
    return Self.joined(
      keys.elements.map { key, rights in
        let sign = rights == .all ? "~" : rights == .read ? "%R~" : "%W~"
        return Array(sign.utf8) + key
      })
  }

  /// The channel patterns, each behind "&".
  var channelsText: [UInt8] {
    if allowsAllChannels { return Array("&*".utf8) }
    return Self.joined(channels.elements.map { [UInt8(ascii: "&")] + $0.key })
  }

  /// Rules that make an empty selector what this one is.
  var text: [UInt8] {
    var parts: [[UInt8]] = []
    let keys = keysText
    if !keys.isEmpty { parts.append(keys) }
    if !allowsAllChannels { parts.append(Array("resetchannels".utf8)) }
    let channels = channelsText
    if !channels.isEmpty { parts.append(channels) }
    parts.append(commands.text)
    return Self.joined(parts)
  }

  static func joined(_ parts: [[UInt8]]) -> [UInt8] {
    Array(parts.joined(separator: [UInt8(ascii: " ")]))
  }
}

extension ByteView {
  /// Whether there is a blank or a null byte in it: names and patterns have neither, for they could
  /// not be told apart in an ACL file.
  var hasBlanksOrNulls: Bool {
    buffer.contains { $0 == 0x20 || $0 == 0 || ($0 >= 0x09 && $0 <= 0x0D) }
  }
}
