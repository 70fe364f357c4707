internal import Bytes

/// Why a user may not do something, and by which argument.
enum ACLDenial {
  case command
  case key(Int)
  case channel(Int)

  /// Where the argument stands that is to blame; 0 is the command's name.
  var position: Int {
    switch self {
    case .command: 0
    case .key(let position), .channel(let position): position
    }
  }

  /// Of two selectors' denials the later kind, or the later argument, tells more.
  fileprivate func isMoreRelevant(than other: ACLDenial) -> Bool {
    (rank, position) > (other.rank, other.position)
  }

  private var rank: Int {
    switch self {
    case .command: 1
    case .key: 2
    case .channel: 3
    }
  }
}

/// Which arguments of a command are channels.
enum ChannelUse {
  case none
  /// One, at position 1.
  case publish
  /// All from position 1 on.
  case subscribe
  /// The same, as patterns.
  case subscribePatterns

  /// What the command called `name` takes.
  init(of name: String) {
    switch name {
    case "PUBLISH", "SPUBLISH": self = .publish
    case "SUBSCRIBE", "SSUBSCRIBE": self = .subscribe
    case "PSUBSCRIBE": self = .subscribePatterns
    default: self = .none
    }
  }
}

extension Server {
  /// Checks whether rights suffice for a command: a function of user, command and arguments alone,
  /// so that scripts, EXEC and ACL DRYRUN ask it, too.
  ///
  /// - Parameters:
  ///   - permissions: nil allows everything.
  ///   - entry: the command itself, for one with subcommands the subcommand.
  ///   - arguments: the request, whose number fits the command.
  /// - Returns: why not; nil: it is allowed.
  /// - Complexity: O(selectors × keys × patterns)
  func denial(
    _ permissions: UnsafeMutablePointer<ACLPermissions>?,
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments
  ) -> ACLDenial? {
    guard let permissions else { return nil }
    var denial = ACLDenial.command
    // Found once, when the first selector asks.
    var keys: [CommandKeys.Key]?
    for index in 0..<permissions.pointee.selectorCount {
      let selector = permissions.pointee.selectors + index
      guard let reason = self.denial(selector, entry, arguments, &keys) else { return nil }
      if reason.isMoreRelevant(than: denial) { denial = reason }
    }
    return denial
  }

  fileprivate func denial(
    _ selector: UnsafeMutablePointer<ACLPermissions.Selector>,
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments,
    _ keys: inout [CommandKeys.Key]?
  ) -> ACLDenial? {
    guard selector.pointee.allows(entry, arguments) else { return .command }
    if !selector.pointee.allowsAllKeys {
      if entry.pointee.flags.contains(.writesEveryKey), !selector.pointee.allowsEveryKey(.write) {
        // No argument is to blame.
        return .key(0)
      }
      if let position = deniedKey(selector, entry, arguments, &keys) { return .key(position) }
    }
    if !selector.pointee.allowsAllChannels {
      return deniedChannel(selector, entry.pointee.channels, arguments).map { .channel($0) }
    }
    return nil
  }

  private func deniedKey(
    _ selector: UnsafeMutablePointer<ACLPermissions.Selector>,
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments,
    _ keys: inout [CommandKeys.Key]?
  ) -> Int? {
    let rights = entry.pointee.keyRights
    switch entry.pointee.keyPlan {
    case .none: return nil
    case .single(let position) where rights != nil:
      guard let rights, position < arguments.count else { return nil }
      return selector.pointee.allows(key: arguments[position], rights) ? nil : position
    case .range(let first, let last, let step) where rights != nil:
      let end = last >= 0 ? last : arguments.count + last
      guard let rights, end >= first, end < arguments.count else { return nil }
      for position in stride(from: first, through: end, by: step)
      where !selector.pointee.allows(key: arguments[position], rights) {
        return position
      }
      return nil
    case .single, .range, .made, .specs:
      let found =
        keys
        ?? CommandKeys.find(
          of: state.pointee.commands.specs[entry.pointee.index], in: arguments)
      keys = found
      for key in found {
        let needed = ACLKeyRights(needed: key.flags)
        let isAllowed = key.withName(in: arguments) { selector.pointee.allows(key: $0, needed) }
        if !isAllowed { return key.position }
      }
      return nil
    }
  }

  private func deniedChannel(
    _ selector: UnsafeMutablePointer<ACLPermissions.Selector>, _ use: ChannelUse,
    _ arguments: Arguments
  ) -> Int? {
    let last: Int
    switch use {
    case .none: return nil
    case .publish: last = min(1, arguments.count - 1)
    case .subscribe, .subscribePatterns: last = arguments.count - 1
    }
    var isPattern = false
    if case .subscribePatterns = use { isPattern = true }
    for position in 1..<max(1, last + 1)
    where !selector.pointee.allows(channel: arguments[position], isPattern: isPattern) {
      return position
    }
    return nil
  }
}

extension CommandContext {
  /// Whether the user may call this command and read any key at all, as SORT's BY and GET need,
  /// whose keys cannot be told beforehand.
  var mayReadEveryKey: Bool {
    guard let permissions = connection.state.pointee.permissions else { return true }
    var keys: [CommandKeys.Key]?
    for index in 0..<permissions.pointee.selectorCount {
      let selector = permissions.pointee.selectors + index
      if selector.pointee.allowsEveryKey(.read),
        server.denial(selector, entry, arguments, &keys) == nil
      {
        return true
      }
    }
    return false
  }

  /// The denial of a whole command for the connection's user: what `redis.acl_check_cmd` asks.
  func denial(_ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments) -> ACLDenial? {
    server.denial(connection.state.pointee.permissions, entry, arguments)
  }
}
