internal import Bytes

/// Which commands a selector allows.
///
/// What was said is kept twice: as one bit for each command, which is what counts, and as the rules
/// in the order they were given, which is what ACL LIST shows and an ACL file keeps. Rules that a
/// later one makes pointless are dropped: the same rule, those of a command's subcommands when the
/// command itself is named, those of its first arguments when it or a category of it is named,
/// everything at +@all and -@all, and one that says what is so anyway.
///
/// Invariant: a first argument is in `firstArguments` if and only if its rule is in `rules`.
struct ACLCommandRules: Sendable {
  /// What the last +@all or -@all said, and so what becomes of commands that are yet to come.
  private(set) var allowsByDefault = false
  /// A bit for each command of the catalog.
  private(set) var bits: [UInt64]
  /// The first arguments, in lower case, that a command is allowed with though it is not allowed.
  private(set) var firstArguments: [Int: [[UInt8]]] = [:]
  /// Rules without their sign, and what the sign was.
  private var rules = ACLOrderedMap<Bool>()

  /// Forbids everything.
  init(commandCount: Int) {
    bits = [UInt64](repeating: 0, count: (commandCount + 63) / 64)
  }

  /// Whether the bit of a command is set.
  func allows(_ command: Int) -> Bool { bits[command >> 6] & 1 << UInt64(command & 63) != 0 }

  /// Whether there is no command that is not allowed.
  func allowsAll(of catalog: ACLCatalog) -> Bool {
    (0..<catalog.commandCount).allSatisfy { allows($0) }
  }

  /// +@all and -@all.
  mutating func setAll(_ isAllowed: Bool) {
    allowsByDefault = isAllowed
    for index in bits.indices { bits[index] = isAllowed ? .max : 0 }
    firstArguments = [:]
    rules.removeAll()
  }

  /// +command and -command, a subcommand's full name included.
  mutating func set(_ command: Int, _ isAllowed: Bool, in catalog: ACLCatalog) {
    let name = catalog.names[command]
    for subcommand in catalog.subcommands(of: command) {
      rules[Array(catalog.names[subcommand].utf8)] = nil
    }
    setBits(command, isAllowed, in: catalog)
    note(Array(name.utf8), isAllowed)
  }

  /// +@category and -@category.
  mutating func set(category: Int, _ isAllowed: Bool, in catalog: ACLCatalog) {
    for command in catalog.commands(in: category) { setBits(command, isAllowed, in: catalog) }
    note(Array("@\(catalog.categoryNames[category])".utf8), isAllowed)
  }

  /// +command|argument of a command without subcommands: it may be called with this argument.
  mutating func allow(_ command: Int, firstArgument: [UInt8], in catalog: ACLCatalog) {
    guard !allows(command) else { return }
    let rule = Self.rule(command, firstArgument, in: catalog)
    if rules[rule] == nil { firstArguments[command, default: []].append(firstArgument) }
    note(rule, true)
  }

  private static func rule(
    _ command: Int, _ firstArgument: [UInt8], in catalog: ACLCatalog
  ) -> [UInt8] {
    Array(catalog.names[command].utf8) + [UInt8(ascii: "|")] + firstArgument
  }

  private mutating func setBits(_ command: Int, _ isAllowed: Bool, in catalog: ACLCatalog) {
    for argument in firstArguments.removeValue(forKey: command) ?? [] {
      rules[Self.rule(command, argument, in: catalog)] = nil
    }
    setBit(command, isAllowed)
    for subcommand in catalog.subcommands(of: command) { setBit(subcommand, isAllowed) }
  }

  private mutating func setBit(_ command: Int, _ isAllowed: Bool) {
    let bit: UInt64 = 1 << UInt64(command & 63)
    if isAllowed { bits[command >> 6] |= bit } else { bits[command >> 6] &= ~bit }
  }

  private mutating func note(_ rule: [UInt8], _ isAllowed: Bool) {
    rules[rule] = nil
    if rules.isEmpty, isAllowed == allowsByDefault { return }
    rules[rule] = isAllowed
  }

  /// The rules as a client may give them: "-@all +get".
  var text: [UInt8] {
    var text = Array((allowsByDefault ? "+@all" : "-@all").utf8)
    for (rule, isAllowed) in rules.elements {
      text.append(UInt8(ascii: " "))
      text.append(UInt8(ascii: isAllowed ? "+" : "-"))
      text += rule
    }
    return text
  }
}
