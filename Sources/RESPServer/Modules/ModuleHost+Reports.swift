internal import Bytes
internal import Synchronization

/// What the server and its modules tell of themselves, for modules that tell others.
extension ModuleHost {
  /// Takes sections of INFO while all loops stand still, as INFO does; for any thread.
  ///
  /// - Parameters:
  ///   - names: as INFO takes them; "modules" stands for those of all modules.
  ///   - body: gets the sections in INFO's order, named in lower case, on a loop's thread: it must
  ///     be quick. It is called with none when a slow script keeps everybody out.
  /// - Complexity: O(commands + clients)
  public func readInfo(
    _ names: [String], _ body: @escaping @Sendable ([InfoSection]) -> Void
  ) {
    server.state.pointee.inboxes[0].post(
      .task { loop in
        var request = InfoRequest()
        for name in names { request.add(name) }
        var sections: [InfoSection] = []
        loop.runExclusively {
          sections = InfoReport(server: loop.server, now: loop.state.pointee.now)
            .sections(request)
        }
        body(sections)
      })
  }

  /// What the modules say of themselves and of what they depend on; for steps of a `LoopTask`.
  public var conditions: [(module: String, condition: ModuleCondition)] {
    server.state.pointee.modules.flatMap { module in
      module.conditions().map { (module.name, $0) }
    }
  }

  /// Whether the server has been told to end.
  public var isStopping: Bool { server.state.pointee.stopping.load(ordering: .acquiring) }
}

/// Something that a module, or what it depends on, needs to do its work.
public struct ModuleCondition: Sendable {
  /// What it is about, in a word: "postgres".
  public let name: String
  /// Whether all is well.
  public let isFine: Bool
  /// Whether the server is of no use without it. Others are told of and change nothing.
  public let isRequired: Bool
  /// Why it is not fine, in a few words, without secrets.
  public let reason: String

  /// Makes one.
  public init(_ name: String, isFine: Bool, isRequired: Bool = false, reason: String = "") {
    self.name = name
    self.isFine = isFine
    self.isRequired = isRequired
    self.reason = reason
  }
}

extension CommandContext {
  /// Whether a user may send a command: for work that is done in a user's name without a connection
  /// of theirs.
  ///
  /// - Parameters:
  ///   - command: with its arguments; false for one that does not exist.
  ///   - user: a name; false for one that does not exist or is off. nil: whoever connects without
  ///     logging in; false where everybody has to.
  /// - Complexity: O(selectors × keys × patterns)
  public func mayRun(_ command: [[UInt8]], as user: [UInt8]?) -> Bool {
    let registry = server.state.pointee.acl
    if user == nil, registry.needsAuthentication { return false }
    guard let found = user.map({ registry.users[$0] }) ?? registry.defaultUser,
      found.rules.isEnabled, let name = command.first,
      let entry = name.withByteView({ server.state.pointee.commands.find($0) }),
      entry.pointee.accepts(argumentCount: command.count)
    else { return false }
    let request = KeptRequest(copying: command)
    return withExtendedLifetime(request) {
      server.denial(found.permissions, entry, request.arguments) == nil
    }
  }
}

extension InfoReport {
  /// The sections asked for, as names and values.
  ///
  /// - Complexity: O(commands + clients)
  func sections(_ request: InfoRequest) -> [InfoSection] {
    var sections: [InfoSection] = []
    for line in text(request).split(whereSeparator: \.isNewline) {
      if line.hasPrefix("# ") {
        sections.append(InfoSection(line.dropFirst(2).lowercased()))
      } else if let colon = line.firstIndex(of: ":"), !sections.isEmpty {
        sections[sections.count - 1].fields.append(
          (String(line[..<colon]), String(line[line.index(after: colon)...])))
      }
    }
    return sections
  }
}
