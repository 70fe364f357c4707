internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform

/// Changing users. The caller has the gate, always.
extension Server {
  /// What `acl-pubsub-default` says of new users.
  var allowsAllChannelsByDefault: Bool { configuration.aclPubSubDefault == .allchannels }

  /// Makes a user, or changes one as the rules say; all of them or none.
  func setUser(_ name: [UInt8], _ words: [[UInt8]]) throws(ACLRuleList.Failure) {
    let registry = state.pointee.acl
    let allowsAllChannels = allowsAllChannelsByDefault
    guard let user = registry.users[name] else {
      var rules = ACLUserRules(catalog: registry.catalog, allowsAllChannels: allowsAllChannels)
      try rules.apply(all: words, allowsAllChannels: allowsAllChannels)
      registry.insert(ACLUser(name: name, rules: rules, catalog: registry.catalog))
      return
    }
    var rules = user.rules
    try rules.apply(all: words, allowsAllChannels: allowsAllChannels)
    replaceRules(of: user, by: rules)
  }

  /// Gives a user other rules: its clients have the new rights at once, and those that subscribe to
  /// what they may no longer hear are closed.
  func replaceRules(of user: ACLUser, by rules: ACLUserRules) {
    let registry = state.pointee.acl
    let old = user.setRules(rules, registry.catalog)
    forEachConnection { connection, loop in
      guard connection.user(in: registry) === user else { return }
      connection.takePermissions(of: registry)
      if let permissions = user.permissions, connection.hearsForbidden(permissions) {
        loop.closeForACL(connection)
      }
    }
    if let old { ACLPermissions.free(old) }
  }

  /// `requirepass`: the one password of "default"; empty: any will do.
  func setDefaultPassword(_ password: String) {
    let user = state.pointee.acl.defaultUser
    var rules = user.rules
    rules.setPassword(password)
    replaceRules(of: user, by: rules)
  }

  /// Deletes a user and closes its clients.
  ///
  /// - Returns: false when there is no such user.
  func deleteUser(_ name: [UInt8]) -> Bool {
    guard let user = state.pointee.acl.remove(name) else { return false }
    closeClients(of: user)
    return true
  }

  private func closeClients(of user: ACLUser) {
    let registry = state.pointee.acl
    forEachConnection { connection, loop in
      guard connection.ownUser === user else { return }
      // Until its loop gets to closing it, it is nobody's.
      connection.setUser(nil, in: registry)
      connection.flags.insert(.unauthenticated)
      loop.closeForACL(connection)
    }
  }

  /// Puts the users of an ACL file in the place of those there are. All clients that are logged in
  /// as another user than "default" are closed.
  ///
  /// - Returns: what is wrong with the file, in which case nothing changes; nil on success.
  func loadACLFile() -> String? {
    let registry = state.pointee.acl
    let path = configuration.aclFile
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try File.read(path, byteCountMax: ACLFile.byteCountMax)
    } catch {
      return "Error loading ACLs, opening file '\(path)': \(error.message)"
    }
    var file = ACLFile(path: path, catalog: registry.catalog)
    file.read(bytes, allowsAllChannels: allowsAllChannelsByDefault)
    guard file.errors.isEmpty else {
      return file.errors + "WARNING: ACL errors detected, no change to the previously active ACL "
        + "rules was performed"
    }
    for user in registry.sorted where user !== registry.defaultUser {
      if let removed = registry.remove(user.name) { closeClients(of: removed) }
    }
    let initial = ACLUserRules.initialDefault(catalog: registry.catalog)
    replaceRules(
      of: registry.defaultUser, by: file.users[ACLRegistry.defaultName] ?? initial)
    for (name, rules) in file.users where name != ACLRegistry.defaultName {
      registry.insert(ACLUser(name: name, rules: rules, catalog: registry.catalog))
    }
    return nil
  }

  /// Writes the users into the ACL file, which is replaced as a whole.
  func saveACLFile() throws(FileError) {
    var bytes: [UInt8] = []
    for user in state.pointee.acl.sorted { bytes += user.line + [0x0A] }
    try File.replace(configuration.aclFile, with: bytes)
  }

  /// The users as the configuration file keeps them, without the word "user"; none where there is
  /// an ACL file.
  var configuredUsers: [String] {
    guard configuration.aclFile.isEmpty else { return [] }
    return state.pointee.acl.sorted.map {
      String(decoding: $0.line.dropFirst("user ".utf8.count), as: UTF8.self)
    }
  }

  /// Makes the users that the configuration asks for, at start.
  ///
  /// - Throws: what is wrong with them.
  func makeConfiguredUsers() throws(StartFailure) {
    setDefaultPassword(configuration.requirePassword)
    if !configuration.aclFile.isEmpty {
      guard configuration.users.isEmpty else {
        throw StartFailure(description: ACLTexts.fileAndUsers)
      }
      if let problem = loadACLFile() {
        throw StartFailure(description: "Aborting because of ACL errors: \(problem)")
      }
      return
    }
    for words in configuration.users {
      let bytes = words.map { Array($0.utf8) }
      do throws(ACLRuleList.Failure) {
        let isDefault = bytes[0] == ACLRegistry.defaultName
        let reset = isDefault ? [Array("reset".utf8)] : []
        try setUser(bytes[0], reset + bytes.dropFirst())
      } catch {
        throw StartFailure(description: "in the user '\(words[0])': \(error.text)")
      }
      if state.pointee.acl.users[bytes[0]]?.rules.isEnabled == false {
        log.notice(
          "A user is disabled: its description does not say on", metadata: ["user": "\(words[0])"])
      }
    }
  }
}

extension ACLUserRules {
  /// Makes `password` the only one; empty: any will do.
  mutating func setPassword(_ password: String) {
    let rule = password.isEmpty ? "nopass" : ">" + password
    for rule in ["resetpass", rule] {
      Array(rule.utf8).withByteView { bytes in
        do throws(ACLRuleError) {
          try apply(bytes, allowsAllChannels: false)
        } catch {
          preconditionFailure("a rule of our own is refused: \(error)")
        }
      }
    }
  }
}

extension Connection {
  /// Whether it is subscribed to anything that these permissions do not allow.
  fileprivate func hearsForbidden(_ permissions: UnsafeMutablePointer<ACLPermissions>) -> Bool {
    guard let subscriptions = existingSession?.subscriptions, !subscriptions.isEmpty else {
      return false
    }
    func isAllowed(_ name: [UInt8], isPattern: Bool) -> Bool {
      (0..<permissions.pointee.selectorCount).contains { index in
        name.withByteView {
          permissions.pointee.selectors[index].allows(channel: $0, isPattern: isPattern)
        }
      }
    }
    return !subscriptions.patterns.allSatisfy { isAllowed($0, isPattern: true) }
      || !subscriptions.channels.allSatisfy { isAllowed($0, isPattern: false) }
      || !subscriptions.shardChannels.allSatisfy { isAllowed($0, isPattern: false) }
  }
}

extension EventLoop {
  /// Closes a connection of this loop because of what has become of its user. The one whose command
  /// does it gets its reply first.
  fileprivate func closeForACL(_ connection: Connection) {
    if state.pointee.caller == connection.id {
      connection.flags.insert(.closesAfterReply)
    } else {
      closeFromAnywhere(connection)
    }
  }
}
