internal import Bytes

/// A user's rights in the form in which commands are checked: raw memory that never changes.
///
///     permissions → [selector][selector]...
///                       ├ commands   a bit for each command of the table
///                       ├ keys       [pattern][pattern]...   each: bytes, length, rights
///                       ├ channels   [pattern][pattern]...
///                       └ arguments  [command, pattern]...   first arguments that are allowed
///
/// A connection points at those of its user and reads them without locks or reference counting.
/// They are replaced as a whole, with the gate held: no loop is inside a batch then, so none looks
/// at the old ones, and they are freed at once. A user who may do everything has none; whether a
/// connection has any is a flag among those that take a command off the straight path, so users
/// without limits pay nothing.
struct ACLPermissions {
  /// A pattern, or a word, in memory of its own.
  struct Pattern {
    let base: UnsafeMutablePointer<UInt8>
    let count: Int
    /// For keys: what it allows.
    let rights: ACLKeyRights
    /// For first arguments: the command.
    let command: Int

    var bytes: ByteView { ByteView(base: UnsafePointer(base), count: count) }

    init(_ bytes: [UInt8], rights: ACLKeyRights = .all, command: Int = 0) {
      base = .allocate(capacity: max(1, bytes.count))
      base.initialize(from: bytes, count: bytes.count)
      count = bytes.count
      self.rights = rights
      self.command = command
    }
  }

  /// A list of patterns.
  struct Patterns {
    let base: UnsafeMutablePointer<Pattern>
    let count: Int

    init(_ patterns: [Pattern]) {
      count = patterns.count
      base = .allocate(capacity: max(1, count))
      base.initialize(from: patterns, count: count)
    }

    func free() {
      for index in 0..<count { base[index].base.deallocate() }
      base.deallocate()
    }
  }

  /// One set of rights.
  struct Selector {
    let commands: UnsafeMutablePointer<UInt64>
    let allowsAllKeys: Bool
    let allowsAllChannels: Bool
    let keys: Patterns
    let channels: Patterns
    let firstArguments: Patterns
  }

  let selectors: UnsafeMutablePointer<Selector>
  let selectorCount: Int

  /// Lays out the rights of a user.
  ///
  /// - Returns: nil for one who may do everything.
  /// - Complexity: O(selectors × commands + bytes of patterns)
  static func make(
    _ rules: ACLUserRules, _ catalog: ACLCatalog
  ) -> UnsafeMutablePointer<ACLPermissions>? {
    let root = rules.root
    if root.allowsAllKeys, root.allowsAllChannels, root.commands.allowsAll(of: catalog) {
      return nil
    }
    let selectors = rules.allSelectors.map(layOut)
    let place = UnsafeMutablePointer<Selector>.allocate(capacity: selectors.count)
    place.initialize(from: selectors, count: selectors.count)
    let permissions = UnsafeMutablePointer<ACLPermissions>.allocate(capacity: 1)
    permissions.initialize(
      to: ACLPermissions(selectors: place, selectorCount: selectors.count))
    return permissions
  }

  private static func layOut(_ selector: ACLSelector) -> Selector {
    let bits = selector.commands.bits
    let commands = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, bits.count))
    commands.initialize(from: bits, count: bits.count)
    let firstArguments = selector.commands.firstArguments.flatMap { command, arguments in
      arguments.map { Pattern($0, command: command) }
    }
    return Selector(
      commands: commands, allowsAllKeys: selector.allowsAllKeys,
      allowsAllChannels: selector.allowsAllChannels,
      keys: Patterns(selector.keys.elements.map { Pattern($0.key, rights: $0.value) }),
      channels: Patterns(selector.channels.elements.map { Pattern($0.key) }),
      firstArguments: Patterns(firstArguments))
  }

  /// Frees what `make` has allocated.
  static func free(_ permissions: UnsafeMutablePointer<ACLPermissions>) {
    let selectors = permissions.pointee.selectors
    for index in 0..<permissions.pointee.selectorCount {
      selectors[index].commands.deallocate()
      selectors[index].keys.free()
      selectors[index].channels.free()
      selectors[index].firstArguments.free()
    }
    selectors.deallocate()
    permissions.deallocate()
  }
}

/// Looking up single rights.
extension ACLPermissions.Selector {
  /// Whether the command may be called at all.
  @inline(__always)
  func allows(_ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments) -> Bool {
    let index = entry.pointee.index
    if commands[index >> 6] & 1 << UInt64(index & 63) != 0 { return true }
    if entry.pointee.flags.contains(.noAuth) { return true }
    guard firstArguments.count > 0, arguments.count > 1 else { return false }
    for place in 0..<firstArguments.count where firstArguments.base[place].command == index {
      if firstArguments.base[place].bytes.equalsIgnoringCase(arguments[1]) { return true }
    }
    return false
  }

  /// Whether a key may be treated so.
  func allows(key: ByteView, _ needed: ACLKeyRights) -> Bool {
    for index in 0..<keys.count where keys.base[index].rights.isSuperset(of: needed) {
      if Glob.matches(keys.base[index].bytes, key) { return true }
    }
    return false
  }

  /// Whether all keys may be treated so, by a pattern of "*".
  func allowsEveryKey(_ needed: ACLKeyRights) -> Bool {
    if allowsAllKeys { return true }
    for index in 0..<keys.count where keys.base[index].rights.isSuperset(of: needed) {
      if keys.base[index].bytes == "*" { return true }
    }
    return false
  }

  /// Whether a channel may be used. A pattern that is subscribed to must have been allowed as it
  /// is: whether one pattern covers another is hard to tell.
  func allows(channel: ByteView, isPattern: Bool) -> Bool {
    if allowsAllChannels { return true }
    for index in 0..<channels.count {
      let allowed = channels.base[index].bytes
      if isPattern ? allowed == channel : Glob.matches(allowed, channel) { return true }
    }
    return false
  }
}
